"""Delivery notes in pages, the newest first, with what of each is invoiced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    Invoice,
    InvoiceLine,
    Party,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedNote:
    """A line of the list.

    :ivar orders: the sales orders that it is of. :ivar is_invoiced: every line of it is on an invoice.
    """

    number: str
    issue_date: date
    customer_code: str
    customer: str
    orders: tuple[str, ...]
    is_invoiced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichNotes:
    """Which ones; None is not asked, both days are included."""

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None


def list_notes(
    connection: Connection,
    wanted: WhichNotes,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedNote]:
    """A page of them: three statements, however many there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    note = DeliveryNote
    limits: list[ColumnElement[bool]] = []
    if wanted.customer_id is not None:
        limits.append(note.customer_id == wanted.customer_id)
    if wanted.first is not None:
        limits.append(note.issue_date >= wanted.first)
    if wanted.last is not None:
        limits.append(note.issue_date <= wanted.last)
    query = (
        select(note.id.label("note_id"), note.number, note.issue_date, Party.code, Party.name)
        .join(Party, Party.id == note.customer_id)
        .where(*limits)
    )
    place: Any = {"size": size, "after": after, "before": before}
    found = read_page(connection, query, [note.id], lambda row: row[:5], descending=True, **place)
    ids = [row[0] for row in found.rows]
    line = DeliveryNoteLine
    orders: dict[int, list[str]] = {}
    of_orders = (
        select(line.delivery_note_id, SalesOrder.number)
        .join(SalesOrderLine, SalesOrderLine.id == line.sales_order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
        .where(line.delivery_note_id.in_(ids))
        .group_by(line.delivery_note_id, SalesOrder.number, SalesOrder.id)
        .order_by(SalesOrder.id)
    )
    for row in connection.execute(of_orders):
        orders.setdefault(row.delivery_note_id, []).append(row.number)
    open_ids = _not_invoiced(connection, ids)
    rows = (
        ListedNote(number, day, code, name, tuple(orders.get(note_id, ())), note_id not in open_ids)
        for note_id, number, day, code, name in found.rows
    )
    return Page(tuple(rows), found.after, found.before)


def _not_invoiced(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these delivery notes of which some line is on no invoice."""
    line = DeliveryNoteLine
    waiting = select(line.delivery_note_id).where(
        line.delivery_note_id.in_(ids), ~exists().where(InvoiceLine.delivery_note_line_id == line.id)
    )
    return set(connection.execute(waiting.distinct()).scalars())


@dataclass(frozen=True, slots=True)
class NoteInvoiced:
    """What of a delivery note is invoiced: the invoices that are of it, and whether no line waits for one."""

    invoices: tuple[str, ...]
    is_all: bool


def read_invoiced(connection: Connection, note_id: int) -> NoteInvoiced:
    """What of this delivery note is invoiced."""
    numbers = (
        select(Invoice.number)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .where(DeliveryNoteLine.delivery_note_id == note_id)
        .group_by(Invoice.number, Invoice.id)
        .order_by(Invoice.id)
    )
    found = tuple(connection.execute(numbers).scalars())
    return NoteInvoiced(found, note_id not in _not_invoiced(connection, [note_id]))
