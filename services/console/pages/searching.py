"""One box over order numbers, ours and theirs, and third parties; an exact hit goes straight there."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from intergestan_erp.listing.search import MOST, find_orders
from intergestan_erp.parties.search import find_parties
from services.console.visit import Visit

_PATHS = {"purchase": "/commandes", "sale": "/ventes"}


def show(visit: Visit) -> Response:
    """What may be meant."""
    typed = visit.query.get("q", "").strip()
    if not typed:
        return visit.html("search.html", typed="", orders=None, parties=(), more=False)
    with visit.database.read() as connection:
        orders = find_orders(connection, typed)
        hit = orders.exactly(typed)
        if hit is not None:
            return visit.go(f"{_PATHS[hit[0]]}/{quote(hit[1], safe='')}")
        found = find_parties(connection, typed, limit=MOST)
    return visit.html("search.html", typed=typed, orders=orders, parties=found.found, more=found.more)
