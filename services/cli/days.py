"""Days that people give, as instants."""

from __future__ import annotations

from datetime import date, datetime, time

import typer

from intergestan_operations.language.language import _
from services.cli.figures import day_of


def begin_of(text: str | None) -> datetime | None:
    """The first instant of a day of this machine's calendar."""
    return _at(day_of(text), time())


def end_of(text: str | None) -> datetime | None:
    """The last second of a day."""
    return _at(day_of(text), time(23, 59, 59))


def ahead(instant: datetime | None, now: datetime) -> datetime | None:
    """The instant, if it lies ahead. Ends the program with a usage error if not."""
    if instant is not None and instant <= now:
        raise typer.BadParameter(_("The day lies in the past: {day}.").format(day=f"{instant:%Y-%m-%d}"))
    return instant


def _at(day: date | None, when: time) -> datetime | None:
    return None if day is None else datetime.combine(day, when).astimezone()
