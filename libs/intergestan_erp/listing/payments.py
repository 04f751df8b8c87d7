"""Payments in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, select

from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, Payment
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.paying.open_amounts import left_of
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """A line of the list. `left`: what lies on account of it; `banked_on`: since when the bank has it."""

    number: str
    received_on: date
    due_date: date
    customer_code: str
    customer: str
    amount: Decimal
    method: PaymentMethod
    reference: str | None
    left: Decimal
    state: PaymentState
    failed_on: date | None
    banked_on: date | None


def list_payments(
    connection: Connection,
    customer_id: int | None = None,
    *,
    on_account: bool = False,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedPayment]:
    """A page of the payments, the newest first.

    :param on_account: only those of which something is left.
    :raises Problem: `after` is of no such page.
    """
    query = _payments()
    if customer_id is not None:
        query = query.where(Payment.party_id == customer_id)
    if on_account:
        query = query.where(left_of(Payment) > ZERO)
    return read_page(
        connection, query, [Payment.id], lambda row: ListedPayment(*row[:12]), size=size, after=after, descending=True
    )


def show_payment(connection: Connection, number: str) -> ListedPayment:
    """One payment.

    :raises Problem: there is none.
    """
    row = connection.execute(_payments().where(Payment.number == number)).one_or_none()
    if row is None:
        raise Problem("There is no payment {number}.", ProblemCode.NO_PAYMENT, (Act.LIST_PAYMENTS,), number=number)
    return ListedPayment(*row[:12])


def _payments() -> Select[*tuple[Any, ...]]:
    return select(
        *(Payment.number, Payment.received_on, Payment.due_date, Party.code, Party.name, Payment.amount),
        *(Payment.method, Payment.reference, left_of(Payment).label("left"), Payment.state, Payment.failed_on),
        Payment.banked_on,
    ).join(Party, Party.id == Payment.party_id)
