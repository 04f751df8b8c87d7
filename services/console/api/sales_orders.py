"""Sales orders: what customers ordered, by mail or by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import PartyRole, SalesState, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.sales import ListedSale, WhichSales, list_sales_page
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.sales import show_sales_order
from services.console.api.asked import Day, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/sales-orders", tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]


@router.get("", name="sales orders", response_model=Items[shape_of(ListedSale)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    first: Annotated[Day | None, Query(alias="from", description="First day, included.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day, included.")] = None,
    customer: Annotated[Text, Query(description="Code, SIRET, VAT number or name.")] = None,
    state: Annotated[list[SalesState] | None, Query(description="Those in these states.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Cancelled and wholly invoiced orders too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The sales orders that are not wholly invoiced, the newest first; with `all` every one."""
    with caller.database.read() as connection:
        wanted = WhichSales(
            first=first,
            last=last,
            customer_id=None if customer is None else int(one_party(connection, customer, PartyRole.CUSTOMER).id),
            settled=everything or bool(state),
            states=state or (),
        )
        return listing.answer(list_sales_page(connection, wanted, **listing.where))


@router.get("/{number:path}", name="sales order", response_model=dict[str, Any])
def show(caller: Reads, number: Number) -> Response:
    """One order with its lines, each with what was delivered and invoiced, its documents and what happened."""
    with caller.database.read() as connection:
        order = show_sales_order(connection, number)
    if order is None:
        raise Problem("There is no sales order {number}.", ProblemCode.NO_ORDER, (Act.LIST_SALES,), number=number)
    return answer(order)
