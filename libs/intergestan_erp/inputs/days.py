"""The one reader of days as people and programs write them: `15/11/2026`, `2026-11-15`, with or without a time."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from intergestan_erp.inputs.unreadable import Unreadable, shown

_CLOCK = r"(?P<clock>[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?)"
_FRENCH = re.compile(rf"(?P<day>[0-9]{{1,2}})/(?P<month>[0-9]{{1,2}})/(?P<year>[0-9]{{4}})(,? {_CLOCK})?")
_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    rf"([T ]{_CLOCK} ?(?P<zone>Z|[+-][0-9]{{2}}(:?[0-5][0-9])?)?)?"
)
_TWO_DIGITS = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}( .*)?")
_MONTHS = 12
_AHEAD = timedelta(days=1)
_YEARS_TO_WAIT = 2


def read_day(text: str, zone: tzinfo | None = None) -> date:
    """The day that a text is. A time behind it is left out: the day counts.

    :param zone: where the day is a day of; a time with an offset must lie on the same day there.
    :raises Unreadable: for what is no day, or may be two, with the cure.
    """
    plain = text.strip()
    found = _FRENCH.fullmatch(plain) or _ISO.fullmatch(plain)
    if found is None:
        raise _why(plain)
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        offset = found.groupdict().get("zone")
        moment = _moment(day, found["clock"], offset) if found["clock"] else None
        here = moment.astimezone(zone).date() if moment and moment.tzinfo and zone else day
    except (ValueError, OverflowError) as error:
        raise _no_such_day(plain, int(found["month"])) from error
    if here != day:
        raise Unreadable(
            "«{value}» is another day here, {day}: write the day alone.",
            value=shown(plain),
            day=here,
        )
    return day


def may_be_issued(day: date, today: date) -> bool:
    """Whether an order can be of a day: in the last year, or tomorrow where clocks differ."""
    return years_later(today, -1) <= day <= today + _AHEAD


def may_be_wanted(day: date, issued: date, today: date | None = None) -> bool:
    """Whether the goods of an order can be wanted for a day: from the order's own to two years later.

    :param today: where the order has been there for some time, and is changed now: then the two years are from today.
    """
    return issued <= day <= years_later(max(issued, today or issued), _YEARS_TO_WAIT)


def years_later(day: date, years: int) -> date:
    """The same day of another year; the last of February where there is none."""
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        return date.min if years < 0 else date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _moment(day: date, clock: str, offset: str | None) -> datetime:
    """The moment that is written; ValueError where the clock has no such time."""
    hours, minutes, *seconds = re.split("[:.,]", clock)
    plain = f"{day.isoformat()}T{int(hours):02}:{minutes}:{seconds[0] if seconds else '00'}"
    return datetime.fromisoformat(plain + _colon(offset))


def _colon(offset: str | None) -> str:
    """`+0100` and `+01` as `+01:00`."""
    if offset is None or offset == "Z":
        return "+00:00" if offset else ""
    digits = offset[1:].replace(":", "")
    return f"{offset[0]}{digits[:2]}:{digits[2:] or '00'}"


def _no_such_day(plain: str, month: int) -> Unreadable:
    if month > _MONTHS:
        return Unreadable(
            "«{value}» is not a date: there is no month {month}. The day stands first, like 15/11/2020, or write "
            "2020-11-15.",
            value=shown(plain),
            month=month,
        )
    return Unreadable(
        "«{value}» is not a date: there is no such day. Write it like 15/11/2020 or 2020-11-15.", value=shown(plain)
    )


def _why(plain: str) -> Unreadable:
    if _TWO_DIGITS.fullmatch(plain):
        return Unreadable(
            "«{value}» does not say the century: write the year with four digits, like 15/11/2020 or 2020-11-15.",
            value=shown(plain),
        )
    return Unreadable("«{value}» is not a date: write it like 15/11/2020 or 2020-11-15.", value=shown(plain))
