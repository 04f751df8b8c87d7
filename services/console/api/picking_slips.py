"""Picking slips: what depots prepare, until it leaves with a delivery note."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import Scope, SlipState
from intergestan_erp.listing.page import Page
from intergestan_erp.picking.listing import list_slips, show_slip
from intergestan_operations.telling import slips
from services.console.api.asked import Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
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
