"""Delivery notes (BL) and invoices: the lists, and each as it went out. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_erp.listing.invoices import WhichInvoices, list_invoices
from intergestan_erp.listing.notes import WhichNotes, list_notes, read_invoiced
from intergestan_erp.selling.sales import show_delivery_note, show_invoice
from intergestan_runtime.said import marked
from services.console import faults
from services.console.access.rights import may
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.pages.selling import invoice_path
from services.console.visit import Visit

NOTES, INVOICES = "/bl", "/factures"
NARROWING: Final = ("du", "au", "client")
ALL_OF, STILL_OPEN = marked("All"), marked("Open")
OPEN: Final = "ouvertes"
"""Whether only invoices of which something is open are shown."""


def show_notes(visit: Visit) -> Response:
    """A page of the delivery notes; filter and place stand in the address."""
    paging = paging_of(visit, NOTES, NARROWING)
    with visit.database.read() as connection:
        days, customer_id, wrong = _asked(visit, connection)
        page = None
        if not wrong:
            wanted = WhichNotes(customer_id=customer_id, first=days.first, last=days.last)
            page = list_notes(connection, wanted, **paging.where)
    return visit.html(
        "documents/notes.html", status=422 if wrong else 200, page=page, paging=paging, **_shown(visit, days, wrong)
    )


def show_note(visit: Visit) -> Response:
    """One delivery note."""
    with visit.database.read() as connection:
        note = show_delivery_note(connection, visit.params["number"])
        if note is None:
            return faults.page(visit, 404)
        invoiced = read_invoiced(connection, note.id)
    return visit.html(
        "documents/note.html",
        note=note,
        invoiced=invoiced,
        may_invoice=may(Right.INVOICE, visit.person) and not invoiced.is_all,
        to_invoice=invoice_path([note.number]),
    )


def show_invoices(visit: Visit) -> Response:
    """A page of the invoices; filter and place stand in the address."""
    paging = paging_of(visit, INVOICES, (*NARROWING, OPEN))
    with visit.database.read() as connection:
        days, customer_id, wrong = _asked(visit, connection)
        page = None
        if not wrong:
            only_open = visit.query.get(OPEN) == "1"
            wanted = WhichInvoices(customer_id=customer_id, first=days.first, last=days.last, only_open=only_open)
            page = list_invoices(connection, wanted, **paging.where)
    tabs = [("", ALL_OF, paging.narrowed(ouvertes="")), ("1", STILL_OPEN, paging.narrowed(ouvertes="1"))]
    return visit.html(
        "documents/invoices.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=tabs,
        tab=visit.query.get(OPEN, ""),
        **_shown(visit, days, wrong),
    )


def show_one_invoice(visit: Visit) -> Response:
    """One invoice, as it went out."""
    with visit.database.read() as connection:
        invoice = show_invoice(connection, visit.params["number"])
    if invoice is None:
        return faults.page(visit, 404)
    return visit.html("documents/invoice.html", invoice=invoice)


def _asked(visit: Visit, connection: Connection) -> tuple[Days, int | None, dict[str, str]]:
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    return days, customer_id, wrong


def _shown(visit: Visit, days: Days, wrong: Mapping[str, str]) -> dict[str, Any]:
    narrowed = any(visit.query.get(name, "").strip() for name in (*NARROWING, OPEN))
    return {"days": days, "customer": visit.query.get("client", ""), "wrong": wrong, "is_narrowed": narrowed}
