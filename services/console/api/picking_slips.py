"""Picking slips: what depots prepare, until it leaves with a delivery note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, Scope, SlipState
from intergestan_db.problem import Problem
from intergestan_erp.agencies.places import Place
from intergestan_erp.listing.page import Page
from intergestan_erp.picking import entering
from intergestan_erp.picking.listing import list_slips, show_slip
from intergestan_erp.picking.making import MadeSlips, make_slips
from intergestan_erp.picking.validating import validate_one
from intergestan_operations.telling import slips
from services.console.api.asked import Listing, Number, Seen, Text
from services.console.api.caller import Caller, Needs
from services.console.api.here import Here, HereInDepot
from services.console.api.once import Done, Key, any_key, once, once_of_many, own_key
from services.console.api.shapes import STRICT, Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/picking-slips", tags=["Stock"])
Reads = Annotated[Caller, Depends(Needs(Scope.STOCK_READ))]


@router.get("", name="picking slips", response_model=Items[shape_of(slips.Slip)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    order: Annotated[Text, Query(description="The number of a sales order: only its own.")] = None,
    depot: Annotated[Text, Query(description="The code of a depot: only there.")] = None,
    state: Annotated[list[SlipState] | None, Query(description="Those in these states.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Delivered and cancelled ones too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The slips that are still to become delivery notes, the oldest first; with `all` or `state`, others."""
    states = tuple(dict.fromkeys(state or ()))
    with caller.database.read() as connection:
        page = list_slips(connection, order=order, depot=depot, states=states, everything=everything, **listing.where)
    return listing.answer(Page(tuple(slips.slip(row, caller.say) for row in page.rows), page.after))


@router.get("/{number:path}", name="picking slip", response_model=shape_of(slips.WholeSlip))
def show(caller: Reads, number: Number) -> Response:
    """One slip with its lines; one that is in error says why. `ETag` is its version."""
    with caller.database.read() as connection:
        found = show_slip(connection, number)
    return answer(slips.whole_slip(found, caller.say), ETag=f'"{found.slip.version}"')


Writes = Annotated[Caller, Depends(Needs(Scope.STOCK_WRITE, Right.SELL))]
OwnKey = Annotated[Key, Depends(own_key)]
MayKey = Annotated[Key, Depends(any_key)]


class ToMake(BaseModel):
    """Of which orders slips are made, at which establishment."""

    model_config = STRICT

    orders: Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(min_length=1, max_length=100)]
    here: Here


class Waits(BaseModel):
    """So much of a product that is not where it is to leave. `from`: the order or the depot from which it comes."""

    order: str
    line: str
    product: str
    quantity: Figure
    source: str | None = Field(alias="from")


class NotMade(BaseModel):
    """An order of which no slips were made, and why."""

    order: str
    reason: str
    code: str


class Made(BaseModel):
    """The slips that were made, what waits, and the orders that refused them."""

    slips: list[str]
    waiting: list[Waits]
    error: list[NotMade]


@router.post("", name="make picking slips", status_code=201, response_model=Made)
def make(caller: Writes, key: OwnKey, said: ToMake) -> Response:
    """Make the slips of orders, each order in a transaction of its own: one slip for each depot from which something of
    it can leave now. Of a single order what refuses it is the answer.
    """

    def act() -> Done:
        with caller.database.read() as connection:
            place = said.here.find(connection)
        made, refused = list[MadeSlips](), list[dict[str, Any]]()
        for number in dict.fromkeys(said.orders):
            try:
                with caller.database.transaction() as connection:
                    made.append(make_slips(connection, number, place, by=caller.by, at=caller.now))
            except Problem as problem:
                if len(said.orders) == 1:
                    raise
                refused.append({"order": number, "reason": caller.say(problem), "code": problem.code})
        numbers = [slip.number for each in made for slip in each.slips]
        waiting = [slips.waiting(missing) for each in made for missing in each.waiting]
        return Done(value={"slips": numbers, "waiting": waiting, "error": refused}, status=201)

    return once_of_many(caller, key, said, act)


class At(BaseModel):
    """Where a slip is acted on, and which version of it was seen."""

    model_config = STRICT

    here: HereInDepot
    version: Annotated[int | None, Field(ge=1, description="Another one is refused; null: whichever it is.")] = None


class Found(BaseModel):
    """So much was found of a line of a slip, by its place there; 0 for nothing."""

    model_config = STRICT

    line: Annotated[int, Field(ge=1, le=100_000)]
    quantity: Figure


class ToEnter(At):
    """What was found for a slip."""

    lines: Annotated[list[Found], Field(max_length=1000)] = []
    accept: Annotated[bool, Field(description="Of all other lines as much as is proposed.")] = False


@router.post("/{number:path}/enter", name="enter a slip", response_model=shape_of(slips.Entered))
def enter(caller: Writes, key: MayKey, number: Number, said: ToEnter) -> Response:
    """Enter what was found for a slip, at the depot that prepares it."""
    found = {each.line: Decimal(each.quantity) for each in said.lines}

    def do(connection: Connection, place: Place) -> Done:
        lines = entering.enter(connection, number, place, found, accept=said.accept, by=caller.by, at=caller.now)
        return Done(value=slips.entered(number, lines))

    return _act(caller, key, number, said, do)


@router.post("/{number:path}/finish", name="finish a slip", response_model=shape_of(slips.Ready))
def finish(caller: Writes, key: MayKey, number: Number, said: At) -> Response:
    """Let a slip be ready: it is read only from now on. What was not found remains of the order."""

    def do(connection: Connection, place: Place) -> Done:
        done = entering.finish(connection, number, place, by=caller.by, at=caller.now)
        return Done(value=slips.ready(done), bells=Bells(serve=done.freed.products))

    return _act(caller, key, number, said, do)


@router.post("/{number:path}/validate", name="validate a slip", response_model=shape_of(slips.Ran))
def validate(caller: Writes, key: OwnKey, number: Number, said: At) -> Response:
    """Let a slip that is ready become a delivery note: the goods leave. One that cannot is in `error`, and says why."""

    def do(connection: Connection, place: Place) -> Done:
        done = validate_one(connection, place, number, by=caller.by, at=caller.now)
        return Done(value=slips.ran([done], caller.say))

    return _act(caller, key, number, said, do)


class Moved(BaseModel):
    """A slip in its new state."""

    slip: str
    state: SlipState


@router.post("/{number:path}/reopen", name="reopen a slip", response_model=Moved)
def reopen(caller: Writes, key: MayKey, number: Number, said: At) -> Response:
    """Let a slip that is in error be entered again."""

    def do(connection: Connection, place: Place) -> Done:
        entering.reopen(connection, number, place, by=caller.by, at=caller.now)
        return Done(value={"slip": number, "state": SlipState.ENTERED})

    return _act(caller, key, number, said, do)


@router.post("/{number:path}/cancel", name="cancel a slip", response_model=Moved)
def cancel(caller: Writes, key: MayKey, number: Number, said: At) -> Response:
    """Cancel a slip that did not leave; what is on it stays set aside for its order."""

    def do(connection: Connection, place: Place) -> Done:
        entering.cancel(connection, number, place, by=caller.by, at=caller.now)
        return Done(value={"slip": number, "state": SlipState.CANCELLED})

    return _act(caller, key, number, said, do)


def _act(caller: Caller, key: Key, number: str, said: At, act: Callable[[Connection, Place], Done]) -> Response:
    """An act on a slip, from the version that was seen; the answer bears the new one."""

    def do(connection: Connection) -> Done:
        place = said.here.find(connection)
        Seen(said.version).check(show_slip(connection, number).slip.version)
        done = act(connection, place)
        return replace(done, version=show_slip(connection, number).slip.version)

    return once(caller, key, said, do)
