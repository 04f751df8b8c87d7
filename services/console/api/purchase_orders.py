"""Purchase orders: those that are entered here and sent to suppliers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import PurchaseState, Scope
from intergestan_erp.listing.purchase import ListedPurchase, list_purchases
from intergestan_erp.listing.selection import Written, read_selection
from intergestan_erp.purchasing.purchase_orders import show_order
from services.console.api.asked import Day, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/purchase-orders", tags=["Purchase orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.ORDERS_READ))]


@router.get("", name="purchase orders", response_model=Items[shape_of(ListedPurchase)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    first: Annotated[Day | None, Query(alias="from", description="First day, included.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day, included.")] = None,
    supplier: Annotated[Text, Query(description="Code, SIRET, VAT number or name.")] = None,
    followed_by: Annotated[Text, Query(description="Login of who follows it.")] = None,
    state: Annotated[list[PurchaseState] | None, Query(description="Those in these states.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Drafts and transmitted orders too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The orders that can be sent, the oldest first: confirmed and not transmitted; with `all` or `state`, others."""
    written = Written(
        first=None if first is None else first.isoformat(),
        last=None if last is None else last.isoformat(),
        supplier=supplier,
        followed_by=followed_by,
        everything=everything,
    )
    with caller.database.read() as connection:
        wanted = read_selection(connection, written)
        return listing.answer(list_purchases(connection, wanted, states=state or (), **listing.where))


@router.get("/{number:path}", name="purchase order", response_model=dict[str, Any])
def show(caller: Reads, number: Number) -> Response:
    """One order with its lines, charges, changes and all that happened to it. `ETag` is its version."""
    with caller.database.read() as connection:
        order = show_order(connection, number)
    return answer(order, ETag=f'"{order["version"]}"')
