"""Sales orders: the list, and one order. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right, SalesState
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.sales import ListedSale, WhichSales, list_sales_page
from intergestan_erp.selling.sales import show_sales_order
from intergestan_erp.selling.views import SalesOrderView
from intergestan_erp.stock.waiting import sets_aside
from intergestan_operations.language.happenings import WORDS
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console import faults
from services.console.access.rights import may
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.pages.selling import invoice_path
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


NARROWING: Final = ("etat", "du", "au", "client")
"""The fields of the list's filter."""


def show_list(visit: Visit) -> Response:
    """A page of the list; filter and place stand in the address."""
    tab, customer = _tab(visit), visit.query.get("client", "")
    paging = paging_of(visit, "/ventes", NARROWING)
    with visit.database.read() as connection:
        days, wanted, wrong = _asked(visit, connection)
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
        is_narrowed=any(paging.narrowing.values()),
        may_sell=may(Right.SELL, visit.person),
    )


def export(visit: Visit) -> Response:
    """All that the list shows page by page, as a file."""
    with visit.database.read() as connection:
        _days, wanted, wrong = _asked(visit, connection)
    if wrong:
        return visit.go(f"/ventes?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedSale]:
        return list_sales_page(connection, wanted, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.number, visit.day(each.issue_date), each.customer, each.customer_order_number, each.total_ht),
            *(each.total_ttc, each.currency, said(each.state), said(PARTS[each.delivered]), said(PARTS[each.invoiced])),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "ventes", said("Sales orders"), [said(title) for title in TITLES], rows)


TITLES: Final = (
    *(marked("Order number"), marked("Date"), marked("Customer"), marked("Their number"), marked("Total excl. VAT")),
    *(marked("Total incl. VAT"), marked("Currency"), marked("State"), marked("Delivered"), marked("Invoiced")),
)
"""The columns of the list, as a file has them."""


def _tab(visit: Visit) -> str:
    tab = visit.query.get("etat", "")
    return tab if tab in TABS else ""


def _asked(visit: Visit, connection: Connection) -> tuple[Days, WhichSales, dict[str, str]]:
    """What the address asks for, and what in it is none, by the name of its field."""
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    states = TABS[_tab(visit)][1]
    return days, WhichSales(first=days.first, last=days.last, customer_id=customer_id, states=states), wrong


def show_one(visit: Visit) -> Response:
    """One order as a whole."""
    with visit.database.read() as connection:
        order = show_sales_order(connection, visit.params["number"])
        reserves = order is not None and sets_aside(connection, order.number)
    if order is None:
        return faults.page(visit, 404)
    return visit.html(
        "sales/order.html", order=order, words=WORDS, parts_of=PARTS, reserves=reserves, **_acts(visit, order)
    )


def _acts(visit: Visit, order: SalesOrderView) -> dict[str, Any]:
    return {
        "may_sell": may(Right.SELL, visit.person),
        "may_invoice": may(Right.INVOICE, visit.person),
        "to_invoice": invoice_path([order.number]),
    }
