"""Price lists, and what a product costs a customer."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_erp.agencies.places import first_place
from intergestan_erp.listing.page import Page
from intergestan_erp.listing.prices import ListedLine, ListedList, list_price_lines, list_price_lists
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.drafts import Typed, TypedLine, decide_prices
from intergestan_erp.site.zone import today
from services.console.api.asked import Day, Listing
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Figure, Items, shape_of
from services.console.api.values import answer, without_zeros

router = APIRouter(tags=["Catalogue"])
Reads = Annotated[Caller, Depends(Needs(Scope.CATALOGUE_READ))]
Paged = Annotated[Listing, Depends()]


class Price(BaseModel):
    """What a product costs. `list`: the price list that says so; null: none does."""

    product: str
    price: Figure
    list: str | None


@router.get("/prices", name="price", response_model=Price)
def price(
    caller: Reads,
    product: Annotated[str, Query(min_length=1, max_length=60, description="The code of a product.")],
    customer: Annotated[str, Query(min_length=1, max_length=200, description="Code, SIRET, VAT number or name.")],
    establishment: Annotated[int | None, Query(ge=1, le=999_999, description="The seller; else the usual.")] = None,
    quantity: Annotated[Figure, Query(description="So much of it.")] = "1",
    day: Annotated[Day | None, Query(description="On this day; today.")] = None,
) -> Response:
    """What a product costs a customer without VAT, and by which price list."""
    with caller.database.read() as connection:
        found = one_party(connection, customer, PartyRole.CUSTOMER)
        place = None if establishment is None else first_place(connection, establishment)
        typed = Typed(customer_id=found.id, lines=(TypedLine(product, Decimal(quantity)),))
        ((row, decided),) = decide_prices(connection, typed, day or today(connection, caller.now), place)
    return answer({"product": row.code, "price": decided.price, "list": decided.list_code})


@router.get("/price-lists", name="price lists", response_model=Items[shape_of(ListedList)])  # type: ignore[misc]
def lists(caller: Reads, listing: Paged) -> Response:
    """The price lists by code, for whom each is, and how many lines it has."""
    with caller.database.read() as connection:
        return listing.answer(list_price_lists(connection, **listing.where))


@router.get("/price-lists/{code:path}", name="lines of a price list", response_model=Items[shape_of(ListedLine)])  # type: ignore[misc]
def lines(caller: Reads, listing: Paged, code: Annotated[str, Path(min_length=1, max_length=60)]) -> Response:
    """The lines of a price list: each for a product, a family, or all products."""
    with caller.database.read() as connection:
        page = list_price_lines(connection, code, **listing.where)
    return listing.answer(Page(tuple(map(without_zeros, page.rows)), page.after))
