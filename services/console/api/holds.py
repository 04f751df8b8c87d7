"""What waits for a person: why, what that means, what may be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import HoldReason, Right, Scope
from intergestan_erp.listing.page import Page
from intergestan_exchange.holds.choices import Choices
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.holds.holds import (
    INBOUND,
    ORDER,
    OUTBOUND,
    Shown,
    ShownHold,
    Wanted,
    find_hold,
    list_holds_page,
    parse_ref,
    shown,
)
from intergestan_exchange.partners.partners import find_partner
from services.console.api.asked import Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once
from services.console.api.shapes import STRICT, Items, Long, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/holds", tags=["Holds"])
Reads = Annotated[Caller, Depends(Needs(Scope.HOLDS_READ))]
Ref = Annotated[str, Path(max_length=60, description="What it is called, such as order-17, in-12 or out-3.")]


@router.get("", name="holds", response_model=Items[shape_of(ShownHold)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    kind: Annotated[
        str | None, Query(pattern=f"^({INBOUND}|{OUTBOUND}|{ORDER})$", description="`in`, `out` or `order`.")
    ] = None,
    reason: HoldReason | None = None,
    partner: Annotated[Text, Query(description="Code, third party, SIRET or name of a partner: only theirs.")] = None,
    who: Annotated[Shown, Query(description="All, or only what strangers sent, or all else.")] = Shown.ALL,
    each: Annotated[bool, Query(description="A row for each mail, also of strangers.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """All that waits for a person, the longest first."""
    with caller.database.read() as connection:
        whose = None if partner is None else find_partner(connection, partner)
        wanted = Wanted(kind, reason, whose)
        page = list_holds_page(connection, wanted=wanted, shown=who, grouped=not each, **listing.where)
    return listing.answer(Page(tuple(shown(hold, caller.language) for hold in page.rows), page.after))


@router.get("/{ref}", name="hold", response_model=shape_of(ShownHold))
def show(caller: Reads, ref: Ref) -> Response:
    """Why it waits, what that means, and what to do."""
    with caller.database.read() as connection:
        return answer(shown(find_hold(connection, ref), caller.language))


class Released(BaseModel):
    """What is said about an order that is released; remembered for its partner."""

    model_config = STRICT

    products: Annotated[
        dict[str, Annotated[str, Field(min_length=1, max_length=60)]] | None,
        Field(description="Our product's code by line id.", max_length=1000),
    ] = None
    customer: Annotated[str | None, Field(min_length=1, max_length=60, description="Our customer's code.")] = None


class Reason(BaseModel):
    """Why something is refused."""

    model_config = STRICT

    reason: Annotated[
        Long | None, Field(description="What the partner will read of an order; what was found, where it is left out.")
    ] = None


class Settled(BaseModel):
    """A hold that was dealt with."""

    ref: str
    done: str


_RIGHTS = {ORDER: Right.SELL, INBOUND: Right.OPERATE, OUTBOUND: Right.RESEND_MAILS}
Acts = Annotated[Caller, Depends(Needs(Scope.HOLDS_ACT))]
MayKey = Annotated[Key, Depends(any_key)]


@router.post("/{ref}/release", name="release a hold", response_model=Settled)
def release_one(caller: Acts, key: MayKey, ref: Ref, said: Released) -> Response:
    """Let it go on: a difference is accepted, all else is tried again. An order wants the right to sell, a mail that
    came that to operate, one of ours that to send mails again. A credit maximum is passed in the browser alone.
    """
    choices = Choices(dict(said.products or {}), said.customer)

    def do(connection: Connection) -> Done:
        bells = release(connection, [ref], by=caller.by, at=caller.now, choices=choices)
        return Done(value={"ref": ref, "done": "released"}, bells=bells)

    return _settle(caller, key, ref, said, do)


@router.post("/{ref}/refuse", name="refuse a hold", response_model=Settled)
def refuse_one(caller: Acts, key: MayKey, ref: Ref, said: Reason) -> Response:
    """Refuse it: the buyer of an order is told why; a mail that was not understood is answered to nobody."""

    def do(connection: Connection) -> Done:
        bells = refuse(connection, [ref], said.reason, by=caller.by, at=caller.now)
        return Done(value={"ref": ref, "done": "refused"}, bells=bells)

    return _settle(caller, key, ref, said, do)


def _settle(caller: Caller, key: Key, ref: str, said: BaseModel, do: Callable[[Connection], Done]) -> Response:
    kind, _row = parse_ref(ref)
    caller.needs(_RIGHTS[kind])
    return once(caller, key, said, do)
