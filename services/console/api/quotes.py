"""Quotes: offers to customers, each of which becomes one sales order at most."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.quotes import ListedQuote, list_quotes, show_quote
from intergestan_erp.selling.views import QuoteView
from intergestan_erp.site.zone import today
from services.console.api.asked import Listing, Number, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/quotes", tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]


@router.get("", name="quotes", response_model=Items[shape_of(ListedQuote)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfParty = None,
    everything: Annotated[bool, Query(alias="all", description="Accepted, refused and expired ones too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The open quotes, the newest first; with `all` every one."""
    with caller.database.read() as connection:
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        day = today(connection, caller.now)
        return listing.answer(list_quotes(connection, day, customer_id=whose, everything=everything, **listing.where))


@router.get("/{number:path}", name="quote", response_model=shape_of(QuoteView))
def show(caller: Reads, number: Number) -> Response:
    """One quote with what became of it."""
    with caller.database.read() as connection:
        return answer(show_quote(connection, number, today(connection, caller.now)))
