"""The sites that are trusted, and what was agreed with each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_erp.listing.page import slice_page
from intergestan_exchange.partners.partners import PartnerView, find_partner, list_partners
from intergestan_exchange.partners.product_matches import ListedMatch, list_matches
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/partners", tags=["Partners"])
Reads = Annotated[Caller, Depends(Needs(Scope.PARTNERS_READ))]
Code = Annotated[str, Path(max_length=200, description="Code, third party, SIRET or name of the partner.")]


@router.get("", name="partners", response_model=Items[shape_of(PartnerView)])  # type: ignore[misc]
def list_(caller: Reads, listing: Annotated[Listing, Depends()]) -> Response:
    """The partners by code, their addresses and what was agreed."""
    with caller.database.read() as connection:
        found = list_partners(connection)
    return listing.answer(slice_page(found, lambda row: (row.site_code,), **listing.where))


@router.get("/{code}/matches", name="matches", response_model=Items[shape_of(ListedMatch)])  # type: ignore[misc]
def matches(caller: Reads, code: Code, listing: Annotated[Listing, Depends()]) -> Response:
    """Which product of ours each of their codes means."""
    with caller.database.read() as connection:
        found = list_matches(connection, find_partner(connection, code))
    return listing.answer(slice_page(found, lambda row: (row.their_code,), **listing.where))


@router.get("/{code}", name="partner", response_model=shape_of(PartnerView))
def show(caller: Reads, code: Code) -> Response:
    """One partner."""
    with caller.database.read() as connection:
        wanted = find_partner(connection, code)
        return answer(next(row for row in list_partners(connection) if row.id == wanted))
