"""Books the orders of a mail, with changes and cancellations of orders."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from intergestan_db import states
from intergestan_db.database import AWAY
from intergestan_db.enums import Budget, HoldReason
from intergestan_db.trace_context import hand_on
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.budgets.spending import beyond, is_waiting
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.book import Booked, book
from intergestan_exchange.inbox.booking.debts import PERSON
from intergestan_exchange.inbox.booking.entries import OUTCOMES, Settled
from intergestan_exchange.inbox.booking.holds import findings_held_for
from intergestan_exchange.inbox.booking.ledger import DecidedMeanwhile
from intergestan_exchange.inbox.decisions import Held, Refused
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.take_in import settle_all
from intergestan_exchange.statements.pauses import set_aside
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_exchange.transfers.transfers import finish_mail
from intergestan_msg.manifest import Manifest
from intergestan_runtime.steps import ALLOCATE, COMPOSE, IMPORT, SERVE
from services.importer.turn import Turn, Verified

_log = structlog.get_logger(__name__)

_NOT_THE_ORDERS_FAULT = (DecidedMeanwhile, states.StaleState, OSError, MemoryError, *AWAY)
"""What may stop any booking: somebody else was faster, or we lack the base, room or memory. It is tried again later."""


def take_orders(mail: Verified) -> bool:
    """Decide and book what the mail asks for; False when it is set aside while booking rests."""
    facts = mail.case.facts
    assert facts is not None
    if mail.case.paused and _pause(mail.turn, mail.transfer, mail.manifest):
        return False
    limits = None if mail.turn.row.replayed else mail.turn.parts.options.limits
    settled = settle_all(mail.reading, facts)
    _book_all(mail.turn, mail.transfer, mail.reading, settled, facts, limits, last=mail.last)
    return True


def _pause(turn: Turn, transfer: Transfer, manifest: Manifest) -> bool:
    """Set the mail aside while booking rests after a restore; False when it rests no more."""
    with turn.parts.database.transaction() as connection:
        paused = set_aside(connection, turn.mail, transfer, manifest, turn.parts.database.now())
    if paused:
        if turn.several is not None:
            turn.several.is_given_back = True
        _log.info("Booking rests after a restore: the mail waits.", partner=transfer.partner.name)
    return paused


def _book_all(
    turn: Turn,
    transfer: Transfer,
    reading: Reading,
    settled: list[Settled],
    facts: Facts,
    limits: Limits | None,
    *,
    last: bool,
) -> None:
    """All orders of the mail in one transaction; if that fails for one of them, one by one.

    A mail whose answers would go out again beyond what one partner may ask for waits, one copy of each transfer alone.

    :param limits: what that is; None: any number.
    """
    try:
        with turn.parts.database.transaction() as connection:
            booked = _book(connection, turn, transfer, settled, facts, limits)
            if booked.beyond and limits is not None:
                waits = _let_wait(connection, turn, transfer, reading, limits)
                booked = replace(booked, beyond=waits)
    except _NOT_THE_ORDERS_FAULT:
        raise
    except Exception as error:
        if isinstance(error, IntegrityError) and not last:
            raise
        if len(settled) == 1 and isinstance(settled[0].decision, Held):
            raise
        _log.exception("Booking the mail at once failed; its orders are booked one by one.")
        for position, each in enumerate(settled, start=1):
            transfer, debtors = _book_one(turn, transfer, each, facts, finish=position == len(settled))
            if facts.credit is not None:
                facts = replace(facts, credit=facts.credit.counted(debtors))
        return
    _tell(turn, booked, transfer, settled)


def _book_one(
    turn: Turn, transfer: Transfer, settled: Settled, facts: Facts, *, finish: bool
) -> tuple[Transfer, tuple[int, ...]]:
    """The transfer as it is known now, and the customers who owe more or less than before."""
    try:
        with turn.parts.database.transaction() as connection:
            booked = _book(connection, turn, transfer, [settled], facts, finish=finish)
    except _NOT_THE_ORDERS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the other orders must not suffer from it
        _log.exception("Booking an order failed; it waits for a person.", order=settled.key[1])
        failed = Finding(HoldReason.FAILED, {"error": _for_partners(error)})
        settled = Settled(settled.key, settled.business_hash, settled.order, Held((failed,)))
        with turn.parts.database.transaction() as connection:
            booked = _book(connection, turn, transfer, [settled], facts, finish=finish)
    _tell(turn, booked, transfer, [settled])
    return replace(transfer, row_id=booked.transfer_id), booked.debtors


def _book(
    connection: Connection,
    turn: Turn,
    transfer: Transfer,
    settled: list[Settled],
    facts: Facts,
    limits: Limits | None = None,
    *,
    finish: bool = True,
) -> Booked:
    parts = turn.parts
    now = parts.database.now()
    booked = book(connection, turn.mail, transfer, settled, facts, now, finish=finish, limits=limits)
    hand_on(connection, booked.compose, parts.tracer.here())
    return booked


def _let_wait(connection: Connection, turn: Turn, transfer: Transfer, reading: Reading, limits: Limits) -> bool:
    """Whether the mail waits; a copy of one that does is done with."""
    if is_waiting(connection, transfer.partner.id, Budget.REPEATS, transfer.jti):
        finish_mail(connection, turn.mail, transfer, turn.parts.database.now())
        return False
    turn.write_hold(connection, [beyond(Budget.REPEATS, transfer.partner.name, limits)], reading, transfer.partner.id)
    return True


def _tell(turn: Turn, booked: Booked, transfer: Transfer, settled: list[Settled]) -> None:
    parts = turn.parts
    COMPOSE.ring(parts.broker, *booked.compose)
    IMPORT.ring(parts.broker, *booked.take_in)
    ALLOCATE.ring(parts.broker, *booked.allocate)
    SERVE.ring(parts.broker, *booked.serve)
    if not booked.beyond:
        turn.count("order")
    transit = (parts.database.now() - transfer.composed_at).total_seconds()
    for outcome in booked.outcomes:
        parts.metrics.inc("orders_total", step="import", outcome=outcome)
        if outcome == "created":
            parts.metrics.observe("order_transit_seconds", max(0.0, transit), route=transfer.partner.site_code)
    if booked.credit.blocked:
        parts.metrics.inc("credit_blocks_total", booked.credit.blocked, stage="order", outcome="blocked")
    for reason in booked.credit.released:
        parts.metrics.inc("credit_released_total", by=reason)
        if reason == PERSON:
            parts.metrics.inc("credit_blocks_total", stage="order", outcome="overridden")
    _log.info("Booked.", orders=[each.key[1] for each in settled], outcomes=[_outcome(each) for each in settled])


def _outcome(settled: Settled) -> str:
    """What became of a document, for the log: `CFR50 created`, `CFR51/1 held: price_difference`."""
    _, number, revision = settled.key
    decision = settled.decision
    findings = decision.findings if isinstance(decision, Refused) else findings_held_for(decision)
    said = f"{number}/{revision}" if revision else number
    said += f" {OUTCOMES[type(decision)]}"
    reasons = dict.fromkeys(str(finding.reason) for finding in findings)
    return f"{said}: {', '.join(reasons)}" if reasons else said


def _for_partners(error: Exception) -> str:
    """What went wrong, without what stands in our base: the partner reads it too."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0][:200]}"
