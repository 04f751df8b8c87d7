"""The site's own time zone, from its base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from intergestan_db.tables import Site
from intergestan_erp.site.day import begin_of, site_day, zone_of

_ZONE = select(Site.timezone)


def read_zone(connection: Connection) -> ZoneInfo:
    """The time zone of the site."""
    return zone_of(connection.execute(_ZONE).scalar_one())


def today(connection: Connection, at: datetime) -> date:
    """The site's day at an instant: what a document is dated that is made then."""
    return site_day(read_zone(connection), at)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the site's calendar: `2026-11`, and the instant at which the next one begins."""

    name: str
    ends: datetime


def this_month(connection: Connection, at: datetime) -> Month:
    """The site's month at an instant."""
    zone = read_zone(connection)
    day = site_day(zone, at)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return Month(f"{day:%Y-%m}", begin_of(zone, following))
