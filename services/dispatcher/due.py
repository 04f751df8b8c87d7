"""Which rows are due, said in SQL, once (`design.md` §12).

Redis may forget everything: what is due stands in the base, and is rung for again until its state says that it
was dealt with. Each search marks what it finds, in one UPDATE, so that several dispatchers ring once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from intergestan_runtime.steps import COMPOSE, IMPORT, NOTIFY, SEND, Step
from intergestan_site.leases import MailTable, is_free
from intergestan_site.tables import InboundMail, Notice, OutboundMail
from intergestan_site.words import InboundState, OutboundState

AT_ONCE = 500
"""Rows rung for in one search; the next search takes the next ones."""


def _requested(_now: datetime) -> ColumnElement[bool]:
    return OutboundMail.state == OutboundState.REQUESTED


def _to_send(now: datetime) -> ColumnElement[bool]:
    """Due for a delivery, or left behind by a sender that died."""
    waiting = OutboundMail.state.in_([OutboundState.COMPOSED, OutboundState.SENT, OutboundState.UNKNOWN])
    orphaned = OutboundMail.state == OutboundState.SENDING
    return or_(and_(waiting, OutboundMail.next_attempt_at <= now), and_(orphaned, is_free(OutboundMail, now)))


def _to_import(now: datetime) -> ColumnElement[bool]:
    return and_(InboundMail.state == InboundState.ARCHIVED, InboundMail.paused_at.is_(None), is_free(InboundMail, now))


def _to_notify(now: datetime) -> ColumnElement[bool]:
    return and_(Notice.next_attempt_at <= now, is_free(Notice, now))


@dataclass(frozen=True, slots=True)
class Due:
    """A step and the condition under which a row is due for it."""

    step: Step
    table: MailTable
    condition: Callable[[datetime], ColumnElement[bool]]


DUE = (
    Due(COMPOSE, OutboundMail, _requested),
    Due(SEND, OutboundMail, _to_send),
    Due(IMPORT, InboundMail, _to_import),
    Due(NOTIFY, Notice, _to_notify),
)


def is_any_due(connection: Connection, due: Due, now: datetime, again: timedelta) -> bool:
    """Whether there is anything to ring for; costs no write."""
    return connection.execute(_search(due, now, again).limit(1)).first() is not None


def take_due(connection: Connection, due: Due, now: datetime, again: timedelta) -> list[int]:
    """Mark the due rows as rung for, and return their ids, oldest first."""
    table = due.table
    found = _search(due, now, again).order_by(table.id).limit(AT_ONCE)
    # "quiet" again: PostgreSQL looks at it anew when another dispatcher was faster by a moment.
    rows = connection.execute(
        update(table).where(table.id.in_(found), _quiet(table, now, again)).values(rung_at=now).returning(table.id)
    )
    return sorted(rows.scalars())


def _search(due: Due, now: datetime, again: timedelta) -> Any:
    return select(due.table.id).where(due.condition(now), _quiet(due.table, now, again))


def _quiet(table: MailTable, now: datetime, again: timedelta) -> ColumnElement[bool]:
    return or_(table.rung_at.is_(None), table.rung_at < now - again)
