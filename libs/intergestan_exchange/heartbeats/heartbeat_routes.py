"""Which partners get heartbeats, and how these fare, for people and for the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from intergestan_db.at_rest import is_sent_to
from intergestan_db.enums import HeartbeatOutcome, HeartbeatPolicy
from intergestan_db.tables import Heartbeat, OutboundMail, Partner
from intergestan_exchange.heartbeats.heartbeat_plan import DAY, agreed, span_of
from intergestan_exchange.statements.releases import takes
from intergestan_msg.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to a partner and back.

    :ivar active: whether the partner gets heartbeats. :ivar every_seconds: how often, as both sites agreed; None: not
        planned.
    :ivar sent_at: when a relay last took one, `first_sent_at`: the first; `returned_at`: when one last came back.
    :ivar seconds: how long the last one that came back took, where that was within a day and nobody set the clock.
    :ivar lost: how many were lost within a day; `late`: how many came late.
    """

    code: str
    name: str
    policy: str
    active: bool
    every_seconds: int | None
    sent_at: datetime | None
    first_sent_at: datetime | None
    returned_at: datetime | None
    seconds: float | None
    late: int
    lost: int

    def is_well(self, now: datetime, lost_after: timedelta) -> bool:
        """Whether one came back lately, or the first left lately and may be on its way: that one was lost proves
        nothing, that two in a row were does. In the future is not lately.
        """
        since = self.returned_at or self.first_sent_at
        if not self.active or self.sent_at is None or since is None:
            return True
        return abs(now - since) <= timedelta(seconds=2 * (self.every_seconds or 0)) + lost_after


def goes_to() -> ColumnElement[bool]:
    """The condition of partners that get heartbeats: one that does not know them would hold each for a person."""
    choice = Partner.heartbeat
    wanted = or_(choice == HeartbeatPolicy.ON, and_(choice == HeartbeatPolicy.AUTO, takes(Kind.HEARTBEAT)))
    return and_(wanted, is_sent_to())


def count_active(connection: Connection) -> int:
    """How many partners get heartbeats."""
    return connection.execute(select(func.count()).select_from(Partner).where(goes_to())).scalar_one()


def read_routes(connection: Connection, now: datetime) -> tuple[Route, ...]:
    """All partners by code, in three queries."""
    mail, beat = OutboundMail, Heartbeat
    ours = select(beat.partner_id).join(mail, mail.id == beat.outbound_mail_id).where(beat.echoes.is_(None))
    times = (func.min(mail.sent_at).label("first"), func.max(mail.sent_at).label("last"))
    sent = {row.partner_id: row for row in connection.execute(ours.add_columns(*times).group_by(beat.partner_id))}
    today = ours.add_columns(beat.outcome, func.count().label("n")).where(mail.requested_at > now - DAY)
    counted = today.group_by(beat.partner_id, beat.outcome)
    counts = {(row.partner_id, row.outcome): row.n for row in connection.execute(counted)}
    spans = (Partner.heartbeat_planned, Partner.heartbeat_told)
    columns = (Partner.id, Partner.site_code, Partner.name, Partner.heartbeat, goes_to().label("active"), *spans)
    last = (
        select(mail.requested_at)
        .join_from(beat, mail, mail.id == beat.outbound_mail_id)
        .where(beat.partner_id == Partner.id, mail.answered_at == Partner.heartbeat_returned_at)
        .order_by(beat.outbound_mail_id.desc())
        .limit(1)
        .correlate(Partner)
        .scalar_subquery()
    )
    query = select(*columns, Partner.heartbeat_returned_at.label("returned_at"), last.label("asked_at"))
    return tuple(
        Route(
            code=row.site_code,
            name=row.name,
            policy=row.heartbeat,
            active=bool(row.active),
            every_seconds=_agreed(row) if row.active else None,
            sent_at=sent[row.id].last if row.id in sent else None,
            first_sent_at=sent[row.id].first if row.id in sent else None,
            returned_at=row.returned_at,
            seconds=_seconds(row.asked_at, row.returned_at),
            late=counts.get((row.id, HeartbeatOutcome.LATE), 0),
            lost=counts.get((row.id, HeartbeatOutcome.LOST), 0),
        )
        for row in connection.execute(query.order_by(Partner.site_code))
    )


def _agreed(row: Any) -> int | None:
    every = agreed(span_of(row.heartbeat_planned), span_of(row.heartbeat_told))
    return None if every is None else round(every.total_seconds())


def _seconds(asked_at: datetime | None, returned_at: datetime) -> float | None:
    seconds = -1.0 if asked_at is None else (returned_at - asked_at).total_seconds()
    return seconds if seconds >= 0 else None
