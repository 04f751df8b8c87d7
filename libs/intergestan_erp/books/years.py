"""The years of a folder's books: how they follow each other, and what one hands on to the next (D61). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.books.chart import LINKS, Account, Chart, Use
from intergestan_erp.books.post import Line, line
from intergestan_msg.money import ZERO

LONGEST = 24
"""Months that a year has at most."""
_USUAL = 12
_DAY = timedelta(days=1)
_RESULT = ("6", "7")


@dataclass(frozen=True, slots=True)
class Year:
    """A fiscal year, both ends in it. :ivar id: None for one that is not stored yet."""

    first: date
    last: date
    closed: bool = False
    id: int | None = None

    @property
    def name(self) -> str:
        """The calendar year in which it ends, as people call it."""
        return f"{self.last:%Y}"

    def has(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Period:
    """A folder as posting sees it: its years in their order, and until when its books are locked."""

    folder: int
    years: tuple[Year, ...]
    locked_until: date | None = None

    def year_of(self, day: date) -> Year | None:
        """The year in which a day lies."""
        return next((year for year in self.years if year.has(day)), None)

    def check_open(self, day: date) -> None:
        """Refuse a day on which nothing may be entered any more.

        :raises Problem: until which day the books are closed, or from which on they are kept.
        """
        closed = [year.last for year in self.years if year.closed]
        until = max([*closed, *([self.locked_until] if self.locked_until else [])], default=None)
        if until is not None and day <= until:
            raise Problem(
                "The books of folder {folder} are closed until {day}.",
                ProblemCode.BOOKS_CLOSED,
                (Act.OTHER_DAY,),
                folder=self.folder,
                day=until,
            )
        if self.year_of(day) is None:
            raise Problem(
                "The books of folder {folder} begin on {day}.",
                ProblemCode.BOOKS_CLOSED,
                (Act.OTHER_DAY,),
                folder=self.folder,
                day=self.years[0].first,
            )


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def missing_years(years: Sequence[Year], day: date, today: date) -> list[Year]:
    """The years that must be made so that a day lies in one: first this calendar year, later ones of 12 months.

    Before the first one there is room for one more, for documents of a time before the books were begun; further back
    nothing is made, and the day is refused.
    """
    made = [] if years else [Year(date(today.year, 1, 1), date(today.year, 12, 31))]
    first = (*years, *made)[0]
    before = Year(months_later(first.first, -_USUAL), first.first - _DAY)
    if before.has(day) and not first.closed and len(years) <= 1:
        made.append(before)
    while day > (last := (*years, *made)[-1].last) and day > first.last:
        made.append(following(last))
    return made


def following(last: date) -> Year:
    """The year of 12 months that begins on the day after this one."""
    first = last + _DAY
    return Year(first, months_later(first, _USUAL) - _DAY)


def with_last(years: Sequence[Year], chosen: Year, last: date) -> list[Year]:
    """The years that change when a year gets another last day: itself, and the one after it, which begins later.

    :raises Problem: the year is closed, or one of them would have less than a month or more than 24.
    """
    place = years.index(chosen)
    if chosen.closed:
        raise Problem(
            "Year {year} is closed, and stays as it is. Nothing was changed.",
            ProblemCode.YEAR_CLOSED,
            (Act.LIST_YEARS,),
            year=chosen.name,
        )
    changed = [replace(chosen, last=last)]
    if place + 1 < len(years):
        changed.append(replace(years[place + 1], first=last + _DAY))
    for year in changed:
        if not months_later(year.first, 1) - _DAY <= year.last <= months_later(year.first, LONGEST) - _DAY:
            raise Problem(
                "A year has 1 to {most} months: from {first} to {last} does not fit. Nothing was changed.",
                ProblemCode.NO_DAY,
                (Act.LIST_YEARS,),
                most=LONGEST,
                first=year.first,
                last=year.last,
            )
    return changed


def year_called(years: Iterable[Year], typed: str, day: date | None) -> Year:
    """The year that somebody means: by the calendar year in which it ends, or by a day in it.

    :param day: what is typed, if it is a day.
    :raises Problem: there is none, or there are two.
    """
    meant = [year for year in years if (year.has(day) if day is not None else year.name == typed.strip())]
    if len(meant) != 1:
        raise Problem(
            "There is no year {year} in these books, or more than one: a day in it says which. Nothing was done.",
            ProblemCode.NO_YEAR,
            (Act.LIST_YEARS,),
            year=typed,
        )
    return meant[0]


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on an account, and of a third party's whose: debits less credits of a year."""

    account: Account
    aux: Account | None
    amount: Decimal


def open_links(balances: Iterable[Balance]) -> Decimal:
    """What the links between establishments come to: they close each other, so it must be nothing."""
    return sum((each.amount for each in balances if each.account.number.startswith(LINKS)), ZERO)


def result_of(balances: Iterable[Balance]) -> Decimal:
    """The result of a year: above zero is a profit."""
    return -sum((each.amount for each in balances if each.account.number.startswith(_RESULT)), ZERO)


def opening(chart: Chart, balances: Sequence[Balance]) -> tuple[Line, ...]:
    """What the next year begins with: accounts of classes 1 to 5 with what is left on them, 6 and 7 as one result.

    No letters, no establishments; what adds up to nothing is left out.
    """
    kept: dict[tuple[str, str], Balance] = {}
    result = result_of(balances)
    account = chart.account(Use.PROFIT if result >= ZERO else Use.LOSS)
    for each in (*balances, Balance(account, None, -result)):
        if each.account.number.startswith((*_RESULT, *LINKS)):
            continue
        key = each.account.number, each.aux.number if each.aux else ""
        before = kept.get(key)
        kept[key] = each if before is None else replace(before, amount=before.amount + each.amount)
    return tuple(line(each.account, each.amount, each.aux) for _key, each in sorted(kept.items()) if each.amount)
