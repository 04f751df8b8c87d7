"""Whether the days of an order can be meant: a year typed wrong makes a valid date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from intergestan_db.problem import Fault
from intergestan_erp.order_files.file_order import FileOrder

_AHEAD = timedelta(days=1)
_YEARS_TO_WAIT = 2


def implausible_days(order: FileOrder, today: date) -> Iterator[Fault]:
    """What is wrong with the days of a new order.

    It was made in the last year, or tomorrow where clocks differ; the goods come on that day or in the two years after.
    """
    of_issue, of_delivery = ("date", "wanted_date") if order.row is not None else ("cbc:IssueDate", "cac:Delivery")
    if not _years_later(today, -1) <= order.issue_date <= today + _AHEAD:
        yield Fault(
            order.row,
            of_issue,
            "The order is of {day}, and today is {today}: an order is at most a year old. Correct the date, or say "
            "--dates any if it is meant.",
            day=order.issue_date,
            today=today,
        )
    wanted = order.wanted_date
    if wanted is not None and not order.issue_date <= wanted <= _years_later(order.issue_date, _YEARS_TO_WAIT):
        yield Fault(
            order.row,
            of_delivery,
            "The goods are wanted on {wanted}, and the order is of {day}: they are wanted on that day or in the two "
            "years after it. Correct the date, or say --dates any if it is meant.",
            wanted=wanted,
            day=order.issue_date,
        )


def _years_later(day: date, years: int) -> date:
    """The same day of another year; the last of February where there is none."""
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        return date.min if years < 0 else date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
