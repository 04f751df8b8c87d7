"""When an invoice falls due, counted day by day: slow and plain, with which property tests compare the product."""

from __future__ import annotations

from datetime import date, timedelta

ONE_DAY = timedelta(1)


def end_of_month(day: date) -> date:
    """The last day of a month, found by walking to it."""
    while (day + ONE_DAY).month == day.month:
        day += ONE_DAY
    return day


def months_on(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    first = day.replace(day=1)
    for _ in range(months):
        first = end_of_month(first) + ONE_DAY
    return min(first + timedelta(day.day - 1), end_of_month(first))


def due(issued: date, days: int, end: str, on_day: int | None) -> date:
    """The due date by the words of D20."""
    if end == "before":
        day = end_of_month(issued) + timedelta(days)
    elif end == "after":
        day = end_of_month(months_on(issued, days // 30) if days % 30 == 0 else issued + timedelta(days))
    else:
        day = issued + timedelta(days)
    if on_day is not None:
        while day.day != min(on_day, end_of_month(day).day):
            day += ONE_DAY
    return day
