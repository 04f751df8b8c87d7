"""Days as a person types them into a form: in short, or by how far they are from today. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from intergestan_erp.inputs.days import read_day
from intergestan_erp.inputs.unreadable import Unreadable, shown

_BY_NAME: Final[Mapping[str, int]] = {
    **dict.fromkeys(("aujourd'hui", "aujourd’hui", "today"), 0),
    **dict.fromkeys(("hier", "yesterday"), -1),
    **dict.fromkeys(("demain", "tomorrow"), 1),
}
_FROM_TODAY: Final = re.compile(r"[+-][0-9]{1,4}")
_SHORT: Final = re.compile(r"(?P<day>[0-9]{1,2})[./](?P<month>[0-9]{1,2})([./](?P<year>[0-9]{2}|[0-9]{4}))?\.?")
_DIGITS: Final = re.compile(r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{2}|[0-9]{4})?")
_CENTURY: Final = 2000
_TWO_DIGITS: Final = 100
_FIRST, _LAST = date(1000, 1, 1), date(9998, 12, 31)
"""So that whoever reads one may reckon with the day beside it, and with its beginning in any zone."""


def read_near_day(text: str, today: date) -> date:
    """The day that a person means: `01/11/2020`, `1/11/20`, `0111`, `1.11`, `2020-11-01`, `hier`, `-7`, `+14`.

    Without a year it is this year's; a year of two digits is one of this century.

    :raises Unreadable: for what is no day, with the cure.
    """
    day = _read(text, today)
    if not _FIRST <= day <= _LAST:
        raise _none(text)
    return day


def _read(text: str, today: date) -> date:
    plain = text.strip().lower()
    if plain in _BY_NAME:
        return today + timedelta(days=_BY_NAME[plain])
    if _FROM_TODAY.fullmatch(plain):
        try:
            return today + timedelta(days=int(plain))
        except OverflowError as error:
            raise _none(text) from error
    found = _SHORT.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if found is None:
        return read_day(text)
    year = int(found["year"] or today.year)
    try:
        return date(year + _CENTURY if year < _TWO_DIGITS else year, int(found["month"]), int(found["day"]))
    except ValueError as error:
        raise _none(text) from error


def _none(text: str) -> Unreadable:
    return Unreadable("«{value}» is no day: write it like 15/11/2026 or 2026-11-15.", value=shown(text.strip()))
