"""What the site sells and buys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.listing.products import ListedProduct, WhichProducts, list_products, show_product
from services.console.api.asked import Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/products", tags=["Catalogue"])
Reads = Annotated[Caller, Depends(Needs(Scope.CATALOGUE_READ))]


@router.get("", name="products", response_model=Items[shape_of(ListedProduct)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    q: Annotated[Text, Query(description="The beginning of a code, a GTIN, or words of the name.")] = None,
) -> Response:
    """The products, by code."""
    with caller.database.read() as connection:
        return listing.answer(list_products(connection, WhichProducts(text=q), **listing.where))


@router.get("/{code:path}", name="product", response_model=shape_of(ListedProduct))
def show(caller: Reads, code: Annotated[str, Path(max_length=60)]) -> Response:
    """One product."""
    with caller.database.read() as connection:
        found = show_product(connection, code)
    if found is None:
        raise Problem("There is no product «{code}».", ProblemCode.NO_PRODUCT, code=code)
    return answer(found)
