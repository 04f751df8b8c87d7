"""Sales orders: the list, and one order. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from intergestan_db.enums import SalesState
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.selling.sales import show_sales_order
from intergestan_operations.language.happenings import WORDS
from intergestan_runtime.said import marked
from services.console import faults
from services.console.pages.filters import chosen_party, days_of, paging_of
from services.console.visit import Visit

TABS: Final[Mapping[str, tuple[str, tuple[SalesState, ...]]]] = {
    "": (marked("All"), ()),
    "a-verifier": (marked("To review"), (SalesState.REVIEW,)),
    "acceptees": (marked("Accepted"), (SalesState.ACCEPTED,)),
    "annulees": (marked("Cancelled"), (SalesState.CANCELLED,)),
}
"""What the list may be narrowed to by state, by the word in its address."""

PARTS: Final[Mapping[str, str]] = {
    "none": marked("nothing yet"),
    "some": marked("in part"),
    "all": marked("all of it"),
}
"""How much of an order was delivered or invoiced."""


def show_list(visit: Visit) -> Response:
    """A page of the list; filter and place stand in the address."""
    tab = visit.query.get("etat", "")
    tab = tab if tab in TABS else ""
    days, wrong = days_of(visit)
    customer = visit.query.get("client", "")
    paging = paging_of(visit, "/ventes", ("etat", "du", "au", "client"))
    with visit.database.read() as connection:
        customer_id = chosen_party(connection, customer, wrong, name="client")
        wanted = WhichSales(first=days.first, last=days.last, customer_id=customer_id, states=TABS[tab][1])
        page = None
        if not wrong:
            page = list_sales_page(connection, wanted, **paging.where)
    return visit.html(
        "sales/list.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=[(name, word, paging.narrowed(etat=name)) for name, (word, _states) in TABS.items()],
        tab=tab,
        days=days,
        customer=customer,
        wrong=wrong,
        parts_of=PARTS,
        is_narrowed=bool(days.first or days.last or customer or tab),
    )


def show_one(visit: Visit) -> Response:
    """One order as a whole."""
    with visit.database.read() as connection:
        order = show_sales_order(connection, visit.params["number"])
    if order is None:
        return faults.page(visit, 404)
    return visit.html("sales/order.html", order=order, words=WORDS, parts_of=PARTS)
