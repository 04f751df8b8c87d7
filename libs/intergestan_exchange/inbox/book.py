"""Writes what was decided about the orders of one transfer, all of it in the caller's one transaction.

The transfer, the ledger, the sales orders, the holds, the answers and the inbound mail's own state are
written together or not at all: that, and the UNIQUE keys of the ledger, are what "exactly once" rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.enums import Budget, SalesState
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.budgets.spending import room, spend
from intergestan_exchange.inbox.booking.answers import (
    has_later_answer,
    is_answered_before_restore,
    repeat_answers,
    request_answers,
    restate,
    write_answers,
)
from intergestan_exchange.inbox.booking.changes import wake, write_changes
from intergestan_exchange.inbox.booking.debts import NO_NEWS, CreditNews, credit_news, lock_debts, look_at_freed
from intergestan_exchange.inbox.booking.entries import Entry, Settled, is_duplicate, outcome_of
from intergestan_exchange.inbox.booking.holds import write_holds
from intergestan_exchange.inbox.booking.ledger import reopen, write_ledger
from intergestan_exchange.inbox.booking.sales_orders import write_sales_orders
from intergestan_exchange.inbox.decisions import Accepted
from intergestan_exchange.inbox.differences import write_differences
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.inbox.waiting import take_in_again
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_exchange.transfers.transfers import finish_mail, insert_transfer


@dataclass(frozen=True, slots=True)
class Booked:
    """What was written: the answers mail to compose, and each document's outcome (a label of the metrics).

    :ivar take_in: the mails of changes that waited for one of these documents, or came before it; of orders that have
        room now.
    :ivar debtors: the customers who owe more or less than before.
    :ivar credit: what is counted of credit.
    :ivar beyond: the mail is not done: it asks for more repeated answers than one partner may.
    :ivar allocate: the sales orders that need goods; `serve`: the products that others may have now.
    """

    transfer_id: int
    compose: tuple[int, ...]
    outcomes: tuple[str, ...]
    take_in: tuple[int, ...] = ()
    debtors: tuple[int, ...] = ()
    credit: CreditNews = NO_NEWS
    allocate: tuple[int, ...] = ()
    serve: tuple[int, ...] = ()
    beyond: bool = False


def book(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    settled: Sequence[Settled],
    facts: Facts,
    now: datetime,
    *,
    finish: bool = True,
    limits: Limits | None = None,
) -> Booked:
    """Write the decisions about the documents of one transfer.

    :param finish: whether the mail is done with this; False while its orders are booked one by one.
    :param limits: what one partner may make us do; None: a person has the mail taken in again, so that none counts.
    :raises sqlalchemy.exc.IntegrityError: when another process booked the same document meanwhile; the caller
        rolls back, reads the facts again and settles anew.
    :raises DecidedMeanwhile: when a person refused a document meanwhile, or what a customer owes was changed; the
        caller does the same.
    :raises StaleState: when the lease on the mail was lost.
    """
    debtors = lock_debts(connection, settled, facts)
    entries = [Entry(each, facts.same(each.key, each.business_hash)) for each in sorted(settled, key=lambda s: s.key)]
    known_transfer = transfer.row_id is not None
    transfer_id = insert_transfer(connection, mail, transfer, now)
    waited = write_holds(connection, mail, transfer, transfer_id, entries, facts, now)
    answered = [
        entry
        for entry in entries
        if not (known_transfer and (is_duplicate(entry) or entry.settled.key in waited.unchanged))
        or is_answered_before_restore(entry, facts)
    ]
    outbound_id = request_answers(connection, transfer.partner.id, transfer_id, now) if answered else None
    entries, bells = write_changes(connection, transfer.partner, entries, now)
    entries = write_sales_orders(connection, transfer.partner, entries, now)
    write_ledger(connection, transfer, transfer_id, entries, facts, now)
    early = reopen(connection, entries, facts, now)
    decided = [(each.key[1], each.decision) for each in settled if each.key[0] == "order"]
    write_differences(connection, transfer.partner.id, decided, frozenset(number for _, number, _ in facts.known), now)
    if outbound_id is not None:
        answered_keys = {entry.settled.key for entry in answered}
        answered = [entry for entry in entries if entry.settled.key in answered_keys]
        write_answers(connection, transfer.partner, outbound_id, answered, facts, now)
    compose = [] if outbound_id is None else [outbound_id]
    for number in sorted({entry.settled.key[1] for entry in entries if has_later_answer(entry, facts)}):
        later = restate(connection, transfer.partner.id, number, facts.answers[number].n, now)
        compose += [] if later is None else [later]
    beyond = len(answered) < len(entries) and not _repeat(connection, transfer, transfer_id, limits, now)
    if finish and not beyond:
        finish_mail(connection, mail, transfer, now)
    credit = credit_news(entries, waited, facts)
    take_in = wake(connection, entries, facts, now) + look_at_freed(connection, settled, facts, now)
    take_in += take_in_again(connection, early, by=BY, at=now)
    allocate = bells.allocate + (_accepted(entries) if facts.allocates else ())
    outcomes = tuple(outcome_of(entry) for entry in entries)
    return Booked(transfer_id, tuple(compose), outcomes, take_in, debtors, credit, allocate, bells.serve, beyond)


def _repeat(connection: Connection, transfer: Transfer, transfer_id: int, limits: Limits | None, now: datetime) -> bool:
    """Send the answers to this transfer again, as much as the partner may ask for; whether nothing is left."""
    if limits is None:
        repeat_answers(connection, transfer_id, now)
        return True
    left = room(connection, transfer.partner.id, Budget.REPEATS, limits, now)
    repeated, is_all = repeat_answers(connection, transfer_id, now, left)
    spend(connection, transfer.partner.id, Budget.REPEATS, repeated, now)
    return is_all


def _accepted(entries: Sequence[Entry]) -> tuple[int, ...]:
    """The new sales orders that nobody has to look at."""
    decided = ((entry.sales_order_id, entry.settled.decision) for entry in entries)
    return tuple(
        order_id
        for order_id, decision in decided
        if order_id is not None and isinstance(decision, Accepted) and decision.state == SalesState.ACCEPTED
    )
