"""How late an invoice may fall due between firms in France (Code de commerce, article L441-10). Pure.

At most 60 days from the invoice, or 45 days end of month, counted in either way, where the contract says so; a periodic
invoice (CGI, article 289-I-3) at most 45 days from its day. Longer terms are warned of, not refused: other countries
have other rules, and so have some trades.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from intergestan_db.enums import EndOfMonth
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.terms.due import TermLine, due
from intergestan_msg.money import ZERO

DAYS = 60
DAYS_END_OF_MONTH = 45
DAYS_PERIODIC = 45
_EVERY_DAY = [date(2027, 1, 1) + timedelta(n) for n in range(2 * 365)]
"""Of a year and of a leap year."""
_COUNTED = [TermLine(ZERO, DAYS_END_OF_MONTH, end_of_month) for end_of_month in (EndOfMonth.AFTER, EndOfMonth.BEFORE)]


def doubts(lines: Sequence[TermLine]) -> list[Problem]:
    """What is to be said of a term that is longer than the law allows."""
    found = []
    if any(_too_long(line) for line in lines if line.end_of_month is EndOfMonth.NO):
        found.append(
            Problem(
                "The law allows at most {days} days from the invoice (C. com. L441-10); this term is longer.",
                ProblemCode.TERM_TOO_LONG,
                days=DAYS,
            )
        )
    if any(_too_long(line) for line in lines if line.end_of_month is not EndOfMonth.NO):
        found.append(
            Problem(
                "The law allows at most {days} days end of month (C. com. L441-10); this term is longer.",
                ProblemCode.TERM_TOO_LONG,
                days=DAYS_END_OF_MONTH,
            )
        )
    return found


def periodic_doubts(issued: date, due_date: date) -> list[Problem]:
    """What is to be said of an invoice of several deliveries that falls due too late."""
    if (due_date - issued).days <= DAYS_PERIODIC:
        return []
    return [
        Problem(
            "An invoice of several deliveries is due within {days} days of its date (C. com. L441-10); this one is due "
            "on {due}.",
            ProblemCode.TERM_TOO_LONG,
            days=DAYS_PERIODIC,
            due=due_date,
        )
    ]


def _too_long(line: TermLine) -> bool:
    """Whether there is a day whose invoice falls due after the latest day that the law allows."""
    if line.end_of_month is EndOfMonth.NO:
        return any((due(day, line) - day).days > DAYS for day in _EVERY_DAY)
    return any(due(day, line) > max(due(day, most) for most in _COUNTED) for day in _EVERY_DAY)
