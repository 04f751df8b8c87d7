"""Days that people give, as instants of the site's calendar."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import typer

from intergestan_erp.site import day
from intergestan_operations.language.language import _
from services.cli.figures import day_of
from services.cli.shown import cell


def begin_of(text: str | None, zone: tzinfo) -> datetime | None:
    """The first instant of a day in the site's zone."""
    given = day_of(text)
    return None if given is None else day.begin_of(zone, given)


def end_of(text: str | None, zone: tzinfo) -> datetime | None:
    """The last second of a day."""
    given = day_of(text)
    return None if given is None else day.end_of(zone, given)


def before(text: str | None, zone: tzinfo) -> datetime | None:
    """The first instant after a day, which is included in what lies before it."""
    given = day_of(text)
    return None if given is None else day.begin_of(zone, given + timedelta(days=1))


def ahead(instant: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    """The instant, if it lies ahead. Ends the program with a usage error if not."""
    if instant is not None and instant <= now:
        past = cell(day.site_day(zone, instant))
        raise typer.BadParameter(_("The day lies in the past: {day}.").format(day=past))
    return instant
