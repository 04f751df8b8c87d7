"""What establishments order from each other for their customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_erp.pairs.listing import ListedPair, list_pairs
from intergestan_erp.pairs.pending import Wanted, wanted_of
from intergestan_erp.pairs.preview import preview as look
from intergestan_operations.telling import agencies
from services.console.api.asked import First, Last, Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/agency-orders", tags=["Agencies"])
Reads = Annotated[Caller, Depends(Needs(Scope.AGENCIES_READ))]


@router.get("", name="agency orders", response_model=Items[shape_of(ListedPair)])  # type: ignore[misc]
def list_(caller: Reads, listing: Annotated[Listing, Depends()]) -> Response:
    """The pairs of orders between agencies, the newest first."""
    with caller.database.read() as connection:
        return listing.answer(list_pairs(connection, **listing.where))


@router.get("/preview", name="agency orders to come", response_model=shape_of(agencies.ToOrder))
def preview(
    caller: Reads,
    order: Annotated[Text, Query(description="The number of a customer's order; else all that wait.")] = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """What is to be ordered between agencies, at which prices, and what cannot be ordered. It writes nothing."""
    with caller.database.read() as connection:
        wanted = Wanted(first=first, last=last) if order is None else wanted_of(connection, order)
        return answer(agencies.to_order(look(connection, wanted, caller.now)))
