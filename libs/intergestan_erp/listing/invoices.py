"""Invoices in pages, and what of them is open, by the day on which it falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import InvoiceKind
from intergestan_db.tables import (
    CreditNote,
    DeliveryNote,
    DeliveryNoteLine,
    Establishment,
    Invoice,
    InvoiceDue,
    InvoiceLine,
    Party,
)
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.paying.open_amounts import open_amount, settled_amount
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """A line of the list. `credited`: what credit notes took back; `open`: what nothing settles yet.

    :ivar establishment: its number. :ivar next_due: the first day on which something open of it falls due.
    :ivar delivery_notes: their numbers.
    """

    number: str
    issue_date: date
    customer_code: str
    customer: str
    total_ttc: Decimal
    currency: str
    due_date: date
    credited: Decimal
    open: Decimal
    total_ht: Decimal
    kind: InvoiceKind
    establishment: int
    next_due: date | None
    delivery_notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenDue:
    """An instalment that is open."""

    customer_code: str
    customer: str
    invoice: str
    n: int
    due_date: date
    amount: Decimal
    open: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichInvoices:
    """Which invoices, or instalments, to list; both days are included.

    :ivar first, last: of invoices' days, or of the days on which instalments fall due.
    :ivar run_id: the run of deferred invoicing that made them.
    """

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    only_open: bool = False
    run_id: int | None = None


def list_invoices(
    connection: Connection,
    wanted: WhichInvoices,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedInvoice]:
    """A page of the invoices, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    still = (
        select(func.coalesce(func.sum(open_amount()), ZERO))
        .where(InvoiceDue.invoice_id == Invoice.id)
        .correlate(Invoice.__table__)
        .scalar_subquery()
    )
    credited = (
        select(func.coalesce(func.sum(CreditNote.total_ttc), ZERO))
        .where(CreditNote.invoice_id == Invoice.id)
        .correlate(Invoice.__table__)
        .scalar_subquery()
    )
    next_due = (
        select(func.min(InvoiceDue.due_date))
        .where(InvoiceDue.invoice_id == Invoice.id, InvoiceDue.amount > settled_amount())
        .correlate(Invoice.__table__)
        .scalar_subquery()
    )
    limits: list[ColumnElement[bool]] = _of_customer(wanted)
    if wanted.first is not None:
        limits.append(Invoice.issue_date >= wanted.first)
    if wanted.last is not None:
        limits.append(Invoice.issue_date <= wanted.last)
    if wanted.only_open:
        limits.append(still > ZERO)
    if wanted.run_id is not None:
        limits.append(Invoice.invoice_run_id == wanted.run_id)
    query = (
        select(
            *(Invoice.number, Invoice.issue_date, Party.code, Party.name, Invoice.total_ttc, Invoice.currency),
            *(Invoice.due_date, credited.label("credited"), still.label("still"), Invoice.total_ht, Invoice.kind),
            *(Establishment.number.label("establishment"), next_due.label("next_due"), Invoice.id),
        )
        .join(Party, Party.id == Invoice.customer_id)
        .join(Establishment, Establishment.id == Invoice.establishment_id)
        .where(*limits)
    )
    place: Any = {"size": size, "after": after, "before": before}
    found = read_page(connection, query, [Invoice.id], lambda row: row, descending=True, **place)
    notes = _notes_of(connection, [row.id for row in found.rows])
    rows = tuple(_listed(row, notes.get(row.id, [])) for row in found.rows)
    return Page(rows, found.after, found.before)


def _listed(row: AnyRow, notes: list[str]) -> ListedInvoice:
    values: tuple[Any, ...] = (*row[:13], tuple(notes))
    return ListedInvoice(*values)


def _notes_of(connection: Connection, invoice_ids: list[int]) -> dict[int, list[str]]:
    """The numbers of the delivery notes that each invoice is for."""
    query = (
        select(InvoiceLine.invoice_id, DeliveryNote.number)
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .where(InvoiceLine.invoice_id.in_(invoice_ids))
        .group_by(InvoiceLine.invoice_id, DeliveryNote.id, DeliveryNote.number)
        .order_by(DeliveryNote.id)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(query) if invoice_ids else ():
        found.setdefault(row.invoice_id, []).append(row.number)
    return found


def list_due(
    connection: Connection,
    wanted: WhichInvoices,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[OpenDue]:
    """A page of the instalments that are open, the oldest due first.

    :raises Problem: `after` or `before` is of no such page.
    """
    limits = _of_dues(wanted)
    query = (
        select(
            *(Party.code, Party.name, Invoice.number, InvoiceDue.n, InvoiceDue.due_date, InvoiceDue.amount),
            *(open_amount().label("open"), Invoice.currency),
        )
        .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
        .join(Party, Party.id == Invoice.customer_id)
        .where(*limits)
    )
    keys: list[Any] = [InvoiceDue.due_date, InvoiceDue.id]
    return read_page(
        connection,
        query,
        keys,
        lambda row: OpenDue(*row[:8]),
        size=size,
        after=after,
        before=before,
    )


AGES = (0, 30, 60, 90)
"""The days after which what is open belongs to the next age."""


def read_ages(connection: Connection, wanted: WhichInvoices, today: date) -> dict[str, tuple[Decimal, ...]]:
    """What is open by currency: not due yet, then by how late it is, each age up to so many days."""
    days = [today - timedelta(days=age) for age in AGES]
    age = case(*((InvoiceDue.due_date >= day, place) for place, day in enumerate(days)), else_=len(AGES))
    query = (
        select(Invoice.currency, age.label("age"), func.sum(open_amount()).label("open"))
        .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
        .where(*_of_dues(wanted))
        .group_by(Invoice.currency, age)
        .order_by(Invoice.currency)
    )
    found: dict[str, list[Decimal]] = {}
    for row in connection.execute(query):
        found.setdefault(row.currency, [ZERO] * (len(AGES) + 1))[row.age] = row.open
    return {currency: tuple(sums) for currency, sums in found.items()}


def _of_dues(wanted: WhichInvoices) -> list[ColumnElement[bool]]:
    limits = [InvoiceDue.amount > settled_amount(), *_of_customer(wanted)]
    if wanted.first is not None:
        limits.append(InvoiceDue.due_date >= wanted.first)
    if wanted.last is not None:
        limits.append(InvoiceDue.due_date <= wanted.last)
    return limits


def _of_customer(wanted: WhichInvoices) -> list[ColumnElement[bool]]:
    return [] if wanted.customer_id is None else [Invoice.customer_id == wanted.customer_id]
