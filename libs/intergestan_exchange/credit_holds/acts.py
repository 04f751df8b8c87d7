"""Acts that let a customer owe less, each with a look at what waits for that, in one transaction (D29).

They are called as those of the ERP, and return besides what goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import HoldReason
from intergestan_db.tables import Hold
from intergestan_erp.agencies.places import Place
from intergestan_erp.credit import ceilings
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.parties.locking import lock_only
from intergestan_erp.paying import payments
from intergestan_erp.paying.payments import NewPayment, TakenBack
from intergestan_erp.paying.settling import Settled
from intergestan_erp.paying.shares import Share
from intergestan_erp.picking import returning
from intergestan_erp.picking.returning import Returned
from intergestan_erp.selling import cancelling, credit_notes
from intergestan_erp.selling.credit_notes import Credited
from intergestan_erp.selling.deliveries import customer_of
from intergestan_erp.site import preferences
from intergestan_erp.site.preferences import CREDIT, Preferences
from intergestan_exchange.credit_holds.look_again import Released, lock_waiting, look_again


def add_payment(
    connection: Connection,
    customer_id: int,
    new: NewPayment,
    shares: Sequence[Share] | None = None,
    *,
    place: Place | None = None,
    by: str,
    at: datetime,
) -> tuple[Settled, Released]:
    """Enter a payment (`payments.add`)."""
    _lock_first(connection, customer_id)
    settled = payments.add(connection, customer_id, new, shares, place=place, by=by, at=at)
    return settled, look_again(connection, settled.freed.customers, by=by, at=at)


def settle_payment(
    connection: Connection, number: str, shares: Sequence[Share] | None = None, *, by: str, at: datetime
) -> tuple[Settled, Released]:
    """Settle with what lies on account (`payments.settle`)."""
    _lock_first(connection, payments.customer_of(connection, number))
    settled = payments.settle(connection, number, shares, by=by, at=at)
    return settled, look_again(connection, settled.freed.customers, by=by, at=at)


def fail_payment(
    connection: Connection, number: str, on: date | None = None, *, by: str, at: datetime
) -> tuple[TakenBack, Released]:
    """Note that a payment came back unpaid (`payments.fail`)."""
    _lock_first(connection, payments.customer_of(connection, number))
    taken = payments.fail(connection, number, on, by=by, at=at)
    return taken, look_again(connection, taken.freed.customers, by=by, at=at)


def cancel_payment(connection: Connection, number: str, *, by: str, at: datetime) -> tuple[TakenBack, Released]:
    """Take a payment back (`payments.cancel`)."""
    _lock_first(connection, payments.customer_of(connection, number))
    taken = payments.cancel(connection, number, by=by, at=at)
    return taken, look_again(connection, taken.freed.customers, by=by, at=at)


def credit_invoice(
    connection: Connection,
    number: str,
    reason: str,
    lines: Mapping[int, Decimal] | None = None,
    charges: Collection[int] = (),
    *,
    by: str,
    at: datetime,
) -> tuple[Credited, Released]:
    """Take back part or all of an invoice (`credit_notes.credit`)."""
    _lock_first(connection, credit_notes.customer_of(connection, number))
    made = credit_notes.credit(connection, number, reason, lines, charges, by=by, at=at)
    return made, look_again(connection, made.settled.freed.customers, by=by, at=at)


def cancel_order(connection: Connection, number: str, reason: str | None, *, by: str, at: datetime) -> Released:
    """Cancel an order that was entered here (`cancelling.cancel_order`)."""
    _lock_first(connection, customer_of(connection, number))
    freed = cancelling.cancel_order(connection, number, reason, by=by, at=at)
    return look_again(connection, freed.customers, by=by, at=at) + Released(products=freed.products)


def enter_return(
    connection: Connection,
    number: str,
    wanted: Mapping[int, Decimal],
    reason: str,
    place: Place,
    *,
    credit: bool = False,
    by: str,
    at: datetime,
) -> tuple[Returned, Released]:
    """Book that goods of a delivery note came back (`returning.enter_return`)."""
    _lock_first(connection, returning.customer_of(connection, number))
    found = returning.enter_return(connection, number, wanted, reason, place, credit=credit, by=by, at=at)
    return found, look_again(connection, found.freed.customers, by=by, at=at)


def credit_return(connection: Connection, number: str, *, by: str, at: datetime) -> tuple[tuple[str, ...], Released]:
    """Credit what of a return was invoiced (`returning.credit_return`)."""
    customer_id = returning.customer_of_return(connection, number)
    _lock_first(connection, customer_id)
    made = returning.credit_return(connection, number, by=by, at=at)
    return made, look_again(connection, [customer_id], by=by, at=at)


def set_ceiling(connection: Connection, party_id: int, ceiling: Ceiling, *, by: str, at: datetime) -> Released:
    """Set what a customer may owe (`ceilings.set_ceiling`)."""
    _lock_first(connection, party_id)
    freed = ceilings.set_ceiling(connection, party_id, ceiling, by=by, at=at)
    return look_again(connection, freed.customers, by=by, at=at)


def set_ceiling_at(
    connection: Connection, party_id: int, establishment: int, ceiling: Ceiling, *, by: str, at: datetime
) -> Released:
    """Set what a customer may owe to an establishment (`ceilings.set_ceiling_at`)."""
    freed = ceilings.set_ceiling_at(connection, party_id, establishment, ceiling, by=by, at=at)
    return look_again(connection, freed.customers, by=by, at=at)


def set_preference(
    connection: Connection, name: str, value: str, *, by: str, at: datetime
) -> tuple[Preferences, Released]:
    """Choose a setting (`preferences.set_preference`): one about credit may let every order go on that waits for it."""
    return set_preferences(connection, {name: value}, by=by, at=at)


def set_preferences(
    connection: Connection, values: Mapping[str, str], *, by: str, at: datetime
) -> tuple[Preferences, Released]:
    """Choose several settings in one step, in the same way."""
    chosen = preferences.set_preferences(connection, values, by=by, at=at)
    if not values.keys() & set(CREDIT):
        return chosen, Released()
    open_holds = select(Hold.party_id).where(Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT).distinct()
    customers = [each for each in connection.execute(open_holds).scalars() if each is not None]
    return chosen, look_again(connection, customers, by=by, at=at)


def _lock_first(connection: Connection, customer_id: int) -> None:
    """The customer, and what waits for room, before the acts lock payments, orders and number series (ADR 0048)."""
    lock_only(connection, [customer_id])
    lock_waiting(connection, [customer_id])
