"""Whether somebody set this site's clock back, for people: from what the base remembers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from intergestan_db import states
from intergestan_db.tables import Event, Partner, Site
from intergestan_exchange.heartbeats.heartbeat_plan import agreed, span_of
from intergestan_exchange.partners.partner_clock import seconds_ahead

SET_BACK = "clock_set_back"
LATELY = timedelta(hours=1)
"""So long people are told of it."""
IN_FUTURE = timedelta(seconds=60)
"""What lies further ahead was written before a clock was set back; less is two machines that do not quite agree."""

PARTNER_CLOCK_S = 300
"""Two firms' clocks may differ by this much without anybody being told."""

_SITE = select(Site.id).scalar_subquery()
_NEWEST = select(Event.at).order_by(Event.id.desc()).limit(200).subquery()


@dataclass(frozen=True, slots=True)
class SiteClock:
    """What is known of it.

    :ivar set_back_at: when it was noticed within the last hour that the clock had been set back; `seconds`: by how
        many.
    :ivar ahead: by how many seconds the newest entries lie in the future; 0 where they do not.
    """

    set_back_at: datetime | None = None
    seconds: int = 0
    ahead: int = 0

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to tell."""
        return self.set_back_at is None and self.ahead == 0


NOT_SET_BACK = SiteClock()


def read_clock(connection: Connection, now: datetime) -> SiteClock:
    """Read it, in two statements that an index answers."""
    newest = connection.execute(select(func.max(_NEWEST.c.at))).scalar_one_or_none()
    ahead = newest - now if newest is not None and newest - now > IN_FUTURE else timedelta(0)
    noted = connection.execute(
        select(Event.at, Event.detail)
        .where(Event.subject == Site.__tablename__, Event.subject_id == _SITE, Event.name == SET_BACK)
        .order_by(Event.id.desc())
        .limit(1)
    ).first()
    if noted is None or abs(now - noted.at) > LATELY:
        return SiteClock(ahead=round(ahead.total_seconds()))
    return SiteClock(noted.at, int(noted.detail["seconds"]), round(ahead.total_seconds()))


@dataclass(frozen=True, slots=True)
class PartnerClock:
    """A partner whose clock differs from ours; `seconds` ahead, negative: behind."""

    code: str
    name: str
    seconds: int


def read_partner_clocks(connection: Connection, now: datetime) -> tuple[PartnerClock, ...]:
    """Those that differ by so much that people are told, by code."""
    noted = (Partner.clock_ahead_least, Partner.clock_ahead_most, Partner.clock_noted_at)
    columns = (Partner.site_code, Partner.name, *noted, Partner.heartbeat_planned, Partner.heartbeat_told)
    rows = connection.execute(select(*columns).where(noted[0].is_not(None), Partner.active).order_by(Partner.site_code))
    found = (
        PartnerClock(code, name, seconds_ahead(least, most, at, now, agreed(span_of(planned), span_of(told))))
        for code, name, least, most, at, planned, told in rows
    )
    return tuple(each for each in found if abs(each.seconds) > PARTNER_CLOCK_S)


def note_set_back(connection: Connection, seconds: int, now: datetime, *, by: str) -> None:
    """Remember that the clock was set back by so many seconds."""
    site = connection.execute(select(Site.id)).scalar_one()
    states.record(
        connection, Site.__tablename__, [(site, None, None)], SET_BACK, by=by, at=now, detail={"seconds": seconds}
    )


def is_in_future(instant: datetime, now: datetime) -> bool:
    """Whether this was written before a clock was set back."""
    return instant - now > IN_FUTURE


def span(seconds: int) -> str:
    """`2 h`, `1 h 5 min`, `40 s`: the same in both languages."""
    minutes = round(abs(seconds) / 60)
    if minutes == 0:
        return f"{abs(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    return " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min")) if count)
