"""One request of one person: what a page's function gets, and how it answers."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from intergestan_db.database import AWAY, Database
from intergestan_db.problem import Problem
from intergestan_erp.people.rights import Person
from intergestan_erp.people.sessions import Visitor, tell
from intergestan_msg.pages.words import Language
from intergestan_msg.units import unit_label
from intergestan_operations.language import formats
from intergestan_operations.language.wording import sentence
from intergestan_operations.opening.outage import tell_outage
from intergestan_runtime.said import Said
from intergestan_runtime.visible_text import visible
from services.console import menu
from services.console.access import cookies
from services.console.access.walls import masked
from services.console.known_site import Known
from services.console.place import Place, stored_place

if TYPE_CHECKING:
    from services.console.worker import Console

_WORTH_PACKING: Final = 1000
ACT: Final = "jeton_acte"
"""The field of a form that does something, by which it does it once."""
CONTENT: Final = "contenu"
"""The block, and the element, that has what a page says beside head and menu."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody posted, under the name that it had there: never a path of ours."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Visit:
    """Who asks for what, and in which words and formats they are answered.

    :ivar params: what stands in the path; `form`: what was posted, the last value of each field; `files`: the files of
        each field.
    :ivar kept: what was typed into this page's form before, and is to stand in it again.
    :ivar forwarded: the login of whom the proxy before us let in.
    """

    console: Console
    request: Request
    site: Known
    language: str
    zone: ZoneInfo
    params: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    visitor: Visitor | None = None
    person: Person | None = None
    forwarded: str | None = None

    @property
    def database(self) -> Database:
        """The site's database."""
        return self.console.database

    @property
    def query(self) -> Mapping[str, str]:
        """What the address asks for."""
        return self.request.query_params

    @cached_property
    def now(self) -> datetime:
        """The moment of this request."""
        return self.database.now()

    @property
    def today(self) -> date:
        """The day where the site is: documents are dated in it."""
        return self.now.astimezone(self.site.zone).date()

    @cached_property
    def here(self) -> Place | None:
        """The place that is proposed to this person."""
        return stored_place(self)

    @property
    def is_partial(self) -> bool:
        """Whether a script asks, to put the answer into the page that is there."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def own_address(self) -> str:
        """The address of this page, on this host."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    @property
    def who(self) -> Visitor:
        """The person, on a page that nobody else opens."""
        assert self.visitor is not None
        return self.visitor

    @property
    def address(self) -> str:
        """Where the browser is."""
        client = self.request.client
        return "" if client is None else client.host

    def typed(self, name: str, otherwise: str = "") -> str:
        """What stands in a field: what was typed before, else what is so."""
        return self.kept.get(name, otherwise)

    def with_kept(self, kept: Mapping[str, str]) -> Visit:
        """The same, with something typed."""
        return replace(self, kept=kept)

    def at(self, request: Request, params: Mapping[str, Any]) -> Visit:
        """The same person at another page."""
        return replace(self, request=request, params=params, form={}, files={})

    def html(
        self, template: str, *, status: int = 200, block: str | None = None, titled: bool = True, **values: Any
    ) -> Response:
        """A page; for a script that replaces a part of the page, that part alone.

        :param block: which part; by default the one whose element the script names, else all that the page says.
        :param titled: such a part comes with the title of the page.
        """
        renderer, known = self.console.renderer, {**self._known(), **values}
        if block is None and self.is_partial:
            block = self.request.headers.get("hx-target", CONTENT)
        if block is not None:
            text = renderer.block(self.language, template, block, known)
            if text is not None:
                title = renderer.block(self.language, template, "title", known) if titled else None
                return self._answer(f"<title>{title}</title>{text}" if titled else text, status)
        return self._answer(renderer.page(self.language, template, {**known, "told": self._take_told()}), status)

    def go(self, path: str, /, **query: str) -> Response:
        """On to another page, after something was done."""
        to = path + (f"?{urlencode(query)}" if query else "")
        if self.is_partial:
            return Response(status_code=204, headers={"HX-Redirect": to})
        return RedirectResponse(to, status_code=303)

    def _take_told(self) -> Mapping[str, str] | None:
        """What an act left to be said on the next whole page; it is said once."""
        if self.visitor is None or not self.visitor.told:
            return None
        try:
            with self.database.transaction() as connection:
                tell(connection, self.visitor.session, None)
        except AWAY as error:
            tell_outage(error, "What an act did is told once more: the base takes no writes.")
        return self.visitor.told

    def _answer(self, text: str, status: int) -> Response:
        body = text.encode("utf-8", "replace")
        headers = {"Vary": "Accept-Encoding, HX-Request, HX-Target"}
        if len(body) > _WORTH_PACKING and "gzip" in self.request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        return HTMLResponse(body, status_code=status, headers=headers)

    def _known(self) -> dict[str, Any]:
        """What every template may use."""
        token = masked(self.visitor.csrf) if self.visitor is not None else masked(self.entering)
        return {
            "visit": self,
            "site": self.site,
            "language": self.language,
            "token": token,
            "to_do": self.console.pictures.to_do,
            "act": self.typed(ACT) or str(uuid.uuid4()),
            "menu": menu.shown_to(self.person, self.site.standing),
            "path": self.request.url.path,
            "amount": self.amount,
            "figure": self.figure,
            "price": self.price,
            "day": self.day,
            "clock": self.clock,
            "instant": self.instant,
            "sentence": self.say,
            "lines": _in_lines,
            "iso": _iso,
            "unit": self.unit,
            "to_order": lambda number: f"/commandes/{quote(number, safe='')}",
            "to_story": lambda number: f"/histoire/{quote(number, safe='')}",
            "to_sale": lambda number: f"/ventes/{quote(number, safe='')}",
        }

    @cached_property
    def entering(self) -> str:
        """The value by which a form of somebody who has not entered is known."""
        return cookies.entering(self.request)

    def amount(self, value: Decimal) -> str:
        """An amount of money."""
        return formats.amount(value, self.language)

    def figure(self, value: Decimal) -> str:
        """A quantity or rate."""
        return formats.figure(value, self.language)

    def price(self, value: Decimal) -> str:
        """A price."""
        return formats.price(value, self.language)

    def day(self, value: date) -> str:
        """A date."""
        return formats.day(value, self.language)

    def unit(self, code: str | None) -> str:
        """The everyday name of a unit."""
        return unit_label(code, Language(self.language))

    def say(self, said: Said | Problem) -> str:
        """A sentence of ours."""
        return sentence(said, self.language, self.zone)

    def clock(self, value: datetime) -> str:
        """An instant."""
        return formats.clock(value, self.zone, self.now, self.language)

    def instant(self, value: datetime) -> Markup:
        """An instant as it stands in a page: the clock of whoever reads, and for machines the very one."""
        return Markup('<time datetime="{}">{}</time>').format(_iso(value), self.clock(value))


def _in_lines(text: str) -> Markup:
    """A text that somebody wrote, with its lines, and a mark for what cannot be seen."""
    return escape(visible(text))


def _iso(value: datetime) -> str:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")
