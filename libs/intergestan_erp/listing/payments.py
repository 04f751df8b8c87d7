"""Payments in pages, and one of them with all that it settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intergestan_db import states
from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Establishment, Event, Party, Payment
from intergestan_db.views import EventView, viewed
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.listing.settlements import SettledView, settled_by
from intergestan_erp.paying.banking import TO_BE_BANKED
from intergestan_erp.paying.open_amounts import left_of
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """A line of the list. `left`: what lies on account of it; `banked_on`: since when the bank has it.

    :ivar establishment: its number, where the payment was entered.
    """

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
    establishment: int

    @property
    def settled(self) -> Decimal:
        """What of it settles invoices."""
        return self.amount - self.left if self.state == PaymentState.ENTERED else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichPayments:
    """Which ones; None is not asked, both days of receipt are included.

    :ivar on_account: only those of which something is left. :ivar state: only those that stand so.
    :ivar to_bank: only those that the bank may get on this day.
    """

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    on_account: bool = False
    to_bank: date | None = None
    state: PaymentState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """One payment with what it settled, and all that happened to it."""

    number: str
    received_on: date
    due_date: date
    customer_code: str
    customer: str
    amount: Decimal
    method: str
    reference: str | None
    left: Decimal
    state: str
    failed_on: date | None
    banked_on: date | None
    establishment: int
    created_at: datetime
    created_by: str
    settled: Sequence[SettledView]
    events: Sequence[EventView]


def list_payments(
    connection: Connection,
    wanted: WhichPayments,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedPayment]:
    """A page of the payments, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _listed().where(*_limits(wanted))
    place: Any = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [Payment.id], lambda row: ListedPayment(*row[:13]), descending=True, **place)


def one_payment(connection: Connection, number: str) -> ListedPayment:
    """One payment, as the list has it.

    :raises Problem: there is none.
    """
    row = connection.execute(_listed().where(Payment.number == number)).one_or_none()
    if row is None:
        raise Problem("There is no payment {number}.", ProblemCode.NO_PAYMENT, (Act.LIST_PAYMENTS,), number=number)
    return ListedPayment(*row[:13])


def count_payments(connection: Connection, to_bank: date) -> tuple[int, int, int]:
    """How many payments have something on account, are for the bank by this day, and came back unpaid."""
    which = (
        WhichPayments(on_account=True),
        WhichPayments(to_bank=to_bank),
        WhichPayments(state=PaymentState.FAILED),
    )
    parts = (select(func.count()).select_from(Payment).where(*_limits(each)).scalar_subquery() for each in which)
    row = connection.execute(select(*parts)).one()
    return row[0], row[1], row[2]


def sum_payments(connection: Connection, numbers: Sequence[str]) -> tuple[int, Decimal]:
    """How many of these the bank may get, and what they come to."""
    total = func.coalesce(func.sum(Payment.amount), ZERO)
    query = select(func.count(), total).where(Payment.number.in_(numbers), *TO_BE_BANKED)
    row = connection.execute(query).one()
    return row[0], row[1]


def show_payment(connection: Connection, number: str) -> PaymentView | None:
    """One payment as a whole."""
    left = left_of(Payment)
    own = (Party.code.label("customer_code"), Party.name.label("customer"), Establishment.number.label("establishment"))
    query = _with_party(Payment.__table__, left.label("left"), *own).where(Payment.number == number)
    head = connection.execute(query).mappings().one_or_none()
    if head is None:
        return None
    of_payment = Event.subject == states.PAYMENT.name, Event.subject_id == head["id"]
    events = connection.execute(select(*states.TOLD).where(*of_payment).order_by(Event.id)).mappings()
    return viewed(
        *(PaymentView, head),
        settled=settled_by(connection, number),
        events=[viewed(EventView, event) for event in events],
    )


def _listed() -> Any:
    return _with_party(
        *(Payment.number, Payment.received_on, Payment.due_date, Party.code, Party.name, Payment.amount),
        *(Payment.method, Payment.reference, left_of(Payment).label("left"), Payment.state, Payment.failed_on),
        *(Payment.banked_on, Establishment.number.label("establishment")),
    )


def _with_party(*columns: Any) -> Any:
    query = select(*columns).select_from(Payment).join(Party, Party.id == Payment.party_id)
    return query.join(Establishment, Establishment.id == Payment.establishment_id)


def _limits(wanted: WhichPayments) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if wanted.customer_id is not None:
        limits.append(Payment.party_id == wanted.customer_id)
    if wanted.first is not None:
        limits.append(Payment.received_on >= wanted.first)
    if wanted.last is not None:
        limits.append(Payment.received_on <= wanted.last)
    if wanted.on_account:
        limits += [Payment.state == PaymentState.ENTERED, left_of(Payment) > ZERO]
    if wanted.to_bank is not None:
        limits += [*TO_BE_BANKED, Payment.due_date <= wanted.to_bank]
    if wanted.state is not None:
        limits.append(Payment.state == wanted.state)
    return limits
