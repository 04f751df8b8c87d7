"""Where everything rests: orders, mails, mailboxes, relay, workers and holds, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from intergestan_site.tables import Hold, InboundMail, Mailbox, OutboundMail, PurchaseOrder, Relay, SalesOrder, Worker
from intergestan_site.words import HoldReason, InboundState, OutboundState


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows are in a state, and since when the oldest."""

    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """A mailbox. `owner` is the living worker that holds it; `backlog` was listed and is not archived yet."""

    name: str
    state: str
    owner: str | None
    last_success_at: datetime | None
    backlog: int
    last_error: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """The relay. `paused_until` lies ahead while it rests after a fault."""

    name: str
    host: str
    paused_until: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A process that lives."""

    name: str
    service: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole site at one moment. The counts are by state; a state without rows is not there."""

    at: datetime
    purchase_orders: Mapping[str, Count]
    sales_orders: Mapping[str, Count]
    outbound: Mapping[str, Count]
    inbound: Mapping[str, Count]
    holds: Mapping[HoldReason, int]
    mailboxes: tuple[MailboxStatus, ...]
    relay: RelayStatus | None
    workers: tuple[WorkerStatus, ...]


def read_status(connection: Connection, now: datetime) -> Status:
    """Read all of it in one query a table."""
    workers = _workers(connection, now)
    return Status(
        at=now,
        purchase_orders=_count(connection, PurchaseOrder.state, PurchaseOrder.updated_at),
        sales_orders=_count(connection, SalesOrder.state, SalesOrder.created_at),
        outbound=_count(connection, OutboundMail.state, OutboundMail.requested_at),
        inbound=_count(connection, InboundMail.state, InboundMail.archived_at),
        holds=count_holds(connection),
        mailboxes=_mailboxes(connection, {worker.name for worker in workers}),
        relay=_relay(connection, now),
        workers=workers,
    )


def count_holds(connection: Connection) -> dict[HoldReason, int]:
    """How much waits for a person, by reason."""
    totals: dict[HoldReason, int] = {}
    for reason, held in (
        (OutboundMail.reason, OutboundMail.state == OutboundState.HELD),
        (InboundMail.reason, InboundMail.state == InboundState.HELD),
        (Hold.reason, Hold.closed_at.is_(None)),
    ):
        counted = select(reason.label("reason"), func.count().label("n")).where(held).group_by(reason)
        for row in connection.execute(counted):
            word = HoldReason(row.reason or HoldReason.FAILED)
            totals[word] = totals.get(word, 0) + row.n
    return totals


def _count(connection: Connection, state: Any, since: Any) -> dict[str, Count]:
    rows = connection.execute(
        select(state.label("state"), func.count().label("n"), func.min(since).label("oldest"))
        .group_by(state)
        .order_by(state)
    )
    return {row.state: Count(row.n, row.oldest) for row in rows}


def _workers(connection: Connection, now: datetime) -> tuple[WorkerStatus, ...]:
    query = select(Worker.name, Worker.service, Worker.started_at).where(Worker.alive_until >= now)
    return tuple(WorkerStatus(*row) for row in connection.execute(query.order_by(Worker.service, Worker.name)))


def _mailboxes(connection: Connection, alive: set[str]) -> tuple[MailboxStatus, ...]:
    box = Mailbox
    query = select(box.name, box.state, box.owner, box.last_success_at, box.backlog, box.last_error, box.active)
    return tuple(
        MailboxStatus(
            row.name,
            row.state,
            row.owner if row.owner in alive else None,
            row.last_success_at,
            row.backlog,
            row.last_error,
            row.active,
        )
        for row in connection.execute(query.order_by(box.name))
    )


def _relay(connection: Connection, now: datetime) -> RelayStatus | None:
    query = select(Relay.name, Relay.host, Relay.paused_until, Relay.last_error).order_by(Relay.id).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    resting = row.paused_until if row.paused_until is not None and row.paused_until > now else None
    return RelayStatus(row.name, row.host, resting, row.last_error)
