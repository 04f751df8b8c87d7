"""When instalments fall due, and how much each is (D20). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from intergestan_db.enums import EndOfMonth
from intergestan_msg.money import ZERO, round_half_up

MONTH = 30
"""So many days are a month where they go to the end of one."""

Shift = Callable[[date], date]
"""Moves a day on which nobody pays."""


def as_it_is(day: date) -> date:
    """Moves no day."""
    return day


@dataclass(frozen=True, slots=True)
class TermLine:
    """A part of what an invoice asks, in percent, and when it falls due.

    :ivar end_of_month: `after` the days comes the end of that month, or they begin after the end of the invoice's
        month (`before`); the law counts "45 days end of month" in either way.
    :ivar on_day: of a month: the first such day, or the last of a month that has none.
    """

    percent: Decimal
    days: int
    end_of_month: EndOfMonth = EndOfMonth.NO
    on_day: int | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """The `n`th part of an invoice: so much, due on a day."""

    n: int
    due_date: date
    amount: Decimal


def due(issued: date, line: TermLine) -> date:
    """When a part of an invoice of a day falls due."""
    if line.end_of_month is EndOfMonth.BEFORE:
        day = _end_of_month(issued) + timedelta(line.days)
    elif line.end_of_month is EndOfMonth.AFTER:
        in_months = line.days % MONTH == 0
        day = _end_of_month(_months_later(issued, line.days // MONTH) if in_months else issued + timedelta(line.days))
    else:
        day = issued + timedelta(line.days)
    return day if line.on_day is None else _next(day, line.on_day)


def instalments(total: Decimal, issued: date, lines: Sequence[TermLine], shift: Shift = as_it_is) -> list[Instalment]:
    """The parts of an invoice, which add up to its total; a part of nothing is left out.

    Each is rounded half up and takes no more than the others left; the last takes the rest.
    """
    found: list[Instalment] = []
    rest = total
    for place, line in enumerate(lines, start=1):
        amount = rest if place == len(lines) else min(rest, round_half_up(total * line.percent / 100))
        rest -= amount
        if amount != ZERO:
            found.append(Instalment(len(found) + 1, shift(due(issued, line)), amount))
    return found


def last_due(issued: date, lines: Sequence[TermLine], shift: Shift = as_it_is) -> date:
    """When the last part of an invoice falls due."""
    return max(shift(due(issued, line)) for line in lines)


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return _in_month(date(day.year + years, month + 1, 1), day.day)


def _in_month(day: date, wanted: int) -> date:
    return day.replace(day=min(wanted, monthrange(day.year, day.month)[1]))


def _next(day: date, wanted: int) -> date:
    here = _in_month(day, wanted)
    return here if here >= day else _in_month(_months_later(day.replace(day=1), 1), wanted)
