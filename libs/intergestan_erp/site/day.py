"""The calendar of a site: which day an instant is there, and when a day begins and ends. Pure.

Documents, lists by day and the times that people read follow the site's zone, wherever its programs run: a container
is in UTC, an office in Mulhouse is not. No other file makes a date of an instant.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intergestan_db.problem import Problem, ProblemCode

USUAL_ZONES = {
    **dict.fromkeys(("FR", "MC"), "Europe/Paris"),
    "GP": "America/Guadeloupe",
    "MQ": "America/Martinique",
    "GF": "America/Cayenne",
    "RE": "Indian/Reunion",
    "YT": "Indian/Mayotte",
    "PM": "America/Miquelon",
    "NC": "Pacific/Noumea",
    "WF": "Pacific/Wallis",
    "BE": "Europe/Brussels",
    "LU": "Europe/Luxembourg",
    "CH": "Europe/Zurich",
    "DE": "Europe/Berlin",
    "IT": "Europe/Rome",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "NL": "Europe/Amsterdam",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "AT": "Europe/Vienna",
    "PL": "Europe/Warsaw",
    "MA": "Africa/Casablanca",
    "DZ": "Africa/Algiers",
    "TN": "Africa/Tunis",
}
"""The zone of a country's capital, for those that our sites are in; elsewhere a person says it."""

_NAME = re.compile(r"UTC|(?!posix/|right/)[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)+")
"""A name of the IANA base. Others, such as `localtime`, mean something else on each machine."""


def zone_of(name: str) -> ZoneInfo:
    """The time zone with an IANA name.

    :raises Problem: when there is none.
    """
    try:
        if _NAME.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # such as a folder of the base, or a name in another case
        pass
    raise Problem(
        "«{zone}» is not a time zone: write its name in the IANA base, such as Europe/Paris or Indian/Reunion.",
        ProblemCode.NO_ZONE,
        zone=name,
    )


def site_day(zone: tzinfo, instant: datetime) -> date:
    """The day that an instant is in a zone: what a document that is made then is dated."""
    return local(zone, instant).date()


def local(zone: tzinfo, instant: datetime) -> datetime:
    """An instant as a clock in the zone shows it."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(zone)


def begin_of(zone: tzinfo, day: date) -> datetime:
    """The first instant of a day, in UTC; where clocks jump over midnight, the instant of the jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of(zone: tzinfo, day: date) -> datetime:
    """The last second of a day, in UTC."""
    return begin_of(zone, day + timedelta(days=1)) - timedelta(seconds=1)


def days_before(zone: tzinfo, instant: datetime, days: int) -> datetime:
    """When the clocks of the zone showed the same time so many days before; a day may have 23 hours, or 25."""
    return (local(zone, instant) - timedelta(days=days)).astimezone(UTC)
