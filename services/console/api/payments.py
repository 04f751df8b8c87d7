"""Payments of customers, and the invoices that they settle."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_erp.listing.payments import ListedPayment, WhichPayments, list_payments, one_payment
from intergestan_erp.parties.one_party import one_party
from services.console.api.asked import Listing, Number, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/payments", tags=["Payments"])
Reads = Annotated[Caller, Depends(Needs(Scope.CREDIT_READ))]


@router.get("", name="payments", response_model=Items[shape_of(ListedPayment)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfParty = None,
    on_account: Annotated[bool, Query(description="Only those of which something is left.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The payments, the newest first."""
    with caller.database.read() as connection:
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        wanted = WhichPayments(customer_id=whose, on_account=on_account)
        return listing.answer(list_payments(connection, wanted, **listing.where))


@router.get("/{number:path}", name="payment", response_model=shape_of(ListedPayment))
def show(caller: Reads, number: Number) -> Response:
    """One payment, with what of it lies on account."""
    with caller.database.read() as connection:
        return answer(one_payment(connection, number))
