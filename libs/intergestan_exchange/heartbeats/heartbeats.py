"""Heartbeats going out: who gets one when, and which are given up (ADR 0018).

A heartbeat goes the way of an order and comes back the way of an answer. It is never sent again and never held: one
that does not come back in time is lost, and that is what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import HeartbeatOutcome, MailKind, OutboundState
from intergestan_db.tables import Heartbeat, OutboundMail, Partner
from intergestan_db.tables.types import is_far
from intergestan_exchange.heartbeats.heartbeat_routes import goes_to
from intergestan_exchange.outbox.requests import request_mail

BY = "dispatcher"
AWAKE = timedelta(days=1)
"""A partner from whom none came back for so long gets one an hour, not to fill a mailbox that nobody reads."""
SELDOM = timedelta(hours=1)

_UNSENT = (OutboundState.REQUESTED, OutboundState.COMPOSED)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a partner gets one, and when one that is not back is late, and lost."""

    every: timedelta
    late: timedelta
    lost: timedelta


USUAL = Rhythm(timedelta(minutes=5), timedelta(minutes=5), timedelta(hours=1))


def is_any_due(connection: Connection, now: datetime, rhythm: Rhythm) -> bool:
    """Whether any partner is to get one; costs no write."""
    return connection.execute(select(Partner.id).where(_is_due(now, rhythm)).limit(1)).first() is not None


def request_heartbeats(connection: Connection, now: datetime, rhythm: Rhythm) -> list[int]:
    """Ask for a heartbeat to each partner that is to get one; the mails to compose. Several callers: one asks."""
    due = update(Partner).where(_is_due(now, rhythm)).values(heartbeat_at=now)
    return [write_request(connection, each, now) for each in sorted(connection.scalars(due.returning(Partner.id)))]


def write_request(connection: Connection, partner_id: int, now: datetime, **echo: str | None) -> int:
    """Enter one heartbeat, or an echo with what it echoes; its mail's row id, to ring the composer with."""
    mail_id = request_mail(connection, MailKind.HEARTBEAT, partner_id, now)
    insert_rows(connection, Heartbeat, [{"outbound_mail_id": mail_id, "partner_id": partner_id, **echo}])
    return mail_id


def is_any_overdue(connection: Connection, now: datetime, rhythm: Rhythm) -> bool:
    """Whether `give_up` has anything to do; costs no write."""
    return connection.execute(_overdue(now, rhythm).limit(1)).first() is not None


def give_up(connection: Connection, now: datetime, rhythm: Rhythm) -> int:
    """Call lost what is not back in time, and stop what has not even left; how many of ours were lost.

    :raises StaleState: a mail left at this very moment; look again.
    """
    rows = connection.execute(_overdue(now, rhythm)).all()
    drop(connection, [row.id for row in rows if row.state in _UNSENT], by=BY, at=now)
    mine = (Heartbeat.outbound_mail_id.in_([row.id for row in rows if row.echoes is None]), Heartbeat.outcome.is_(None))
    return connection.execute(update(Heartbeat).where(*mine).values(outcome=HeartbeatOutcome.LOST)).rowcount


def drop(connection: Connection, ids: Iterable[int], *, by: str, at: datetime) -> None:
    """Give heartbeats up, whatever the reason: no person is asked about one.

    :raises StaleState: one was sent meanwhile.
    """
    states.move(connection, states.OUTBOUND_MAIL, ids, "drop", by=by, at=at, next_attempt_at=None)


def is_heartbeat(connection: Connection, mail_id: int) -> bool:
    """Whether this mail of ours is one."""
    kind = connection.execute(select(OutboundMail.kind).where(OutboundMail.id == mail_id)).scalar_one()
    return kind == MailKind.HEARTBEAT


def _is_due(now: datetime, rhythm: Rhythm) -> ColumnElement[bool]:
    last, back = Partner.heartbeat_at, Partner.heartbeat_returned_at
    seldom = max(rhythm.every, SELDOM)
    rested = or_(
        last.is_(None),
        and_(is_far(last, now, rhythm.every), back >= now - AWAKE),
        is_far(last, now, seldom),
    )
    return and_(goes_to(), rested)


def _overdue(now: datetime, rhythm: Rhythm) -> Any:
    """Ours that are not back, and whatever has not left."""
    late = OutboundMail.requested_at < now - rhythm.lost
    is_open = and_(Heartbeat.echoes.is_(None), Heartbeat.outcome.is_(None))
    return (
        select(OutboundMail.id, OutboundMail.state, Heartbeat.echoes)
        .join(Heartbeat, Heartbeat.outbound_mail_id == OutboundMail.id)
        .where(late, or_(is_open, OutboundMail.state.in_(_UNSENT)))
        .order_by(OutboundMail.id)
    )
