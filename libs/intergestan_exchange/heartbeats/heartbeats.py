"""Heartbeats going out: who gets one when, and which are given up (ADR 0018, ADR 0040).

A heartbeat goes the way of an order and comes back the way of an answer. It is never sent again and never held: one
that does not come back in time is lost, and that is what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import HeartbeatOutcome, OutboundState
from intergestan_db.tables import Heartbeat, OutboundMail, Partner, Site
from intergestan_db.tables.types import UtcDateTime
from intergestan_exchange.heartbeats.heartbeat_budget import lock_budget, read_budget, read_used
from intergestan_exchange.heartbeats.heartbeat_plan import DAY, EVERY, agreed, chosen, interval, next_at, span_of
from intergestan_exchange.heartbeats.heartbeat_routes import goes_to
from intergestan_exchange.outbox.requests import request_mail
from intergestan_msg.kinds import Kind

BY = "dispatcher"
AWAKE = DAY
"""A partner from whom none came back for so long, or for three of the planned intervals, gets one an hour at most, not
to fill a mailbox that nobody reads."""
SELDOM = timedelta(hours=1)

_UNSENT = (OutboundState.REQUESTED, OutboundState.COMPOSED)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a partner gets one, and when one that is not back is late, and lost."""

    every: timedelta
    late: timedelta
    lost: timedelta


USUAL = Rhythm(EVERY, timedelta(minutes=5), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done now.

    :ivar due: the partners that get one. :ivar planned: how often a partner gets one; None where there is no room for
        any. :ivar replanned: those to whom we told something else before.
    """

    due: tuple[int, ...]
    planned: timedelta | None
    replanned: tuple[int, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.due or self.replanned)


def look(connection: Connection, now: datetime, rhythm: Rhythm) -> Turn:
    """Whose turn it is, of those for whom there is room in the day's budget; costs no write."""
    budget = read_budget(connection, rhythm.every)
    partners = connection.execute(_PARTNERS).all()
    planned = interval(rhythm.every, len(partners), budget)
    seconds = None if planned is None else round(planned.total_seconds())
    replanned = tuple(row.id for row in partners if row.heartbeat_planned != seconds)
    if planned is None or not (waiting := [row for row in partners if _is_due(row, None, now, planned, "")]):
        return Turn((), planned, replanned)
    used, echoed = read_used(connection, now, budget)
    code = connection.execute(_OWN_CODE).scalar_one()
    turn = [row for row in waiting if _is_due(row, echoed.get(row.id), now, planned, code)]
    turn.sort(key=lambda row: (row.heartbeat_at is not None, row.heartbeat_at, row.id))
    return Turn(tuple(sorted(chosen(budget, used, [row.id for row in turn]))), planned, replanned)


def request_heartbeats(connection: Connection, now: datetime, rhythm: Rhythm) -> list[int]:
    """Ask for a heartbeat to each partner whose turn it is, and note what is planned for them; the mails to compose.
    Several callers: one asks.
    """
    lock_budget(connection)
    turn = look(connection, now, rhythm)
    if turn.replanned:
        seconds = None if turn.planned is None else round(turn.planned.total_seconds())
        which = Partner.id.in_(turn.replanned)
        connection.execute(update(Partner).where(which).values(heartbeat_planned=seconds))
    if turn.due:
        connection.execute(update(Partner).where(Partner.id.in_(turn.due)).values(heartbeat_at=now))
    return [write_request(connection, each, now) for each in turn.due]


def write_request(connection: Connection, partner_id: int, now: datetime, **echo: str | None) -> int:
    """Enter one heartbeat, or an echo with what it echoes; its mail's row id, to ring the composer with."""
    mail_id = request_mail(connection, Kind.HEARTBEAT, partner_id, now)
    insert_rows(connection, Heartbeat, [{"outbound_mail_id": mail_id, "partner_id": partner_id, **echo}])
    return mail_id


def is_any_overdue(connection: Connection, now: datetime, rhythm: Rhythm) -> bool:
    """Whether `give_up` has anything to do; costs no write."""
    return connection.execute(_ANY_OVERDUE, {"late": now - rhythm.lost}).first() is not None


def give_up(connection: Connection, now: datetime, rhythm: Rhythm) -> int:
    """Call lost what is not back in time, and stop what has not even left; how many of ours were lost.

    :raises StaleState: a mail left at this very moment; look again.
    """
    rows = connection.execute(_OVERDUE, {"late": now - rhythm.lost}).all()
    drop(connection, [row.id for row in rows if row.state in _UNSENT], by=BY, at=now)
    mine = (Heartbeat.outbound_mail_id.in_([row.id for row in rows if row.echoes is None]), Heartbeat.outcome.is_(None))
    return connection.execute(update(Heartbeat).where(*mine).values(outcome=HeartbeatOutcome.LOST)).rowcount


def drop(connection: Connection, ids: Iterable[int], *, by: str, at: datetime) -> None:
    """Give heartbeats up, whatever the reason: no person is asked about one.

    :raises StaleState: one was sent meanwhile.
    """
    states.move(connection, states.OUTBOUND_MAIL, ids, "drop", by=by, at=at, next_attempt_at=None)


def is_passing(connection: Connection, mail_id: int) -> bool:
    """Whether this mail of ours is a sign that the next one makes up for."""
    kind = connection.execute(select(OutboundMail.kind).where(OutboundMail.id == mail_id)).scalar_one()
    return Kind(kind).nature.passing


_IS_OPEN = and_(Heartbeat.echoes.is_(None), Heartbeat.outcome.is_(None))
_OVERDUE = (
    select(OutboundMail.id, OutboundMail.state, Heartbeat.echoes)
    .join(Heartbeat, Heartbeat.outbound_mail_id == OutboundMail.id)
    .where(
        OutboundMail.requested_at < bindparam("late", type_=UtcDateTime()),
        or_(_IS_OPEN, OutboundMail.state.in_(_UNSENT)),
    )
    .order_by(Heartbeat.outbound_mail_id)  # of the few that there are, not of all mails
)
"""Ours that are not back, and whatever has not left."""
_ANY_OVERDUE = _OVERDUE.limit(1)
_OWN_CODE = select(Site.code)
_PARTNERS = (
    select(
        Partner.id,
        Partner.site_code,
        Partner.heartbeat_at,
        Partner.heartbeat_returned_at,
        Partner.heartbeat_planned,
        Partner.heartbeat_told,
    )
    .where(goes_to())
    .order_by(Partner.id)
)


def _is_due(row: Any, echoed: datetime | None, now: datetime, planned: timedelta, code: str) -> bool:
    """Whether it is a partner's turn. What was written before a clock was set back is long ago.

    :param code: this site's.
    """
    last, back = row.heartbeat_at, row.heartbeat_returned_at
    every = agreed(planned, span_of(row.heartbeat_told)) or planned
    if last is None or last >= now + every:
        return True
    is_awake = back is not None and back >= now - max(AWAKE, 3 * every)
    if not is_awake:
        return bool(now >= last + max(every, SELDOM))
    return next_at(last, echoed, every, yields=code > row.site_code) <= now
