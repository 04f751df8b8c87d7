"""Delivery notes (BL) and what came back of them (A26, D44, D51)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_erp.listing.notes import WhichNotes, list_notes, read_invoiced
from intergestan_erp.picking.returns import list_returns
from intergestan_erp.selling.sales import show_delivery_note
from intergestan_runtime.said import marked
from services.console import faults
from services.console.access.rights import may
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.pages.selling import invoice_path
from services.console.visit import Visit

PATH: Final = "/bl"
TAB, MONTHLY = "montrer", "mensuels"
NARROWING: Final = (TAB, "du", "au", "client", MONTHLY)
RETURNS, UNCREDITED = "retours", "sans-avoir"
TABS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "": (marked("All"), {}),
    "a-facturer": (marked("To be invoiced"), {"to_invoice": True}),
    "non-facturables": (marked("Not billable"), {"billable": False}),
    "transit": (marked("In transit"), {"in_transit": True}),
    RETURNS: (marked("Returns"), {}),
    UNCREDITED: (marked("Returns without credit note"), {}),
}
"""What is shown, by the word in the address."""
_BEFORE_ALERT: Final = timedelta(days=2)
"""So long before the end of a month it is told that delivery notes of its customers are not invoiced."""


def note_path(number: str, act: str = "") -> str:
    """The address of a delivery note, or of one of its acts."""
    return f"{PATH}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def return_path(number: str, act: str = "") -> str:
    """The address of a return, or of one of its acts."""
    return f"/retours/{quote(number, safe='')}" + (f"/{act}" if act else "")


def show_notes(visit: Visit) -> Response:
    """A page of the delivery notes, or of what came back; filter and place stand in the address."""
    tab = visit.query.get(TAB, "")
    tab = tab if tab in TABS else ""
    paging = paging_of(visit, PATH, NARROWING)
    page = returns = None
    with visit.database.read() as connection:
        days, customer_id, wrong = _asked(visit, connection)
        if tab in {RETURNS, UNCREDITED}:
            returns = list_returns(connection, uncredited=tab == UNCREDITED, **paging.where)
        elif not wrong:
            rest: dict[str, Any] = {**TABS[tab][1], "monthly": visit.query.get(MONTHLY) == "1"}
            wanted = WhichNotes(customer_id=customer_id, first=days.first, last=days.last, **rest)
            page = list_notes(connection, wanted, **paging.where)
    narrowed = [name for name in NARROWING if name != TAB and visit.query.get(name, "").strip()]
    return visit.html(
        "documents/notes.html",
        status=422 if wrong else 200,
        page=page,
        returns=returns,
        paging=paging,
        tabs=[(name, word, paging.narrowed(montrer=name)) for name, (word, _limits) in TABS.items()],
        tab=tab,
        days=days,
        customer=visit.query.get("client", ""),
        wrong=wrong,
        is_narrowed=bool(narrowed),
        month_end=paging.narrowed(
            montrer="a-facturer", mensuels="1", du="", au=before_month_ends(visit.today).isoformat()
        ),
        to_return=return_path,
    )


def before_month_ends(today: date) -> date:
    """The day at which the alarm looks: two before the last one of the month."""
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1) - _BEFORE_ALERT


def show_note(visit: Visit) -> Response:
    """One delivery note."""
    with visit.database.read() as connection:
        note = show_delivery_note(connection, visit.params["number"])
        if note is None:
            return faults.page(visit, 404)
        invoiced = read_invoiced(connection, note.id)
    may_sell = may(Right.SELL, visit.person)
    return visit.html(
        "documents/note.html",
        note=note,
        invoiced=invoiced,
        may_invoice=may(Right.INVOICE, visit.person) and not invoiced.is_all and not invoiced.pair,
        may_return=may_sell and not invoiced.pair and any(line.quantity > line.returned for line in note.lines),
        may_receive=may_sell,
        to_invoice=invoice_path([note.number]),
        to_return=return_path,
        return_it=note_path(note.number, "retour"),
    )


def _asked(visit: Visit, connection: Connection) -> tuple[Days, int | None, dict[str, str]]:
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    return days, customer_id, wrong
