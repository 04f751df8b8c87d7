"""What the site has chosen: settings of third parties, fees, payment terms."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import EndOfMonth, FeeKind, Right, Scope
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.listing.page import slice_page
from intergestan_erp.parties.fees import FeeValues, add_fee, fee_called, fee_code, set_fee
from intergestan_erp.parties.parties import tried_again
from intergestan_erp.party_entry.typed import read_fee
from intergestan_erp.site.preferences import read_texts
from intergestan_erp.terms.due import TermLine
from intergestan_erp.terms.law import doubts
from intergestan_erp.terms.stored import Term, add_term, read_terms, term_called
from intergestan_erp.terms.typed import written
from intergestan_exchange.credit_holds import acts
from intergestan_operations.language.wording import sentence
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once
from services.console.api.shapes import STRICT, Figure, Items, shape_of
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


Writes = Annotated[Caller, Depends(Needs(Scope.SETTINGS_WRITE, Right.SET_RULES))]
MayKey = Annotated[Key, Depends(any_key)]


class FeeFields(BaseModel):
    """A fee: an amount, or a percentage of the goods; of both one is 0."""

    model_config = STRICT

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Annotated[FeeKind, Field(strict=False)] = FeeKind.OTHER
    amount: Figure = "0"
    percent: Figure = "0"
    vat_category: Annotated[str, Field(min_length=1, max_length=2)]
    vat_rate: Figure
    account_number: Annotated[str | None, Field(max_length=50)] = None
    active: bool = True

    def values(self, code: str) -> FeeValues:
        """The fee, as the library takes it.

        :raises Problem: a text does not fit.
        """
        texts = read_fee({"name": self.name, "account_number": self.account_number})
        return FeeValues(
            code=fee_code(code),
            name=texts["name"] or "",
            kind=self.kind,
            amount=Decimal(self.amount),
            percent=Decimal(self.percent),
            vat_category=self.vat_category,
            vat_rate=Decimal(self.vat_rate),
            account_number=texts.get("account_number"),
            active=self.active,
        )


class NewFee(FeeFields):
    """A fee that is entered."""

    code: Annotated[str, Field(min_length=1, max_length=20)]


@router.post("/fees", name="enter a fee", status_code=201, response_model=shape_of(FeeValues))
def add(caller: Writes, key: MayKey, said: NewFee) -> Response:
    """Enter a fee."""
    new = said.values(said.code)

    def do(connection: Connection) -> Done:
        add_fee(connection, new, by=caller.by, at=caller.now)
        return Done(value=fee_called(connection, new.code), status=201, location=f"/fees/{quote(new.code, safe='')}")

    return tried_again(lambda: once(caller, key, said, do))


@router.put("/fees/{code:path}", name="change a fee", response_model=shape_of(FeeValues))
def change(caller: Writes, key: MayKey, code: Code, said: FeeFields) -> Response:
    """Put a fee anew; what stands on quotes and orders stays as it is there."""
    values = asdict(said.values(code))
    number = values.pop("code")

    def do(connection: Connection) -> Done:
        set_fee(connection, number, values, by=caller.by, at=caller.now)
        return Done(value=fee_called(connection, number))

    return once(caller, key, said, do)


class NewPart(BaseModel):
    """A part of a payment term."""

    model_config = STRICT

    percent: Figure = "100"
    days: Annotated[int, Field(ge=0, le=999)]
    end_of_month: Annotated[EndOfMonth, Field(strict=False)] = EndOfMonth.NO
    on_day: Annotated[int | None, Field(ge=1, le=31)] = None


class NewTerm(BaseModel):
    """A payment term that is entered; its parts add up to 100 %."""

    model_config = STRICT

    code: Annotated[str, Field(min_length=1, max_length=20)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    lines: Annotated[list[NewPart], Field(min_length=1, max_length=50)]


@router.post("/payment-terms", name="enter a payment term", status_code=201, response_model=ShownTerm)
def add_one(caller: Writes, key: MayKey, said: NewTerm) -> Response:
    """Enter a payment term. One that is longer than the law allows is warned of."""
    lines = [TermLine(Decimal(each.percent), each.days, each.end_of_month, each.on_day) for each in said.lines]

    def do(connection: Connection) -> Done:
        made = add_term(connection, said.code, said.name, lines, by=caller.by, at=caller.now)
        location = f"/payment-terms/{quote(made.code, safe='')}"
        return Done(value=told_term(made, caller.language), status=201, location=location)

    return tried_again(lambda: once(caller, key, said, do))


Setting = Annotated[str, Field(max_length=300)]


class Chosen(BaseModel):
    """Settings by name, each with its new value."""

    model_config = STRICT

    settings: Annotated[dict[Annotated[str, Field(min_length=1, max_length=60)], Setting], Field(min_length=1)]


@router.patch("/settings/parties", name="choose settings", response_model=dict[str, str])
def choose(caller: Writes, key: MayKey, said: Chosen) -> Response:
    """Choose settings, all of them or none. One about credit may let orders go on that waited for room."""

    def do(connection: Connection) -> Done:
        _chosen, released = acts.set_preferences(connection, said.settings, by=caller.by, at=caller.now)
        told = {name: text for name, text in read_texts(connection).items() if name != HIDDEN}
        return Done(value=told, bells=Bells(take_in=released.take_in, serve=released.products))

    return once(caller, key, said, do)
