"""Purchase orders: the list with the columns of the sending screen (G10), and one order. `order_entry` changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import PurchaseState, Right
from intergestan_db.problem import Problem
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.purchase import ListedPurchase, choices, list_purchases
from intergestan_erp.purchasing.purchase_orders import Selection, show_order
from intergestan_exchange.outbox.choosing import sending_warnings
from intergestan_operations.language.happenings import CHANGES, WORDS
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console import faults
from services.console.access.rights import may
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, Paging, chosen_login, chosen_party, days_of, paging_of
from services.console.visit import Visit

TABS: Final[Mapping[str, tuple[str, tuple[PurchaseState, ...]]]] = {
    "": (marked("All"), ()),
    "brouillons": (marked("Drafts"), (PurchaseState.DRAFT,)),
    "a-envoyer": (marked("To send"), (PurchaseState.CONFIRMED,)),
    "en-attente": (marked("Waiting"), (PurchaseState.TRANSMITTING, PurchaseState.WAITING)),
    "terminees": (
        marked("Done"),
        (PurchaseState.ACCEPTED, PurchaseState.CHANGED, PurchaseState.REJECTED, PurchaseState.CANCELLED),
    ),
}
"""What the list may be narrowed to by state, by the word in its address."""
_BEFORE_IT_LEAVES: Final = frozenset({PurchaseState.DRAFT, PurchaseState.CONFIRMED})
NARROWING: Final = ("etat", "du", "au", "fournisseur", "suivi")
"""The fields of its filter."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for; `wrong`: what in it is none, by the name of its field."""

    tab: str
    days: Days
    supplier: str
    followed: str
    wanted: Selection
    wrong: Mapping[str, str]


def show_list(visit: Visit) -> Response:
    """A page of the list; filter and place stand in the address."""
    with visit.database.read() as connection:
        asked = _asked(visit, connection)
        suppliers, people = choices(connection)
        paging = paging_of(visit, "/commandes", NARROWING)
        page = None
        if not asked.wrong:
            page = list_purchases(
                connection, asked.wanted, states=TABS[asked.tab][1], newest_first=True, **paging.where
            )
    return visit.html(
        "orders/list.html",
        status=422 if asked.wrong else 200,
        page=page,
        paging=paging,
        tabs=_tabs(paging),
        tab=asked.tab,
        days=asked.days,
        supplier=asked.supplier,
        suppliers=suppliers,
        followed=asked.followed,
        people=people,
        wrong=asked.wrong,
        is_narrowed=any(paging.narrowing.values()),
        may_enter=may(Right.SEND_ORDERS, visit.person),
    )


def export(visit: Visit) -> Response:
    """All that the list shows page by page, as a file."""
    with visit.database.read() as connection:
        asked = _asked(visit, connection)
    if asked.wrong:
        return visit.go(f"/commandes?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedPurchase]:
        return list_purchases(
            connection, asked.wanted, states=TABS[asked.tab][1], newest_first=True, size=MOST, after=after
        )

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.number, visit.day(each.issue_date), each.note, each.total_ht, each.total_ttc, each.currency),
            *(said(each.state), each.contact, each.supplier, each.line1, each.postcode, each.city),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "commandes", said("Purchase orders"), [said(title) for title in TITLES], rows)


TITLES: Final = (
    *(marked("Number"), marked("Date"), marked("Note"), marked("Total excl. VAT"), marked("Total incl. VAT")),
    *(marked("Currency"), marked("State"), marked("Name"), marked("Supplier"), marked("Address 1")),
    *(marked("Postcode"), marked("City")),
)
"""The columns of the list (G10), as a file has them."""


def _asked(visit: Visit, connection: Connection) -> _Asked:
    tab = visit.query.get("etat", "")
    days, wrong = days_of(visit)
    supplier, followed = visit.query.get("fournisseur", ""), visit.query.get("suivi", "")
    wanted = Selection(
        first=days.first,
        last=days.last,
        supplier_id=chosen_party(connection, supplier, wrong),
        followed_by_id=chosen_login(connection, visit, followed, wrong),
        everything=True,
    )
    return _Asked(tab if tab in TABS else "", days, supplier, followed, wanted, wrong)


def show_one(visit: Visit) -> Response:
    """One order as a whole."""
    try:
        with visit.database.read() as connection:
            order = show_order(connection, visit.params["number"])
            odd = sending_warnings(connection, [order.id]) if order.state in _BEFORE_IT_LEAVES else {}
    except Problem:
        return faults.page(visit, 404)
    return visit.html(
        "orders/order.html",
        order=order,
        words=WORDS,
        changes=CHANGES,
        odd=odd.get(order.id, ()),
        may_enter=may(Right.SEND_ORDERS, visit.person),
    )


def _tabs(paging: Paging) -> list[tuple[str, str, str]]:
    return [(name, word, paging.narrowed(etat=name)) for name, (word, _states) in TABS.items()]
