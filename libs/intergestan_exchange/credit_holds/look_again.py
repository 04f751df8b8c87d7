"""Gives the mails of orders that have room now back to the importer, which decides anew: looking never books (D29)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldReason, Stage
from intergestan_db.tables import Hold
from intergestan_erp.credit.block import passed_limit
from intergestan_erp.credit.customers import CustomerCredit, read_customers
from intergestan_erp.credit.exposure import next_changes
from intergestan_erp.site.credit_rules import CreditRules, read_credit_rules
from intergestan_erp.site.zone import today
from intergestan_exchange.findings.finding import read_findings
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.money import ZERO

_OPEN: Final = (Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT)
_WAITING: Final = select(Hold.party_id).where(*_OPEN, among(Hold.party_id, "ids")).distinct()
_HOLDS: Final = (
    select(Hold.id, Hold.party_id, Hold.inbound_mail_id, Hold.number, Hold.detail, Hold.total_ttc)
    .where(*_OPEN, Hold.party_id == bindparam("party"))
    .order_by(Hold.id)
    .with_for_update()
)
_HELD: Final = select(Hold.id).where(*_OPEN, among(Hold.party_id, "ids")).order_by(Hold.id)
_LOCK_WAITING: Final = _HELD.with_for_update()
_SEEN: Final = (
    update(Hold)
    .where(among(Hold.id, "holds"))
    .values(seen_version=bindparam("version"), look_again_on=bindparam("again_on"))
)


@dataclass(frozen=True, slots=True)
class Released:
    """What goes on: the holds, by what people call them, the inbound mails to ring for, and products that are free.

    :ivar amounts: what each hold's document adds to what its customer owes.
    """

    holds: tuple[str, ...] = ()
    take_in: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
    amounts: tuple[Decimal, ...] = ()

    def __add__(self, other: Released) -> Released:
        return Released(
            *(self.holds + other.holds, self.take_in + other.take_in),
            *(self.products + other.products, self.amounts + other.amounts),
        )


def waiting_customers(connection: Connection, customer_ids: Iterable[int]) -> list[int]:
    """Those of these customers of whom an order waits for room."""
    ids = sorted(set(customer_ids))
    found = connection.execute(_WAITING, {"ids": ids}).scalars() if ids else ()
    return sorted(each for each in found if each is not None)


def held_orders(connection: Connection, customer_id: int) -> list[str]:
    """What of a customer waits for room, by what people call it."""
    found = connection.execute(_HELD, {"ids": [customer_id]}).scalars()
    return [f"order-{hold_id}" for hold_id in found]


def lock_waiting(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Lock the orders of these customers that wait for room; the customers are locked already (ADR 0048).

    Who makes room for them calls this before the first lock of a later kind, such as an order's or a number series'.
    """
    connection.execute(_LOCK_WAITING, {"ids": sorted(set(customer_ids))}).all()


def look_again(connection: Connection, customer_ids: Iterable[int], *, by: str, at: datetime) -> Released:
    """Look at the orders of these customers that wait for room, the oldest first, each beside those before it.

    Those that fit now go through the import again; on the others it is noted when they were looked at. The customers
    are locked first, and then their holds.
    """
    ids = waiting_customers(connection, customer_ids)
    if not ids:
        return Released()
    rules, day = read_credit_rules(connection), today(connection, at)
    customers = read_customers(connection, ids, day, rules, lock=True)
    lock_waiting(connection, ids)
    released = Released()
    for customer in customers.values():
        released += _look(connection, customer, rules, day, by, at)
    return released


def _look(
    connection: Connection, customer: CustomerCredit, rules: CreditRules, day: date, by: str, at: datetime
) -> Released:
    holds = connection.execute(_HOLDS, {"party": customer.id}).all()
    fit = list(_fitting(holds, customer, rules))
    others = [hold.id for hold in holds if hold not in fit]
    if others:
        changes = next_changes(connection, [customer.id], day, by_payment_due=rules.by_payment_due)
        seen = {"version": customer.version, "again_on": changes.get(customer.id)}
        connection.execute(_SEEN, {"holds": others, **seen})
    mails = put_back(connection, [hold.inbound_mail_id for hold in fit], by=by, at=at)
    going = [hold for hold in fit if hold.inbound_mail_id in mails]  # the others are under way already
    states.record(
        connection,
        Hold.__tablename__,
        [(hold.id, None, None) for hold in going],
        "release",
        by=by,
        at=at,
        details={hold.id: {"order": hold.number, "reason": HoldReason.CREDIT, "by": "credit"} for hold in going},
    )
    return Released(tuple(f"order-{hold.id}" for hold in going), mails, amounts=tuple(hold.total_ttc for hold in going))


def _fitting(holds: Sequence[AnyRow], customer: CustomerCredit, rules: CreditRules) -> Iterator[AnyRow]:
    """No order waits behind a larger one (D27); one that waits for something else, too, is a person's."""
    added = ZERO
    for hold in holds:
        if any(finding.reason is not HoldReason.CREDIT for finding in read_findings(hold.detail)):
            continue
        if passed_limit(rules, Stage.ORDER, customer, hold.total_ttc, added=added) is None:
            added += hold.total_ttc
            yield hold
