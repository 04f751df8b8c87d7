"""Credit notes in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from intergestan_db.tables import CreditNote, Establishment, Invoice, Party
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.paying.open_amounts import left_of
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedCreditNote:
    """A line of the list. `invoice`: number of the one that it takes back; `left`: what lies on account of it."""

    number: str
    issue_date: date
    customer_code: str
    customer: str
    invoice: str
    reason: str
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    establishment: int
    left: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichCreditNotes:
    """Which ones; None is not asked, both days are included. `on_account`: only those of which something is left."""

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    on_account: bool = False


def list_credit_notes(
    connection: Connection,
    wanted: WhichCreditNotes,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedCreditNote]:
    """A page of the credit notes, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    note, left = CreditNote, left_of(CreditNote)
    limits: list[ColumnElement[bool]] = []
    if wanted.customer_id is not None:
        limits.append(note.customer_id == wanted.customer_id)
    if wanted.first is not None:
        limits.append(note.issue_date >= wanted.first)
    if wanted.last is not None:
        limits.append(note.issue_date <= wanted.last)
    if wanted.on_account:
        limits.append(left > ZERO)
    query = (
        select(
            *(note.number, note.issue_date, Party.code, Party.name, Invoice.number.label("invoice"), note.reason),
            *(note.total_ht, note.total_ttc, note.currency, Establishment.number.label("establishment")),
            left.label("left"),
        )
        .select_from(note)
        .join(Party, Party.id == note.customer_id)
        .join(Invoice, Invoice.id == note.invoice_id)
        .join(Establishment, Establishment.id == note.establishment_id)
        .where(*limits)
    )
    place: Any = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [note.id], lambda row: ListedCreditNote(*row[:11]), descending=True, **place)
