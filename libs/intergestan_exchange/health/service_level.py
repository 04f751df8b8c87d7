"""The service level, counted in the base: which share of the heartbeats was not back in time (ADR 0018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from intergestan_db.enums import HeartbeatOutcome
from intergestan_db.tables import Heartbeat, OutboundMail

WINDOWS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Share:
    """How many heartbeats should be back by now, and how many of them were `missed`: late, lost, or still away."""

    missed: int
    due: int

    @property
    def ratio(self) -> float:
        """Of those that should be back; 0 where there were none."""
        return self.missed / self.due if self.due else 0.0


def read_service_level(connection: Connection, now: datetime, late: timedelta) -> Mapping[timedelta, Share]:
    """By window, of the heartbeats that became due in it.

    One that is away counts as soon as it is late, an hour before it is called lost: who looks into the base need not
    wait for that.
    """
    beat, asked = Heartbeat, OutboundMail.requested_at
    missed = or_(beat.outcome.is_(None), beat.outcome != HeartbeatOutcome.ON_TIME)
    counts = [
        func.count().filter(and_(asked > now - late - window, condition))
        for window in WINDOWS
        for condition in (missed, beat.echoes.is_(None))
    ]
    query = (
        select(*counts)
        .join_from(beat, OutboundMail, OutboundMail.id == beat.outbound_mail_id)
        .where(beat.echoes.is_(None), asked <= now - late, asked > now - late - max(WINDOWS))
    )
    found = connection.execute(query).one()
    return {window: Share(found[2 * place], found[2 * place + 1]) for place, window in enumerate(WINDOWS)}
