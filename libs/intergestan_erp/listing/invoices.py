"""Invoices in pages, and what of them is open, by the day on which it falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Party
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.paying.open_amounts import open_amount, settled_amount
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """A line of the list. `credited`: what credit notes took back; `open`: what nothing settles yet."""

    number: str
    issue_date: date
    customer_code: str
    customer: str
    total_ttc: Decimal
    currency: str
    due_date: date
    credited: Decimal
    open: Decimal


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

    :ivar first: of invoices' days; `last`: of their days, or of the days on which instalments fall due.
    """

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    only_open: bool = False


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
    limits: list[ColumnElement[bool]] = _of_customer(wanted)
    if wanted.first is not None:
        limits.append(Invoice.issue_date >= wanted.first)
    if wanted.last is not None:
        limits.append(Invoice.issue_date <= wanted.last)
    if wanted.only_open:
        limits.append(still > ZERO)
    query = (
        select(
            *(Invoice.number, Invoice.issue_date, Party.code, Party.name, Invoice.total_ttc, Invoice.currency),
            *(Invoice.due_date, credited.label("credited"), still.label("still")),
        )
        .join(Party, Party.id == Invoice.customer_id)
        .where(*limits)
    )
    place: Any = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [Invoice.id], lambda row: ListedInvoice(*row[:9]), descending=True, **place)


def list_due(
    connection: Connection, wanted: WhichInvoices, *, size: int = USUAL, after: str | None = None
) -> Page[OpenDue]:
    """A page of the instalments that are open, the oldest due first.

    :raises Problem: `after` is of no such page.
    """
    limits = [InvoiceDue.amount > settled_amount(), *_of_customer(wanted)]
    if wanted.last is not None:
        limits.append(InvoiceDue.due_date <= wanted.last)
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
    )


def _of_customer(wanted: WhichInvoices) -> list[ColumnElement[bool]]:
    return [] if wanted.customer_id is None else [Invoice.customer_id == wanted.customer_id]
