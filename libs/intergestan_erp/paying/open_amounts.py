"""What is open of instalments, and what is left of payments and credit notes.

A settlement counts unless its payment came back unpaid or was cancelled. Whoever decides by these sums holds the lock
of the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, type_coerce

from intergestan_db.enums import PaymentState
from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Payment, Settlement
from intergestan_db.tables.types import Scaled
from intergestan_msg.money import ZERO

_AMOUNT = Scaled(2)
"""The type of amounts, which a difference of two of them does not have by itself."""


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """An instalment with what is open of it."""

    id: int
    invoice: str
    n: int
    due_date: date
    open: Decimal


def settled_amount() -> ColumnElement[Any]:
    """What is settled of an instalment, in a query about `InvoiceDue`."""
    counts = or_(Settlement.credit_note_id.is_not(None), Payment.state == PaymentState.ENTERED)
    return (
        select(func.coalesce(func.sum(Settlement.amount), ZERO))
        .select_from(Settlement.__table__.outerjoin(Payment.__table__, Payment.id == Settlement.payment_id))
        .where(Settlement.invoice_due_id == InvoiceDue.id, counts)
        .correlate(InvoiceDue.__table__)
        .scalar_subquery()
    )


def open_amount() -> ColumnElement[Any]:
    """What is open of an instalment, in a query about `InvoiceDue`."""
    return type_coerce(InvoiceDue.amount - settled_amount(), _AMOUNT)


def left_of(of: type[Payment | CreditNote]) -> ColumnElement[Any]:
    """What is left of a payment or a credit note, in a query about it; nothing of a payment that does not stand."""
    if of is CreditNote:
        return type_coerce(CreditNote.total_ttc - used_amount(of), _AMOUNT)
    stands = Payment.state == PaymentState.ENTERED
    return type_coerce(case((stands, Payment.amount - used_amount(of)), else_=0), _AMOUNT)


def used_amount(of: type[Payment | CreditNote]) -> ColumnElement[Any]:
    """What a payment or a credit note settled, in a query about it."""
    mine = Settlement.payment_id if of is Payment else Settlement.credit_note_id
    query = select(func.coalesce(func.sum(Settlement.amount), ZERO)).where(mine == of.id)
    return query.correlate(of.__table__).scalar_subquery()


def open_instalments(connection: Connection, customer_id: int, invoice_ids: Sequence[int] = ()) -> list[OpenInstalment]:
    """What a customer's invoices leave open, the oldest due first; of some of them alone, if any are named."""
    of_customer = and_(Invoice.customer_id == customer_id, InvoiceDue.amount > settled_amount())
    query = (
        select(
            *(InvoiceDue.id, Invoice.number, InvoiceDue.n, InvoiceDue.due_date, open_amount().label("open")),
        )
        .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
        .where(of_customer, *((Invoice.id.in_(invoice_ids),) if invoice_ids else ()))
        .order_by(InvoiceDue.due_date, Invoice.id, InvoiceDue.n)
    )
    return [OpenInstalment(*row) for row in connection.execute(query)]
