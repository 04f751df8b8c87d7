"""Purchase orders: the list with the columns of the sending screen (G10), and one order. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from intergestan_db.enums import PurchaseState
from intergestan_db.problem import Problem
from intergestan_erp.listing.purchase import choices, list_purchases
from intergestan_erp.purchasing.purchase_orders import Selection, show_order
from intergestan_operations.language.happenings import CHANGES, WORDS
from intergestan_runtime.said import marked
from services.console import faults
from services.console.pages.filters import Paging, chosen_login, chosen_party, days_of, paging_of
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


def show_list(visit: Visit) -> Response:
    """A page of the list; filter and place stand in the address."""
    tab = visit.query.get("etat", "")
    tab = tab if tab in TABS else ""
    days, wrong = days_of(visit)
    with visit.database.read() as connection:
        suppliers, people = choices(connection)
        supplier, followed = visit.query.get("fournisseur", ""), visit.query.get("suivi", "")
        supplier_id = chosen_party(connection, supplier, wrong)
        followed_id = chosen_login(connection, visit, followed, wrong)
        wanted = Selection(
            first=days.first, last=days.last, supplier_id=supplier_id, followed_by_id=followed_id, everything=True
        )
        paging = paging_of(visit, "/commandes", ("etat", "du", "au", "fournisseur", "suivi"))
        page = None
        if not wrong:
            page = list_purchases(connection, wanted, states=TABS[tab][1], newest_first=True, **paging.where)
    return visit.html(
        "orders/list.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=_tabs(paging),
        tab=tab,
        days=days,
        supplier=supplier,
        suppliers=suppliers,
        followed=followed,
        people=people,
        wrong=wrong,
        is_narrowed=bool(days.first or days.last or supplier or followed or tab),
    )


def show_one(visit: Visit) -> Response:
    """One order as a whole."""
    try:
        with visit.database.read() as connection:
            order = show_order(connection, visit.params["number"])
    except Problem:
        return faults.page(visit, 404)
    return visit.html("orders/order.html", order=order, words=WORDS, changes=CHANGES)


def _tabs(paging: Paging) -> list[tuple[str, str, str]]:
    return [(name, word, paging.narrowed(etat=name)) for name, (word, _states) in TABS.items()]
