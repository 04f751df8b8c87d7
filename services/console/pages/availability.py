"""*Article, onglet DISPONIBLE*: what there is of a product in which depot, and what moved it (A32)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode

from starlette.responses import Response

from intergestan_db.enums import StockReason
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.products import ListedProduct, show_product
from intergestan_erp.pairs.availability import show_availability
from intergestan_erp.stock.listing import list_moves
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import marked
from services.console import faults
from services.console.pages.filters import paging_of
from services.console.place import stored_place
from services.console.visit import Visit

TAB: Final = "onglet"
AVAILABLE, MOVES = "disponible", "mouvements"
TABS: Final[Mapping[str, str]] = {
    "": marked("Card"),
    AVAILABLE: marked("AVAILABLE"),
    MOVES: marked("Moves"),
}
"""The tabs of a product, by the word in the address."""
REASONS: Final[Mapping[str, str]] = {
    StockReason.OPENING: marked("opening stock"),
    StockReason.RECEIPT: marked("receipt"),
    StockReason.DELIVERY: marked("delivery"),
    StockReason.TRANSFER_IN: marked("from another depot"),
    StockReason.TRANSFER_OUT: marked("to another depot"),
    StockReason.COUNT: marked("count"),
    StockReason.RETURN: marked("return"),
}
AGAIN_MS: Final = 5000
"""So often an open page looks again."""


def product_path(code: str, **query: str) -> str:
    """The address of a product, of one of its tabs."""
    return f"/produits/{quote(code, safe='')}" + (f"?{urlencode(query)}" if query else "")


def tabs_of(code: str) -> list[tuple[str, str, str]]:
    """The tabs of a product, each with its word and its address."""
    return [(name, word, product_path(code, **({TAB: name} if name else {}))) for name, word in TABS.items()]


def show(visit: Visit) -> Response:
    """*DISPONIBLE*: now, or as it lay at the end of a day."""
    day, wrong = _day(visit)
    here = stored_place(visit)
    with visit.database.read() as connection:
        product = show_product(connection, visit.params["code"])
        found = None
        if product is not None:
            first = None if here is None else here.depot
            found = show_availability(connection, product.code, first=first, day=day)
    if product is None or found is None:
        return faults.page(visit, 404)
    return visit.html(
        "catalogue/available.html",
        status=422 if wrong else 200,
        product=product,
        found=found,
        tabs=tabs_of(product.code),
        tab=AVAILABLE,
        day_asked=day,
        typed=visit.query.get("au", ""),
        wrong=wrong,
        again=0 if day is not None else AGAIN_MS,
        own=product_path(product.code, onglet=AVAILABLE),
        to_moves=lambda depot: product_path(product.code, onglet=MOVES, depot=depot),
        to_allocations=lambda tab, depot: f"/affectations?{urlencode(_narrowed(product, tab, depot))}",
    )


def _narrowed(product: ListedProduct, tab: str, depot: str) -> dict[str, str]:
    return {"etat": tab, "article": product.code, "depot": depot}


def _day(visit: Visit) -> tuple[date | None, dict[str, str]]:
    text = visit.query.get("au", "").strip()
    if not text:
        return None, {}
    try:
        day = read_near_day(text, visit.today)
    except Unreadable as bad:
        return None, {"au": sentence(bad, visit.language)}
    return (None if day >= visit.today else day), {}


def show_moves(visit: Visit) -> Response:
    """*Mouvements*: what came and left, the newest first."""
    code = visit.params["code"]
    depot = visit.query.get("depot", "").strip()
    paging = paging_of(visit, product_path(code), (TAB, "depot"))
    with visit.database.read() as connection:
        product = show_product(connection, code)
        if product is None:
            return faults.page(visit, 404)
        page = list_moves(connection, product=product.code, depot=depot or None, size=paging.size, after=paging.after)
    return visit.html(
        "catalogue/moves.html",
        product=product,
        page=page,
        paging=paging,
        depot=depot,
        tabs=tabs_of(product.code),
        tab=MOVES,
        reasons=REASONS,
        own=product_path(product.code, onglet=MOVES),
    )
