"""What the site has chosen: settings of third parties, fees, payment terms."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from intergestan_db.enums import EndOfMonth, Scope
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.listing.page import slice_page
from intergestan_erp.parties.fees import FeeValues, fee_called
from intergestan_erp.site.preferences import read_texts
from intergestan_erp.terms.law import doubts
from intergestan_erp.terms.stored import Term, read_terms, term_called
from intergestan_erp.terms.typed import written
from intergestan_operations.language.wording import sentence
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Rules"])
Reads = Annotated[Caller, Depends(Needs(Scope.PARTIES_READ))]
Code = Annotated[str, Path(min_length=1, max_length=60)]
HIDDEN = "maps.google_key"
"""A key that is paid for by use is nothing that a program reads here."""


@router.get("/settings/parties", name="settings", response_model=dict[str, str])
def settings(caller: Reads) -> Response:
    """Every setting by name, with the value that counts."""
    with caller.database.read() as connection:
        texts = read_texts(connection)
    return answer({name: text for name, text in texts.items() if name != HIDDEN})


@router.get("/fees", name="fees", response_model=Items[shape_of(FeeValues)])  # type: ignore[misc]
def fees(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    everything: Annotated[bool, Query(alias="all", description="Also those that are switched off.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The fees by code."""
    with caller.database.read() as connection:
        return listing.answer(list_fees(connection, everything=everything, **listing.where))


@router.get("/fees/{code:path}", name="fee", response_model=shape_of(FeeValues))
def fee(caller: Reads, code: Code) -> Response:
    """One fee, in use or not."""
    with caller.database.read() as connection:
        return answer(fee_called(connection, code))


class TermPart(BaseModel):
    """A part of a payment term. `written`: the same as people type it, such as 70=30+eom@10."""

    percent: Figure
    days: int
    end_of_month: EndOfMonth
    on_day: int | None
    written: str


class ShownTerm(BaseModel):
    """A payment term, with what the law says of it."""

    code: str
    name: str
    lines: list[TermPart]
    warnings: list[str]


def told_term(term: Term, language: str) -> dict[str, Any]:
    """A payment term as it is answered."""
    lines = [
        {
            "percent": line.percent,
            "days": line.days,
            "end_of_month": line.end_of_month,
            "on_day": line.on_day,
            "written": written(line),
        }
        for line in term.lines
    ]
    warnings = [sentence(doubt, language) for doubt in doubts(term.lines)]
    return {"code": term.code, "name": term.name, "lines": lines, "warnings": warnings}


@router.get("/payment-terms", name="payment terms", response_model=Items[ShownTerm])
def terms(caller: Reads, listing: Annotated[Listing, Depends()]) -> Response:
    """The payment terms by code."""
    with caller.database.read() as connection:
        found = [told_term(term, caller.language) for term in read_terms(connection)]
    return listing.answer(slice_page(found, lambda row: (row["code"],), **listing.where))


@router.get("/payment-terms/{code:path}", name="payment term", response_model=ShownTerm)
def term(caller: Reads, code: Code) -> Response:
    """One payment term."""
    with caller.database.read() as connection:
        return answer(told_term(term_called(connection, code), caller.language))
