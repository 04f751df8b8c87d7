"""What customers owe may have changed since it was read: it is compared under their lock, before anything is written.

Booking is the second half of the recipe of rules about sums: facts are read without a lock and carry the version of the
sum; here the customers are locked, and where a version is another one the transfer is decided anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from intergestan_db.among import among
from intergestan_db.enums import SalesState
from intergestan_db.tables import Party
from intergestan_erp.parties.locking import count_changes, lock_and_count
from intergestan_exchange.credit_holds.look_again import lock_waiting, look_again, waiting_customers
from intergestan_exchange.inbox.booking.entries import Entry, Settled
from intergestan_exchange.inbox.booking.holds import Waited
from intergestan_exchange.inbox.booking.ledger import DecidedMeanwhile
from intergestan_exchange.inbox.decisions import Accepted, Amended, Cancelled, Held
from intergestan_exchange.inbox.facts import CreditFacts, Facts
from intergestan_exchange.inbox.rules.credit import WAIVER
from intergestan_exchange.transfers.transfer import BY

_VERSIONS: Final = (
    select(Party.id, Party.exposure_version)
    .where(among(Party.id, "ids"))
    .order_by(Party.id)
    .with_for_update(key_share=True)
)


def debt_change(settled: Settled, facts: Facts) -> tuple[int, Decimal] | None:
    """Whose debt a decision changes, and by how much; None: nobody's. An order in review adds nothing."""
    decision = settled.decision
    if isinstance(decision, Accepted) and decision.state == SalesState.ACCEPTED:
        assert settled.order is not None
        return facts.debtor_of(settled.order), decision.total_ttc
    if isinstance(decision, Amended | Cancelled) and decision.standing.state == SalesState.ACCEPTED:
        now = decision.total_ttc if isinstance(decision, Amended) else Decimal(0)
        return decision.standing.customer_id, now - decision.standing.total_ttc
    return None


def lock_debts(connection: Connection, settled: Sequence[Settled], facts: Facts) -> tuple[int, ...]:
    """Lock the customers whose debt these documents change or wait for, and count that it changes.

    :returns: those whose debt changes; nobody where the site does not use credit, and no statement.
    :raises DecidedMeanwhile: somebody changed what one of them owes since the facts were read.
    """
    if facts.credit is None:
        return ()
    changes = [change for each in settled if (change := debt_change(each, facts)) is not None]
    changed = tuple(sorted({customer_id for customer_id, _ in changes}))
    debts = (each.decision.debt for each in settled if isinstance(each.decision, Held))
    ids = sorted({debt.customer_id for debt in debts if debt is not None} | set(changed))
    if not ids:
        return ()
    if len(ids) == len(changed) == 1:
        _compare(facts.credit, ids[0], lock_and_count(connection, ids[0]))
    else:
        for row in connection.execute(_VERSIONS, {"ids": ids}):
            _compare(facts.credit, row.id, row.exposure_version)
        if changed:
            count_changes(connection, changed)
    freed = [customer_id for customer_id, delta in changes if delta < 0]
    if freed:
        lock_waiting(connection, freed)
    return changed


def look_at_freed(connection: Connection, settled: Sequence[Settled], facts: Facts, now: datetime) -> tuple[int, ...]:
    """Give back the mails of orders that have room now; the inbound mails to ring for."""
    if facts.credit is None:
        return ()
    changes = [change for each in settled if (change := debt_change(each, facts)) is not None]
    freed = waiting_customers(connection, (customer_id for customer_id, delta in changes if delta < 0))
    return look_again(connection, freed, by=BY, at=now).take_in


def _compare(credit: CreditFacts, customer_id: int, version: int) -> None:
    customer = credit.customers[customer_id]
    if version != customer.version:
        raise DecidedMeanwhile(f"What {customer.name} owes was changed by somebody else.")


@dataclass(frozen=True, slots=True)
class CreditNews:
    """What the metrics count: orders that wait for room now, that a person let pass, and why others wait no more."""

    blocked: int = 0
    released: tuple[str, ...] = ()


NO_NEWS: Final = CreditNews()
PERSON, PAYMENT, DAY = "person", "payment", "day"
"""Why an order that waited for room was booked."""


def credit_news(entries: Sequence[Entry], waited: Waited, facts: Facts) -> CreditNews:
    """What became of orders that wait or waited for room."""
    held = [each.settled.decision for each in entries if isinstance(each.settled.decision, Held)]
    blocked = sum(decision.debt is not None for decision in held)
    booked = [each for each in entries if isinstance(each.settled.decision, Accepted | Amended)]
    released = [reason for each in booked if (reason := _why(each, waited, facts)) is not None]
    return CreditNews(blocked, tuple(released)) if blocked or released else NO_NEWS


def _why(entry: Entry, waited: Waited, facts: Facts) -> str | None:
    if entry.known is not None and any(word.startswith(WAIVER) for word in entry.known.waived):
        return PERSON
    change = debt_change(entry.settled, facts)
    if entry.settled.key not in waited.had_no_room or change is None:
        return None
    version = facts.credit.customers[change[0]].version if facts.credit is not None else None
    return DAY if waited.had_no_room[entry.settled.key] == version else PAYMENT
