"""What lies in depots, what moved it, what is set aside for whom, and what came back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_erp.listing.page import Page
from intergestan_erp.pairs.transit import InTransit, list_transit
from intergestan_erp.picking.returns import ListedReturn, list_returns
from intergestan_erp.stock.allocations import ShownOrder, show_allocations
from intergestan_erp.stock.listing import ListedMove, ListedStock, list_moves, list_stock
from services.console.api.asked import Day, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
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
