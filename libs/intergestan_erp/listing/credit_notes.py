"""Credit notes in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.tables import CreditNote, Invoice, Party
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.paying.open_amounts import left_of


@dataclass(frozen=True, slots=True)
class ListedCreditNote:
    """A line of the list. `left`: what of it settles nothing yet."""

    number: str
    issue_date: date
    invoice: str
    customer_code: str
    customer: str
    total_ttc: Decimal
    currency: str
    reason: str
    left: Decimal


def list_credit_notes(
    connection: Connection,
    *,
    customer_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedCreditNote]:
    """A page of the credit notes, the newest first.

    :param customer_id: only those of this customer; `first`, `last`: of these days, both included.
    :raises Problem: `after` is of no such page.
    """
    query = (
        select(
            *(CreditNote.number, CreditNote.issue_date, Invoice.number.label("invoice"), Party.code, Party.name),
            *(CreditNote.total_ttc, CreditNote.currency, CreditNote.reason, left_of(CreditNote).label("left")),
        )
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .join(Party, Party.id == CreditNote.customer_id)
    )
    for limit in (
        CreditNote.customer_id == customer_id if customer_id is not None else None,
        CreditNote.issue_date >= first if first is not None else None,
        CreditNote.issue_date <= last if last is not None else None,
    ):
        if limit is not None:
            query = query.where(limit)
    return read_page(
        connection,
        query,
        [CreditNote.id],
        lambda row: ListedCreditNote(*row[:9]),
        size=size,
        after=after,
        descending=True,
    )
