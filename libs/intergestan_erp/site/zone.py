"""The site's own time zone, from its base."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from intergestan_db.tables import Site
from intergestan_erp.site.day import site_day, zone_of

_ZONE = select(Site.timezone)


def read_zone(connection: Connection) -> ZoneInfo:
    """The time zone of the site."""
    return zone_of(connection.execute(_ZONE).scalar_one())


def today(connection: Connection, at: datetime) -> date:
    """The site's day at an instant: what a document is dated that is made then."""
    return site_day(read_zone(connection), at)
