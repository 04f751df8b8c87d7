"""The end of a fiscal year, after which nothing enters it: one entry opens the next one (D61)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection, Date, bindparam, func, select, text, type_coerce, update

from intergestan_db import states
from intergestan_db.enums import Journal, Right
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Entry, EntryLine, FiscalYear
from intergestan_db.tables.types import Scaled
from intergestan_erp.books.chart import Account
from intergestan_erp.books.check import Wrong, check_journals
from intergestan_erp.books.entries import Written, write_entries
from intergestan_erp.books.folders import Books, Folder, lock_books, period_with, read_period
from intergestan_erp.books.post import Line, NewEntry
from intergestan_erp.books.years import (
    Balance,
    Year,
    open_links,
    opening,
    result_of,
    with_last,
    year_called,
)
from intergestan_erp.people.rights import require
from intergestan_erp.site.zone import today
from intergestan_msg.money import round_half_up

_BALANCES = (
    select(
        *(EntryLine.account, func.max(EntryLine.title).label("title"), EntryLine.aux),
        func.max(EntryLine.aux_title).label("aux_title"),
        type_coerce(func.sum(EntryLine.debit) - func.sum(EntryLine.credit), Scaled(2)).label("amount"),
    )
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(
        *(Entry.folder_id == bindparam("folder"), Entry.day >= bindparam("first", type_=Date())),
        Entry.day <= bindparam("last", type_=Date()),
    )
    .group_by(EntryLine.account, EntryLine.aux)
)
_NEW_DAYS = text("UPDATE fiscal_year SET first = :new_first, last = :new_last WHERE id = :of").bindparams(
    bindparam("new_first", type_=Date()), bindparam("new_last", type_=Date())
)


@dataclass(frozen=True, slots=True)
class ClosedYear:
    """A year that was closed.

    :ivar entry: what opens the next one; None where nothing is carried forward.
    :ivar result: above zero is a profit.
    """

    year: Year
    entry: Written | None
    result: Decimal


class ClosingRule(StrEnum):
    """What closing a year asks for."""

    OPEN = "open"
    ENDED = "ended"
    YEAR_BEFORE = "year_before"
    BALANCE = "balance"
    GAPS = "gaps"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class ClosingCheck:
    """Whether a rule is kept. :ivar problem: what is refused because of it; None: it is."""

    rule: ClosingRule
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ForeseenClosing:
    """What closing a year would do. :ivar lines: of the one entry that opens the next year."""

    year: Year
    checks: tuple[ClosingCheck, ...]
    lines: tuple[Line, ...]
    result: Decimal

    @property
    def is_possible(self) -> bool:
        """Whether every rule is kept."""
        return all(check.problem is None for check in self.checks)


@dataclass(frozen=True, slots=True)
class Closing:
    """When a year was closed, and by whom."""

    at: datetime
    by: str


def read_closings(connection: Connection, books: Books) -> dict[int, Closing]:
    """The closings of a folder, by the ids of their years."""
    query = select(FiscalYear.id, FiscalYear.closed_at, FiscalYear.closed_by).where(
        FiscalYear.folder_id == books.id, FiscalYear.closed_at.is_not(None)
    )
    return {row.id: Closing(row.closed_at, row.closed_by or "") for row in connection.execute(query)}


def balances(connection: Connection, books: Books, year: Year) -> list[Balance]:
    """What is left of a year's entries, by account and third party."""
    asked = {"folder": books.id, "first": year.first, "last": year.last}
    return [
        Balance(Account(row.account, row.title), Account(row.aux, row.aux_title) if row.aux else None, row.amount)
        for row in connection.execute(_BALANCES, asked)
    ]


def close_year(
    connection: Connection, folder: Folder, typed: str, day: date | None = None, *, by: str, at: datetime
) -> ClosedYear:
    """Close a year for ever, and open the next one with what is left of it.

    :param typed: the year as a person names it; `day`: what is typed, if it is a day.
    :raises Problem: who asks may not, there is no such year, it is closed, has not ended, follows an open one, or its
        entries are not in order. Nothing is written then.
    """
    require(connection, by, Right.CLOSE_BOOKS)
    here = today(connection, at)
    lock_books(connection, folder, here)
    years = period_with(connection, folder, here, here).years
    year = year_called(years, typed, day)
    left = balances(connection, folder, year)
    for check in checks_of_closing(connection, folder, years, year, left, here):
        if check.problem is not None:
            raise check.problem
    next_day = year.last + timedelta(days=1)
    following = period_with(connection, folder, next_day, here).year_of(next_day)
    assert following is not None
    lines = opening(folder.chart, left)
    entry = NewEntry(
        *(Journal.OPENING, following.first, f"AN {following.first:%Y-%m-%d}", following.first),
        *(f"À-nouveaux au {following.first:%d/%m/%Y}", f"close:{year.id}", lines),
    )
    written = write_entries(connection, folder, [entry], here, opens=True) if lines else []
    connection.execute(update(FiscalYear).where(FiscalYear.id == year.id).values(closed_at=at, closed_by=by))
    result = result_of(left)
    assert year.id is not None
    detail = {"folder": folder.number, "last": year.last.isoformat(), "result": f"{result:.2f}"}
    own = [(year.id, None, None)]
    states.record(connection, FiscalYear.__tablename__, own, "close", by=by, at=at, detail=detail)
    return ClosedYear(year, written[0] if written else None, result)


def checks_of_closing(
    connection: Connection, folder: Folder, years: Sequence[Year], year: Year, left: Sequence[Balance], here: date
) -> list[ClosingCheck]:
    """What closing a year asks for, in the order in which it is refused."""
    said = {"year": year.name, "folder": folder.number}
    found = [ClosingCheck(ClosingRule.OPEN), ClosingCheck(ClosingRule.ENDED), ClosingCheck(ClosingRule.YEAR_BEFORE)]
    if year.closed:
        found[0] = ClosingCheck(
            ClosingRule.OPEN,
            Problem(
                "Year {year} of folder {folder} is closed already. Nothing was written.",
                ProblemCode.NOT_CLOSABLE,
                **said,
            ),
        )
    if year.last > here:
        found[1] = ClosingCheck(
            ClosingRule.ENDED,
            Problem(
                "Year {year} of folder {folder} cannot be closed: it ends on {day} only, and nothing could be entered "
                "any more until then. Nothing was written.",
                ProblemCode.NOT_CLOSABLE,
                (Act.LIST_YEARS,),
                **said,
                day=year.last,
            ),
        )
    if any(not before.closed for before in years if before.last < year.first):
        found[2] = ClosingCheck(
            ClosingRule.YEAR_BEFORE,
            Problem(
                "Year {year} of folder {folder} cannot be closed: a year before it is open. Nothing was written.",
                ProblemCode.NOT_CLOSABLE,
                (Act.LIST_YEARS,),
                **said,
            ),
        )
    broken = {each.kind: each.what for each in reversed(check_journals(connection, folder))}
    for rule, kind in ((ClosingRule.BALANCE, Wrong.UNBALANCED), (ClosingRule.GAPS, Wrong.GAP)):
        problem = None
        if kind in broken:
            problem = Problem(
                "Year {year} of folder {folder} cannot be closed: the entry {entry} is not in order. Nothing was "
                "written.",
                ProblemCode.NOT_CLOSABLE,
                (Act.CHECK_BOOKS,),
                **said,
                entry=broken[kind],
            )
        found.append(ClosingCheck(rule, problem))
    problem = None
    if (links := open_links(left)) != 0:
        problem = Problem(
            "Year {year} of folder {folder} cannot be closed: the accounts that link establishments, 186 and 187, come "
            "to {amount}. Nothing was written.",
            ProblemCode.NOT_CLOSABLE,
            (Act.LIST_ENTRIES,),
            **said,
            amount=round_half_up(links),
        )
    return [*found, ClosingCheck(ClosingRule.LINKS, problem)]


def foresee_closing(connection: Connection, folder: Folder, year: Year, here: date) -> ForeseenClosing:
    """What closing a year would do now. Nothing is written."""
    years, left = read_period(connection, folder).years, balances(connection, folder, year)
    checks = checks_of_closing(connection, folder, years, year, left, here)
    return ForeseenClosing(year, tuple(checks), opening(folder.chart, left), result_of(left))


def set_last_day(
    connection: Connection, folder: Folder, typed: str, day: date | None, last: date, *, by: str, at: datetime
) -> list[Year]:
    """Let an open year end on another day; the one after it begins later or earlier.

    :returns: the years of the folder now.
    :raises Problem: who asks may not, there is no such year, it is closed, or one would be too short or too long.
    """
    require(connection, by, Right.CLOSE_BOOKS)
    here = today(connection, at)
    lock_books(connection, folder, here)
    years = period_with(connection, folder, here, here).years
    year = year_called(years, typed, day)
    for each in with_last(years, year, last):
        connection.execute(_NEW_DAYS, {"of": each.id, "new_first": each.first, "new_last": each.last})
    assert year.id is not None
    detail = {"folder": folder.number, "last": [year.last.isoformat(), last.isoformat()]}
    own = [(year.id, None, None)]
    states.record(connection, FiscalYear.__tablename__, own, "set", by=by, at=at, detail=detail)
    return list(read_period(connection, folder).years)
