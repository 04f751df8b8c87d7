"""Payments of customers: entering them, what they settle, and those that come back unpaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from intergestan_db import numbers, states
from intergestan_db.database import AnyRow
from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Payment, Settlement
from intergestan_erp.agencies.belonging import establishment_at, folder_of
from intergestan_erp.agencies.places import Place
from intergestan_erp.books.lettering import letter_closed, unletter
from intergestan_erp.books.posting import post_cancelled, post_failed, post_payments
from intergestan_erp.inputs.days import years_later
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.paying.open_amounts import left_of
from intergestan_erp.paying.settling import Settled, Source, letter_settled, settle_from, told
from intergestan_erp.paying.shares import Share, in_cents
from intergestan_erp.site.day import site_day
from intergestan_erp.site.zone import read_zone
from intergestan_msg.identity import nfc

_YEARS_AHEAD = 2
_LONGEST_REFERENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment as a person enters it, in the site's currency.

    :ivar received_on: None is today; `due_date`: when a bill brings the money, None is the day of receipt.
    :ivar reference: of the cheque, the bill or the transfer; no two of a customer's payments of a method share one.
    """

    amount: Decimal
    method: PaymentMethod
    received_on: date | None = None
    due_date: date | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A payment that does not count any more.

    :ivar reopened: the invoices that it had settled.
    :ivar freed: nobody, because nobody owes less by it.
    """

    number: str
    reopened: tuple[str, ...]
    freed: Freed


def add(
    connection: Connection,
    customer_id: int,
    new: NewPayment,
    shares: Sequence[Share] | None = None,
    *,
    place: Place | None = None,
    by: str,
    at: datetime,
) -> Settled:
    """Enter a payment, and settle instalments with it; what is left lies on account.

    It settles invoices in the books of the place where it is entered (D59).

    :param shares: as a person shares it out; None: the oldest due first.
    :param place: where it is entered; None: where the site usually is.
    :raises Problem: the amount, a day or the reference is none, an invoice is none of the customer's, or more would be
        settled than is open; nothing is entered then.
    """
    amount = in_cents(new.amount)
    today = site_day(read_zone(connection), at)
    received_on = new.received_on or today
    due_date = new.due_date or received_on
    _check_days(received_on, due_date, today)
    reference = nfc((new.reference or "").strip()) or None
    lock_parties(connection, [customer_id])
    if reference is not None:
        _check_reference(connection, customer_id, new.method, reference)
    (number,) = numbers.take(connection, numbers.PAYMENTS, 1)
    values = {"party_id": customer_id, "received_on": received_on, "due_date": due_date, "amount": amount}
    payment_id = connection.execute(
        insert(Payment)
        .values(
            **values,
            number=number,
            establishment_id=establishment_at(place),
            method=new.method,
            reference=reference,
            state=states.PAYMENT.first,
            created_at=at,
            created_by=by,
        )
        .returning(Payment.id)
    ).scalar_one()
    (posted,) = post_payments(connection, [payment_id], today)
    source = Source(Payment, payment_id, number, customer_id, posted.folder_id, amount)
    settled = settle_from(connection, source, shares, on=today, at=at)
    letter_settled(connection, source, settled, today)
    detail = {"amount": f"{amount:.2f}", "settled": told(settled)}
    entered = [(payment_id, None, states.PAYMENT.first)]
    states.record(connection, states.PAYMENT.name, entered, "enter", by=by, at=at, detail=detail)
    return settled


def settle(
    connection: Connection, typed: str, shares: Sequence[Share] | None = None, *, by: str, at: datetime
) -> Settled:
    """Settle instalments with what lies on account of a payment or of a credit note.

    :param shares: as a person shares it out; None: the oldest due first.
    :raises Problem: there is no such payment, it came back unpaid or was cancelled, or more would be settled than is
        open or left; nothing is settled then.
    """
    number = as_stored(connection, typed, Payment.number, CreditNote.number)
    lock_parties(connection, [customer_of(connection, number)])
    source = _payment_left(connection, number) or _credit_left(connection, number)
    today = site_day(read_zone(connection), at)
    settled = settle_from(connection, source, shares, on=today, at=at)
    letter_settled(connection, source, settled, today)
    if settled.parts:
        detail = {"settled": told(settled)}
        states.record(
            connection, source.kind.__tablename__, [(source.id, None, None)], "settle", by=by, at=at, detail=detail
        )
    return settled


def customer_of(connection: Connection, typed: str) -> int:
    """Whose payment or credit note this is, read without a lock: customers are locked before.

    :raises Problem: there is none of this number.
    """
    number = as_stored(connection, typed, Payment.number, CreditNote.number)
    customer_id = connection.execute(select(Payment.party_id).where(Payment.number == number)).scalar()
    if customer_id is None:
        query = select(CreditNote.customer_id).where(CreditNote.number == number)
        customer_id = connection.execute(query).scalar()
    if customer_id is None:
        raise no_payment(typed)
    return int(customer_id)


def fail(connection: Connection, typed: str, on: date | None = None, *, by: str, at: datetime) -> TakenBack:
    """Note that a payment came back unpaid (impayé): from that day on it settles nothing any more.

    :param on: None is today.
    :raises Problem: there is no such payment, it does not stand, or the day cannot be; nothing is changed then.
    """
    payment = _lock(connection, typed)
    today = site_day(read_zone(connection), at)
    day = on or today
    if not payment.received_on <= day <= today:
        raise Problem(
            "{number} was received on {received}, so it cannot have come back on {day}. Nothing was changed.",
            ProblemCode.NO_DAY,
            number=payment.number,
            received=payment.received_on,
            day=day,
        )
    _check_stands(payment)
    states.move(connection, states.PAYMENT, [payment.id], "fail", by=by, at=at, failed_on=day)
    post_failed(connection, payment.id, today, day)
    _letter_alone(connection, payment.id, "failed", today)
    return _taken_back(connection, payment)


def cancel(connection: Connection, typed: str, *, by: str, at: datetime) -> TakenBack:
    """Take back a payment that was entered by mistake, on the day of its entry.

    :raises Problem: there is no such payment, it does not stand, or it was entered before; nothing is changed then.
    """
    payment = _lock(connection, typed)
    zone = read_zone(connection)
    _check_stands(payment)
    entered_on = site_day(zone, payment.created_at)
    if entered_on != site_day(zone, at):
        raise Problem(
            "A payment is cancelled on the day of its entry alone, and {number} was entered on {day}. Nothing was "
            "changed.",
            ProblemCode.PAYMENT_STANDS,
            (Act.FAIL_PAYMENT,),
            number=payment.number,
            day=entered_on,
        )
    if payment.banked_on is not None:
        raise Problem(
            "The bank has {number} since {day}. Nothing was changed.",
            ProblemCode.PAYMENT_STANDS,
            (Act.FAIL_PAYMENT,),
            number=payment.number,
            day=payment.banked_on,
        )
    states.move(connection, states.PAYMENT, [payment.id], "cancel", by=by, at=at)
    post_cancelled(connection, payment.id, site_day(zone, at))
    _letter_alone(connection, payment.id, "cancelled", site_day(zone, at))
    return _taken_back(connection, payment)


def is_of_today(connection: Connection, entered_at: datetime, at: datetime) -> bool:
    """Whether a payment was entered today, so that it may be cancelled."""
    zone = read_zone(connection)
    return site_day(zone, entered_at) == site_day(zone, at)


def _check_days(received_on: date, due_date: date, today: date) -> None:
    if received_on > today:
        raise Problem(
            "A payment is entered once it is there: {day} has not come yet. Nothing was entered.",
            ProblemCode.NO_DAY,
            day=received_on,
        )
    if due_date > years_later(received_on, _YEARS_AHEAD):
        raise Problem(
            "A payment that was received on {received} is due within {years} years, not on {day}. Nothing was entered.",
            ProblemCode.NO_DAY,
            received=received_on,
            years=_YEARS_AHEAD,
            day=due_date,
        )


def _check_reference(connection: Connection, customer_id: int, method: PaymentMethod, reference: str) -> None:
    if len(reference) > _LONGEST_REFERENCE:
        raise Problem(
            "A reference has at most {most} characters. Nothing was entered.",
            ProblemCode.NO_VALUE,
            most=_LONGEST_REFERENCE,
        )
    same = Payment.party_id == customer_id, Payment.method == method, Payment.reference == reference
    query = select(Payment.number).where(*same, Payment.state != PaymentState.CANCELLED)
    if (before := connection.execute(query).scalar()) is not None:
        raise Problem(
            "{number} of the same customer has the reference «{reference}» already. Nothing was entered.",
            ProblemCode.PAYMENT_TWICE,
            (Act.LIST_PAYMENTS,),
            number=before,
            reference=reference,
        )


def _lock(connection: Connection, typed: str) -> AnyRow:
    """A payment, read once its customer is locked."""
    number = as_stored(connection, typed, Payment.number)
    query = select(Payment.__table__).where(Payment.number == number)
    if (found := connection.execute(query).one_or_none()) is None:
        raise no_payment(typed)
    lock_parties(connection, [found.party_id])
    return connection.execute(query).one()


def _letter_alone(connection: Connection, payment_id: int, undone: str, on: date) -> None:
    """In the books a payment that does not count cancels out with what undid it, and no longer with invoices."""
    own = f"payment:{payment_id}"
    unletter(connection, [own])
    letter_closed(connection, [own, f"{undone}:{payment_id}"], on)


def _taken_back(connection: Connection, payment: AnyRow) -> TakenBack:
    query = (
        select(Invoice.number)
        .join(InvoiceDue, InvoiceDue.invoice_id == Invoice.id)
        .join(Settlement, Settlement.invoice_due_id == InvoiceDue.id)
        .where(Settlement.payment_id == payment.id)
        .group_by(Invoice.id, Invoice.number)
        .order_by(Invoice.id)
    )
    return TakenBack(payment.number, tuple(connection.execute(query).scalars()), Freed())


def _check_stands(payment: AnyRow) -> None:
    """Refuse what does not count any more.

    :raises Problem: the payment came back unpaid, or was taken back.
    """
    if payment.state == PaymentState.FAILED:
        raise Problem(
            "{number} came back unpaid on {day}. Nothing was changed.",
            ProblemCode.PAYMENT_STANDS,
            number=payment.number,
            day=payment.failed_on,
        )
    if payment.state == PaymentState.CANCELLED:
        raise Problem(
            "{number} was taken back on the day of its entry. Nothing was changed.",
            ProblemCode.PAYMENT_STANDS,
            number=payment.number,
        )


def _payment_left(connection: Connection, number: str) -> Source | None:
    query = select(
        Payment.__table__,
        left_of(Payment).label("left"),
        folder_of(Payment.establishment_id).correlate(Payment).label("folder_id"),
    ).where(Payment.number == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    _check_stands(row)
    return Source(Payment, row.id, row.number, row.party_id, row.folder_id, row.left)


def _credit_left(connection: Connection, number: str) -> Source:
    query = select(CreditNote.__table__, left_of(CreditNote).label("left")).where(CreditNote.number == number)
    row = connection.execute(query).one()
    return Source(CreditNote, row.id, row.number, row.customer_id, row.accounting_folder_id, row.left)


def no_payment(typed: str) -> Problem:
    """That there is no such payment."""
    return Problem(
        "There is no payment {number}. Nothing was changed.",
        ProblemCode.NO_PAYMENT,
        (Act.LIST_PAYMENTS,),
        number=typed,
    )
