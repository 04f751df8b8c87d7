"""Where everything rests: orders, mails, mailboxes, relay, workers and holds, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from intergestan_db.enums import HoldReason, InboundState, OutboundState
from intergestan_db.leases import lives
from intergestan_db.tables import (
    Hold,
    InboundMail,
    Mailbox,
    OutboundMail,
    Partner,
    Relay,
    Worker,
)
from intergestan_exchange.health.clock import PartnerClock, SiteClock, read_clock, read_partner_clocks
from intergestan_exchange.health.resting import (
    PURCHASE_ORDERS,
    RECEIVED,
    SALES_ORDERS,
    SENT,
    Count,
    count_states,
)
from intergestan_exchange.health.unanswered import count_unanswered
from intergestan_exchange.heartbeats.heartbeat_routes import Route, read_routes
from intergestan_exchange.mailboxes.placement import Candidate, chosen
from intergestan_exchange.mailboxes.pollers import living
from intergestan_exchange.statements.paused import PausedPartner, list_paused
from intergestan_msg.diagnosis import Diagnosed


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """A mailbox. `owner` is the living worker that holds it; `backlog` was listed and is not archived yet.

    `poller` is the name of the poller that holds it, `should` of the one that should; `pinned_to` may name a dead one.
    """

    name: str
    state: str
    owner: str | None
    last_success_at: datetime | None
    backlog: int
    last_error: str | None
    active: bool
    poller: str | None
    should: str | None
    pinned_to: str | None
    rests_since: datetime | None = None
    rests_by: str | None = None
    rests_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PollerStatus:
    """A poller that lives: its name, the process that bears it, the mailboxes that it may have and how many it has."""

    name: str
    worker: str
    takes: Mapping[str, Any]
    holds: int


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


@dataclass(frozen=True, slots=True)
class Resting:
    """A partner whom a person paused: what of them, since when, who did it and why."""

    code: str
    name: str
    what: str
    since: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole site at one moment. The counts are by state, without heartbeats; a state without rows is not there."""

    at: datetime
    purchase_orders: Mapping[str, Count]
    sales_orders: Mapping[str, Count]
    outbound: Mapping[str, Count]
    inbound: Mapping[str, Count]
    holds: Mapping[HoldReason, int]
    unanswered: int
    paused: tuple[PausedPartner, ...]
    resting: tuple[Resting, ...]
    mailboxes: tuple[MailboxStatus, ...]
    relay: RelayStatus | None
    workers: tuple[WorkerStatus, ...]
    pollers: tuple[PollerStatus, ...]
    routes: tuple[Route, ...]
    clock: SiteClock
    clocks: tuple[PartnerClock, ...]


def read_status(connection: Connection, now: datetime, answer_hours: int) -> Status:
    """Read all of it in one query a table.

    :param answer_hours: after how many hours without an answer an order counts as unanswered.
    """
    workers, pollers = _workers(connection, now), living(connection, now)
    mailboxes = _mailboxes(connection, {worker.name for worker in workers}, pollers)
    return Status(
        at=now,
        purchase_orders=count_states(connection, PURCHASE_ORDERS),
        sales_orders=count_states(connection, SALES_ORDERS),
        outbound=count_states(connection, SENT),
        inbound=count_states(connection, RECEIVED),
        holds=count_holds(connection),
        unanswered=count_unanswered(connection, answer_hours, now),
        paused=tuple(list_paused(connection)),
        resting=_resting(connection),
        mailboxes=mailboxes,
        relay=_relay(connection, now),
        workers=workers,
        pollers=tuple(
            PollerStatus(one.name, one.worker, one.takes.as_json(), sum(box.owner == one.worker for box in mailboxes))
            for one in pollers
        ),
        routes=read_routes(connection, now),
        clock=read_clock(connection, now),
        clocks=read_partner_clocks(connection, now),
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


def _workers(connection: Connection, now: datetime) -> tuple[WorkerStatus, ...]:
    query = select(Worker.name, Worker.service, Worker.started_at).where(lives(now))
    return tuple(WorkerStatus(*row) for row in connection.execute(query.order_by(Worker.service, Worker.name)))


def _mailboxes(connection: Connection, alive: set[str], pollers: Sequence[Candidate]) -> tuple[MailboxStatus, ...]:
    names = {one.worker: one.name for one in pollers}

    def status(row: Any) -> MailboxStatus:
        is_on = row.active and row.rests_since is None
        should = chosen(row.name, row.pinned_to, pollers) if is_on else None
        return MailboxStatus(
            name=row.name,
            state=row.state,
            owner=row.owner if row.owner in alive else None,
            last_success_at=row.last_success_at,
            backlog=row.backlog,
            last_error=row.last_error,
            active=row.active,
            poller=names.get(row.owner),
            should=should.name if should else None,
            pinned_to=row.pinned_to,
            rests_since=row.rests_since,
            rests_by=row.rests_by,
            rests_reason=row.rests_reason,
        )

    box = Mailbox
    told = select(
        *(box.name, box.state, box.owner, box.last_success_at, box.backlog, box.last_error, box.active),
        *(box.pinned_to, box.rests_since, box.rests_by, box.rests_reason),
    )
    return tuple(status(row) for row in connection.execute(told.order_by(box.name)))


def _resting(connection: Connection) -> tuple[Resting, ...]:
    query = select(Partner.__table__).where(Partner.rests.is_not(None), Partner.active).order_by(Partner.site_code)
    return tuple(
        Resting(row.site_code, row.name, row.rests, row.rests_since, row.rests_by, row.rests_reason)
        for row in connection.execute(query)
    )


def _relay(connection: Connection, now: datetime) -> RelayStatus | None:
    query = (
        select(Relay.name, Relay.host, Relay.paused_until, Relay.last_error, Relay.last_diagnosis)
        .order_by(Relay.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    resting = row.paused_until if row.paused_until is not None and row.paused_until > now else None
    return RelayStatus(row.name, row.host, resting, Diagnosed.beside(row.last_error, row.last_diagnosis))
