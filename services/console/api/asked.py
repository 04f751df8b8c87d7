"""What requests say besides their own: how many rows of a list, after which place, which version they saw."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Header, Path, Query, Request
from pydantic import BeforeValidator, WithJsonSchema
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.listing.page import Page
from intergestan_erp.parties.one_party import one_party
from services.console.api.mount import PATH
from services.console.api.problems import Refused, Word
from services.console.api.values import listed

USUAL: Final = 50
MOST: Final = 200
_DIGEST: Final = 8
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')


def _iso_day(value: Any) -> Any:
    """A day as ISO 8601 writes it, and nothing that could be read as one besides."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written like 2020-11-15")
    return date.fromisoformat(value)


Day = Annotated[
    date, BeforeValidator(_iso_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2020-11-15"]})
]

Number = Annotated[str, Path(min_length=1, max_length=60, description="The number of the document, such as CFR1.")]
Text = Annotated[str | None, Query(max_length=200)]
OfParty = Annotated[Text, Query(description="Code, SIRET, VAT number or name.")]
First = Annotated[Day | None, Query(alias="from", description="First day, included.")]
Last = Annotated[Day | None, Query(alias="to", description="Last day, included.")]


class Listing:
    """Which page of a list is asked for."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=MOST, description="So many on a page.")] = USUAL,
        cursor: Annotated[
            str | None,
            Query(
                max_length=1000,
                pattern=rf"^[0-9a-f]{{{_DIGEST}}}\.[A-Za-z0-9_-]+$",
                description="The page behind this place: `next` of the page before. It belongs to the same filter.",
            ),
        ] = None,
    ) -> None:
        self.size = limit
        self._path = request.url.path.removeprefix(PATH)
        given = dict.fromkeys(request.query_params.multi_items())
        self._filter = [(name, value) for name, value in given if name not in {"limit", "cursor"} and value]
        self._digest = _digest_of(self._path, self._filter)
        self.after = None if cursor is None else self._place(cursor)

    @property
    def where(self) -> dict[str, Any]:
        """What a list of the libraries is asked for."""
        return {"size": self.size, "after": self.after}

    def answer(self, page: Page[Any]) -> Response:
        """The page that was found."""
        cursor = None if page.after is None else f"{self._digest}.{page.after}"
        query = [*self._filter, ("limit", str(self.size)), ("cursor", cursor or "")]
        return listed(page, f"{self._path}?{urlencode(query)}", cursor)

    def _place(self, cursor: str) -> str:
        digest, _, place = cursor.partition(".")
        if digest != self._digest:
            raise Problem(
                "This place is of a list that was narrowed otherwise: begin with its first page.", ProblemCode.NO_PAGE
            )
        return place


class OfCustomer:
    """Which documents are asked for: of one customer, from a day to a day."""

    def __init__(self, customer: OfParty = None, first: First = None, last: Last = None) -> None:
        self._customer = customer
        self._days = {"first": first, "last": last}

    def read(self, connection: Connection) -> dict[str, Any]:
        """What lists of documents are narrowed by.

        :raises Problem: there is no such customer, or more than one.
        """
        text = self._customer
        whose = None if text is None else int(one_party(connection, text, PartyRole.CUSTOMER).id)
        return {"customer_id": whose, **self._days}


def _digest_of(path: str, narrowing: Sequence[tuple[str, str]]) -> str:
    written = f"{path}?{urlencode(sorted(narrowing))}"
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


@dataclass(frozen=True, slots=True)
class Seen:
    """Which version of a thing whoever acts has seen. :ivar version: None: any."""

    version: int | None

    def check(self, version: int) -> None:
        """:raises Refused: it is another one now."""
        if self.version not in {None, version}:
            raise Refused(412, Word.STALE)


def seen(
    if_match: Annotated[
        str | None, Header(max_length=200, description='The version that was seen, as `ETag` said it: `"3"`.')
    ] = None,
) -> Seen:
    """The version that a request says it has seen."""
    if if_match is None:
        raise Refused(428, Word.VERSION_NEEDED)
    if if_match.strip() == "*":
        return Seen(None)
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise Refused(412, Word.STALE)
    return Seen(int(match[1]))
