"""Cheques and bills that the bank has: somebody handed them in, or read it on the statement (D60)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Date, bindparam, func, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Payment
from intergestan_erp.books.post import TO_BANK
from intergestan_erp.books.posting import post_banked
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.paying.payments import no_payment
from intergestan_erp.site.zone import today

TO_BE_BANKED = (Payment.method.in_(TO_BANK), Payment.state == PaymentState.ENTERED, Payment.banked_on.is_(None))
"""What makes a payment one that the bank shall get, once its day has come."""
_DUE = select(Payment.id).where(*TO_BE_BANKED, Payment.due_date <= bindparam("on", type_=Date())).order_by(Payment.id)
_PAYMENTS = select(Payment.__table__).where(Payment.id.in_(bindparam("ids", expanding=True))).order_by(Payment.id)
_BANKED = (
    update(Payment)
    .where(Payment.id.in_(bindparam("ids", expanding=True)))
    .values(banked_on=bindparam("on", type_=Date()))
)


@dataclass(frozen=True, slots=True)
class Banked:
    """A payment that the bank has now."""

    number: str
    amount: Decimal
    banked_on: date


def bank(
    connection: Connection, typed: Sequence[str], on: date | None = None, *, by: str, at: datetime
) -> list[Banked]:
    """Note that the bank has these cheques and bills.

    :param on: since which day; None is today.
    :raises Problem: one is no such payment, was banked before, does not stand, or its day has not come; nothing is
        changed then.
    """
    wanted = [as_stored(connection, each, Payment.number) for each in dict.fromkeys(typed)]
    ids = {
        row.number: row.id
        for row in connection.execute(select(Payment.id, Payment.number).where(Payment.number.in_(wanted)))
    }
    for number, said in zip(wanted, dict.fromkeys(typed), strict=True):
        if number not in ids:
            raise no_payment(said)
    return _bank(connection, sorted(ids.values()), on, by=by, at=at)


def count_to_bank(connection: Connection) -> int:
    """How many cheques and bills nobody handed in."""
    return int(connection.execute(select(func.count()).where(*TO_BE_BANKED)).scalar_one())


def bank_due(connection: Connection, on: date | None = None, *, by: str, at: datetime) -> list[Banked]:
    """Note that the bank has all cheques and bills whose day has come.

    :raises Problem: the books are closed on that day, or it has not come; nothing is changed then.
    """
    day = on or today(connection, at)
    return _bank(connection, connection.execute(_DUE, {"on": day}).scalars().all(), day, by=by, at=at)


def _bank(connection: Connection, ids: Sequence[int], on: date | None, *, by: str, at: datetime) -> list[Banked]:
    here = today(connection, at)
    day = on or here
    customers = {row.party_id for row in connection.execute(_PAYMENTS, {"ids": ids})}
    if not customers:
        return []
    lock_parties(connection, customers)
    payments = connection.execute(_PAYMENTS.with_for_update(), {"ids": ids}).all()
    for payment in payments:
        _check(payment, day, here)
    connection.execute(_BANKED, {"ids": ids, "on": day})
    post_banked(connection, ids, here, day)
    detail = {"on": day.isoformat()}
    moves = [(payment.id, None, None) for payment in payments]
    states.record(connection, states.PAYMENT.name, moves, "bank", by=by, at=at, detail=detail)
    return [Banked(payment.number, payment.amount, day) for payment in payments]


def _check(payment: AnyRow, day: date, here: date) -> None:
    if payment.method not in TO_BANK or payment.state != PaymentState.ENTERED or payment.banked_on is not None:
        raise Problem(
            "{number} is no cheque or bill that waits for the bank. Nothing was changed.",
            ProblemCode.NOT_TO_BANK,
            (Act.LIST_PAYMENTS,),
            number=payment.number,
        )
    first = payment.due_date if payment.method == PaymentMethod.BILL else payment.received_on
    if not first <= day <= here:
        raise Problem(
            "The bank has {number} from {first} on at the earliest, and not on a day to come: {day} does not fit. "
            "Nothing was changed.",
            ProblemCode.NO_DAY,
            number=payment.number,
            first=first,
            day=day,
        )
