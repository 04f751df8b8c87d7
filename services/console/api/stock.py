"""What lies in depots, what moved it, what is set aside for whom, and what came back."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, Route, Scope
from intergestan_erp.agencies.places import Place
from intergestan_erp.listing.page import Page
from intergestan_erp.pairs.receiving import receive as receive_sent
from intergestan_erp.pairs.transit import InTransit, list_transit
from intergestan_erp.picking.returning import ReturnedLine
from intergestan_erp.picking.returns import ListedReturn, list_returns
from intergestan_erp.stock import entry
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.allocations import ShownOrder, show_allocations
from intergestan_erp.stock.listing import ListedMove, ListedStock, list_moves, list_stock
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_exchange.credit_holds import acts
from intergestan_msg import money
from intergestan_operations.telling.agencies import CameIn, came_in
from services.console.api.asked import Day, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.here import HereInDepot
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Figure, Items, Long, shape_of
from services.console.api.values import answer, without_zeros

router = APIRouter(tags=["Stock"])
Reads = Annotated[Caller, Depends(Needs(Scope.STOCK_READ))]
Paged = Annotated[Listing, Depends()]
OfProduct = Annotated[Text, Query(description="The code of a product: only this one.")]
InDepot = Annotated[Text, Query(description="The code of a depot: only there.")]


@router.get("/stock", name="stock", response_model=Items[shape_of(ListedStock)])  # type: ignore[misc]
def stock(
    caller: Reads,
    listing: Paged,
    product: OfProduct = None,
    depot: InDepot = None,
    day: Annotated[Day | None, Query(description="As it was at the end of this day.")] = None,
) -> Response:
    """What lies in which depot, what of it is set aside, and what is available, by product and depot."""
    with caller.database.read() as connection:
        page = list_stock(connection, product=product, depot=depot, day=day, **listing.where)
    return listing.answer(Page(tuple(map(without_zeros, page.rows)), page.after))


@router.get("/stock-moves", name="stock moves", response_model=Items[shape_of(ListedMove)])  # type: ignore[misc]
def moves(caller: Reads, listing: Paged, product: OfProduct = None, depot: InDepot = None) -> Response:
    """What came and left, the newest first."""
    with caller.database.read() as connection:
        page = list_moves(connection, product=product, depot=depot, **listing.where)
    return listing.answer(Page(tuple(map(without_zeros, page.rows)), page.after))


@router.get("/stock/transit", name="in transit", response_model=Items[shape_of(InTransit)])  # type: ignore[misc]
def transit(caller: Reads, listing: Paged) -> Response:
    """What left an agency for another one and did not come in yet, the oldest first."""
    with caller.database.read() as connection:
        return listing.answer(list_transit(connection, **listing.where))


@router.get(
    "/sales-orders/{number:path}/allocations", name="allocations of an order", response_model=shape_of(ShownOrder)
)
def allocations(caller: Reads, number: Number) -> Response:
    """From which depots the goods of a sales order come, and what is set aside for it."""
    with caller.database.read() as connection:
        return answer(show_allocations(connection, number))


@router.get("/returns", name="returns", response_model=Items[shape_of(ListedReturn)])  # type: ignore[misc]
def returns(
    caller: Reads,
    listing: Paged,
    uncredited: Annotated[bool, Query(description="Only what was invoiced and is not credited.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """What came back, by line, the oldest first."""
    with caller.database.read() as connection:
        page = list_returns(connection, uncredited=uncredited, **listing.where)
    return listing.answer(Page(tuple(map(without_zeros, page.rows)), page.after))


Writes = Annotated[Caller, Depends(Needs(Scope.STOCK_WRITE, Right.SELL))]
OwnKey = Annotated[Key, Depends(own_key)]


class MoveKind(StrEnum):
    """What people say of goods in a depot."""

    RECEIVE = "receive"
    COUNT = "count"
    MOVE = "move"


class GoodsLine(BaseModel):
    """So much of a product. `cost`: of one unit without VAT, of what came in."""

    model_config = STRICT

    product: Annotated[str, Field(min_length=1, max_length=60, description="Our code.")]
    quantity: Figure
    cost: Figure | None = None


class Move(BaseModel):
    """What came in, was counted, or went to another depot (`to`)."""

    model_config = STRICT

    kind: Annotated[MoveKind, Field(strict=False)]
    here: HereInDepot
    lines: Annotated[list[GoodsLine], Field(min_length=1, max_length=1000)]
    to: Annotated[str | None, Field(min_length=1, max_length=20, description="The depot to which it goes.")] = None
    opening: Annotated[bool, Field(description="It lay there before stock was managed.")] = False
    document: Annotated[str | None, Field(min_length=1, max_length=60, description="What goes with it.")] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.to is None) is (self.kind is MoveKind.MOVE):
            raise ValueError("`to` is the depot to which goods go in a move, and in nothing else")
        if self.kind is not MoveKind.RECEIVE and (self.opening or any(line.cost for line in self.lines)):
            raise ValueError("`cost` and `opening` are of goods that come in")
        if self.kind is MoveKind.COUNT and len({line.product for line in self.lines}) < len(self.lines):
            raise ValueError("a product was counted once")
        return self


class Stocked(BaseModel):
    """What lies in the depots now of the products that were named."""

    stock: list[shape_of(entry.Stocked, available=Figure)]  # type: ignore[valid-type]


@router.post("/stock-moves", name="move stock", status_code=201, response_model=Stocked)
def move(caller: Writes, key: OwnKey, said: Move) -> Response:
    """Enter what came into a depot, what was counted there (the difference becomes a move), or went to another one."""

    def do(connection: Connection) -> Done:
        found = _enter(connection, said, said.here.find(connection), caller)
        stock = [{**without_zeros(each), "available": money.without_zeros(each.available)} for each in found.stocked]
        return Done(value={"stock": stock}, status=201, bells=Bells(serve=found.freed.products))

    return once(caller, key, said, do)


def _enter(connection: Connection, said: Move, place: Place, caller: Caller) -> entry.Entered:
    who: Any = {"document": said.document, "by": caller.by, "at": caller.now}
    goods = [
        entry.Goods(each.product, Decimal(each.quantity), None if each.cost is None else Decimal(each.cost))
        for each in said.lines
    ]
    if said.kind is MoveKind.RECEIVE:
        return entry.receive(connection, place, goods, opening=said.opening, **who)
    if said.kind is MoveKind.COUNT:
        return entry.count(connection, place, {each.product: each.quantity for each in goods}, **who)
    assert said.to is not None
    return entry.transfer(connection, place, goods, said.to, **who)


class Take(BaseModel):
    """So much from a depot; without a route as the depots' places say."""

    model_config = STRICT

    depot: Annotated[str, Field(min_length=1, max_length=20)]
    quantity: Figure
    route: Annotated[Route | None, Field(strict=False)] = None


class OfLine(BaseModel):
    """From which depots a line of an order comes."""

    model_config = STRICT

    line: Annotated[str, Field(min_length=1, max_length=60)]
    take: Annotated[list[Take], Field(max_length=100)]


class Allocations(BaseModel):
    """From which depots lines come; those that are left out as it is proposed."""

    model_config = STRICT

    lines: Annotated[list[OfLine], Field(max_length=1000)] = []


@router.put("/sales-orders/{number:path}/allocations", name="allocate an order", response_model=shape_of(ShownOrder))
def allocate(caller: Writes, key: Annotated[Key, Depends(any_key)], number: Number, said: Allocations) -> Response:
    """Set goods aside for an accepted order. A line for which depots are named first gives back what it held."""
    choices = {
        line.line: tuple(TypedShare(each.depot, Decimal(each.quantity), each.route) for each in line.take)
        for line in said.lines
    }

    def do(connection: Connection) -> Done:
        found = allocate_order(connection, number, choices, by=caller.by, at=caller.now)
        return Done(value=show_allocations(connection, found.number), bells=Bells(serve=found.freed.products))

    return once(caller, key, said, do)


class NoteLine(BaseModel):
    """So much of a line of a delivery note, by its place there."""

    model_config = STRICT

    line: Annotated[int, Field(ge=1, le=100_000)]
    quantity: Figure


class CameBack(BaseModel):
    """What came back of a delivery note."""

    model_config = STRICT

    delivery_note: Annotated[str, Field(min_length=1, max_length=60)]
    here: HereInDepot
    reason: Long
    lines: Annotated[list[NoteLine], Field(min_length=1, max_length=1000)]


class Returned(BaseModel):
    """A return. `to_credit` of a line: what was invoiced and is not credited."""

    number: str
    delivery_note: str
    depot: str
    lines: list[shape_of(ReturnedLine)]  # type: ignore[valid-type]
    credit_notes: list[str]


@router.post("/returns", name="goods came back", status_code=201, response_model=Returned)
def came_back(caller: Writes, key: OwnKey, said: CameBack) -> Response:
    """Enter what came back of a delivery note. What was invoiced of it is credited by a credit note."""

    def do(connection: Connection) -> Done:
        place = said.here.find(connection)
        wanted = {each.line: Decimal(each.quantity) for each in said.lines}
        found, released = acts.enter_return(
            connection, said.delivery_note, wanted, said.reason, place, by=caller.by, at=caller.now
        )
        own = {"number": found.number, "delivery_note": found.delivery_note, "depot": found.depot}
        value = {**own, "lines": list(map(without_zeros, found.lines)), "credit_notes": found.credit_notes}
        bells = Bells(take_in=released.take_in, serve=found.freed.products)
        return Done(value=value, status=201, bells=bells)

    return once(caller, key, said, do)


class Receipt(BaseModel):
    """What came in of a delivery note between agencies."""

    model_config = STRICT

    delivery_note: Annotated[str, Field(min_length=1, max_length=60, description="Or the purchase order it is for.")]
    here: HereInDepot
    lines: Annotated[
        list[NoteLine] | None, Field(max_length=1000, description="Null: all that was sent; 0 for what did not come.")
    ] = None


@router.post("/goods-receipts", name="receive goods", status_code=201, response_model=shape_of(CameIn))
def receive(caller: Writes, key: OwnKey, said: Receipt) -> Response:
    """Book what another agency sent; it is set aside at once for the customers' orders that it was ordered for."""

    def do(connection: Connection) -> Done:
        place = said.here.find(connection)
        wanted = None if said.lines is None else {each.line: Decimal(each.quantity) for each in said.lines}
        found = receive_sent(connection, place, said.delivery_note, wanted, by=caller.by, at=caller.now)
        return Done(value=came_in(found), status=201, bells=Bells(serve=found.freed.products))

    return once(caller, key, said, do)
