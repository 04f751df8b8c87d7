"""Invoices and what of them is open: lists, and each as it went out. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.tables import Invoice
from intergestan_erp.listing.entries import entry_of
from intergestan_erp.listing.invoices import (
    AGES,
    ListedInvoice,
    OpenDue,
    WhichInvoices,
    list_due,
    list_invoices,
    read_ages,
)
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.settlements import OnAccount, left_on_account, settled_of
from intergestan_erp.parties.one_party import parties_named
from intergestan_erp.selling.sales import show_invoice
from intergestan_erp.selling.verifying import follows
from intergestan_erp.selling.views import InvoiceView
from intergestan_msg.money import ZERO
from intergestan_operations.language.payment_words import INVOICE_KINDS
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console import faults
from services.console.access.rights import may
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.visit import Visit

INVOICES = "/factures"
NARROWING: Final = ("du", "au", "client")
ALL_OF, STILL_OPEN = marked("All"), marked("Open")
OPEN, DUES = "ouvertes", "echeances"
"""Whether only invoices of which something is open are shown, or their open instalments by the day they fall due."""
BY_INSTALMENT = marked("Instalments")
STATES: Final[Mapping[str, str]] = {
    "to_come": marked("not due yet"),
    "overdue": marked("overdue"),
    "settled": marked("paid in full"),
    "credited": marked("credited in full"),
}
"""How an invoice stands."""
TITLES: Final = (
    *(marked("Number"), marked("Date"), marked("Customer"), marked("Establishment"), marked("Kind")),
    *(marked("Delivery notes"), marked("Total excl. VAT"), marked("Total incl. VAT"), marked("Currency")),
    *(marked("Due date"), marked("Rest"), marked("State")),
)
DUE_TITLES: Final = (
    *(marked("Invoice"), marked("Instalment"), marked("Customer"), marked("Due date"), marked("Amount")),
    *(marked("Settled amount"), marked("Rest"), marked("Currency"), marked("Days late")),
)
"""The columns, as a file has them."""


def show_invoices(visit: Visit) -> Response:
    """A page of the invoices, or of what is open of them; filter and place stand in the address."""
    paging = paging_of(visit, INVOICES, (*NARROWING, OPEN))
    tab = _tab(visit)
    page: Page[ListedInvoice] | Page[OpenDue] | None = None
    ages: Mapping[str, Any] = {}
    with visit.database.read() as connection:
        days, customer_id, wrong = _asked(visit, connection)
        if not wrong:
            wanted = WhichInvoices(customer_id=customer_id, first=days.first, last=days.last, only_open=tab == "1")
            if tab == DUES:
                page, ages = list_due(connection, wanted, **paging.where), read_ages(connection, wanted, visit.today)
            else:
                page = list_invoices(connection, wanted, **paging.where)
    words = {"": ALL_OF, "1": STILL_OPEN, DUES: BY_INSTALMENT}
    return visit.html(
        "documents/invoices.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        ages=ages,
        limits=AGES,
        tabs=[(name, word, paging.narrowed(ouvertes=name)) for name, word in words.items()],
        tab=tab,
        state_of=partial(state_of, today=visit.today),
        states=STATES,
        kinds=INVOICE_KINDS,
        **_shown(visit, days, wrong),
    )


def state_of(row: ListedInvoice, today: date) -> str:
    """How an invoice stands, as a word of `STATES`."""
    if row.credited >= row.total_ttc:
        return "credited"
    if row.next_due is None:
        return "settled"
    return "overdue" if row.next_due < today else "to_come"


def export_invoices(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    tab = _tab(visit)
    with visit.database.read() as connection:
        days, customer_id, wrong = _asked(visit, connection)
    if wrong:
        return visit.go(f"{INVOICES}?{visit.request.url.query}")
    wanted = WhichInvoices(customer_id=customer_id, first=days.first, last=days.last, only_open=tab == "1")
    said = partial(translated, language=visit.language)
    if tab == DUES:

        def dues(connection: Connection, after: str | None) -> Page[OpenDue]:
            return list_due(connection, wanted, size=MOST, after=after)

        due_rows = (
            (
                *(each.invoice, str(each.n), each.customer, visit.day(each.due_date), each.amount),
                *(each.amount - each.open, each.open, each.currency, str(max((visit.today - each.due_date).days, 0))),
            )
            for each in every(visit, dues)
        )
        return as_csv(visit, "echeances", said("Instalments"), [said(title) for title in DUE_TITLES], due_rows)

    def read(connection: Connection, after: str | None) -> Page[ListedInvoice]:
        return list_invoices(connection, wanted, size=MOST, after=after)

    rows = (
        (
            *(each.number, visit.day(each.issue_date), each.customer, str(each.establishment)),
            *(said(INVOICE_KINDS[each.kind]), ", ".join(each.delivery_notes), each.total_ht, each.total_ttc),
            *(each.currency, visit.day(each.due_date), each.open, said(STATES[state_of(each, visit.today)])),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "factures", said("Invoices"), [said(title) for title in TITLES], rows)


def show_one_invoice(visit: Visit) -> Response:
    """One invoice, as it went out, with what settled it and what might."""
    with visit.database.read() as connection:
        invoice = show_invoice(connection, visit.params["number"])
        if invoice is None:
            return faults.page(visit, 404)
        settled = settled_of(connection, invoice.number)
        entry, is_whole = entry_of(connection, Invoice, invoice.number), follows(connection, invoice.number)
        is_open = any(each.open > ZERO for each in invoice.due)
        offered = _offered(connection, invoice) if is_open and may(Right.TAKE_PAYMENTS, visit.person) else []
    credited = sum((each.total_ttc for each in invoice.credit_notes), ZERO)
    return visit.html(
        "documents/invoice.html",
        invoice=invoice,
        settled=settled,
        entry=entry,
        is_whole=is_whole,
        is_open=is_open,
        offered=offered,
        kinds=INVOICE_KINDS,
        may_credit=may(Right.CREDIT_NOTE, visit.person) and credited < invoice.total_ttc,
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
        may_books=may(Right.KEEP_BOOKS, visit.person),
    )


def _offered(connection: Connection, invoice: InvoiceView) -> list[OnAccount]:
    """What lies on account and might settle this invoice."""
    found = parties_named(connection, invoice.customer_code)
    return left_on_account(connection, found[0].id, invoice.accounting_folder) if len(found) == 1 else []


def _tab(visit: Visit) -> str:
    tab = visit.query.get(OPEN, "")
    return tab if tab in {"1", DUES} else ""


def _asked(visit: Visit, connection: Connection) -> tuple[Days, int | None, dict[str, str]]:
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    return days, customer_id, wrong


def _shown(visit: Visit, days: Days, wrong: Mapping[str, str]) -> dict[str, Any]:
    narrowed = any(visit.query.get(name, "").strip() for name in (*NARROWING, OPEN))
    return {"days": days, "customer": visit.query.get("client", ""), "wrong": wrong, "is_narrowed": narrowed}
