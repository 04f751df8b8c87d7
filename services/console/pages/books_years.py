"""*Clôture*: the years of the books, until when they are shut, and the end of a year, which is for ever (D61).

To shut books and to close a year asks for the password again. Every form has the state that was looked at: of two
people the second one is told, and nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.closing import (
    ClosingRule,
    close_year,
    foresee_closing,
    read_closings,
    set_last_day,
)
from intergestan_erp.books.folders import Folder, lock_books, lock_until, read_period
from intergestan_erp.books.years import Period, Year, year_called
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.uninvoiced import count_uninvoiced
from intergestan_erp.paying.banking import count_to_bank
from intergestan_erp.people.rights import require
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import proof
from services.console.acting import Done, done_before, once
from services.console.pages.books import FOLDER, YEARS, books_of, books_path, frame
from services.console.pages.changed_by_others import SEEN, digest_of, refuse_if_changed
from services.console.pages.fields import NEEDED
from services.console.visit import Visit

YEAR, LAST, UNTIL, TYPED = "exercice", "au", "arrete", "annee"
RULES: Final[Mapping[ClosingRule, str]] = {
    ClosingRule.OPEN: marked("The year is open"),
    ClosingRule.ENDED: marked("The year has ended"),
    ClosingRule.YEAR_BEFORE: marked("The year before is closed"),
    ClosingRule.BALANCE: marked("Every entry balances"),
    ClosingRule.GAPS: marked("No number is missing in a journal"),
    ClosingRule.LINKS: marked("186 and 187 add up to 0"),
}
"""What closing a year asks for, as people read it."""
_OTHER_NAME: Final = Problem("Type the year itself, as it stands above. Nothing was written.", ProblemCode.NO_VALUE)


def show(visit: Visit) -> Response:
    """The years, and until when the books are shut."""
    return _page(visit)


def move_end(visit: Visit) -> Response:
    """Let an open year end on another day; the one after it begins later or earlier."""
    wrong: dict[str, str] = {}
    last = _day(visit, f"{LAST}.{visit.form.get(YEAR, '')}", wrong)
    if last is None:
        return _page(visit, wrong=wrong)

    def do(connection: Connection, folder: Folder) -> Said:
        year = _year(connection, folder, visit.form.get(YEAR, ""))
        changed = set_last_day(connection, folder, year.name, year.last, last, by=visit.who.login, at=visit.now)
        named = next(each for each in changed if each.id == year.id)
        return Said("The year {year} ends on {day} now.", year=named.name, day=last)

    return _done(visit, do, lambda problem: _page(visit, problem))


def shut(visit: Visit) -> Response:
    """Shut the books until a day, itself in it; without one open again what no closed year holds."""
    wrong: dict[str, str] = {}
    until = _day(visit, UNTIL, wrong, may_lack=True)
    if wrong:
        return _page(visit, wrong=wrong)

    def do(connection: Connection, folder: Folder) -> Said:
        require(connection, visit.who.login, Right.CLOSE_BOOKS)
        lock_until(connection, folder, until, visit.today, by=visit.who.login, at=visit.now)
        if until is None:
            return Said("Nothing of folder {folder} is locked but closed years.", folder=str(folder.number))
        return Said("The books of folder {folder} are shut until {day}.", folder=str(folder.number), day=until)

    return _proved(visit, do, lambda problem, proofs: _page(visit, problem, wrong=proofs))


def show_closing(visit: Visit) -> Response:
    """What closing a year asks for and would do."""
    return _closing(visit)


def close(visit: Visit) -> Response:
    """Close the year whose name was typed, for ever."""

    def do(connection: Connection, folder: Folder) -> Said:
        year = _year(connection, folder, visit.params["last"])
        if visit.form.get(TYPED, "").strip() != year.name:
            raise _OTHER_NAME
        closed = close_year(connection, folder, year.name, year.last, by=visit.who.login, at=visit.now)
        text = (
            "{year} is closed: a loss of {amount}." if closed.result < 0 else "{year} is closed: a profit of {amount}."
        )
        said = Said(text, year=year.name, amount=visit.amount(abs(closed.result)))
        if closed.entry is None:
            return said
        return Said("{first} {entry} opens the next one.", first=said, entry=closed.entry.name)

    return _proved(visit, do, lambda problem, proofs: _closing(visit, problem, proofs))


marked("{year} is closed: a profit of {amount}.")
marked("{year} is closed: a loss of {amount}.")


def _proved(
    visit: Visit,
    do: Callable[[Connection, Folder], Said],
    refused: Callable[[Problem | None, dict[str, str]], Response],
) -> Response:
    """Do it for whoever types their password: a screen that somebody left open is not enough."""
    before = done_before(visit)
    if before is not None:
        return before
    said = proof.prove(visit)
    if said is not None:
        return refused(None, {proof.PASSWORD: said})
    return _done(visit, do, lambda problem: refused(problem, {}))


def _done(visit: Visit, do: Callable[[Connection, Folder], Said], refused: Callable[[Problem], Response]) -> Response:
    def in_turn(connection: Connection) -> Done:
        folder = books_of(visit, connection)
        lock_books(connection, folder, visit.today)
        refuse_if_changed(visit, _state(read_period(connection, folder)))
        return Done(to=books_path(YEARS, folder), said=do(connection, folder))

    try:
        return once(visit, in_turn)
    except Problem as problem:
        return refused(problem)


def _state(period: Period) -> dict[str, Any]:
    """What a form was made of."""
    years = [[each.first.isoformat(), each.last.isoformat(), each.closed] for each in period.years]
    return {"years": years, "locked_until": period.locked_until}


def _year(connection: Connection, folder: Folder, last: str) -> Year:
    """The year that ends on this day.

    :raises Problem: there is none.
    """
    years = read_period(connection, folder).years
    day = next((each.last for each in years if each.last.isoformat() == last), None)
    return year_called(years, last, day)


def _day(visit: Visit, name: str, wrong: dict[str, str], *, may_lack: bool = False) -> date | None:
    text = visit.form.get(name, "").strip()
    if not text:
        if not may_lack:
            wrong[name] = visit.say(Said(NEEDED))
        return None
    try:
        return read_near_day(text, visit.today)
    except Unreadable as bad:
        wrong[name] = sentence(bad, visit.language)
        return None


def _page(visit: Visit, problem: Problem | None = None, *, wrong: dict[str, str] | None = None) -> Response:
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        shared = frame(folder, YEARS)
        period = read_period(connection, folder)
        closings = read_closings(connection, folder)
    fields = visit.form or visit.kept
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    return visit.html(
        "books/years.html",
        status=200 if not (problem or wrong) else 422 if problem is None else faults.status_of(problem),
        period=period,
        closings=closings,
        fields=fields,
        seen=fields[SEEN] if fields.get(SEEN) and not changed else digest_of(_state(period)),
        may_close=visit.person is not None and visit.person.may(Right.CLOSE_BOOKS),
        asked=proof.is_asked(visit),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        field=FOLDER,
        **shared,
    )


def _closing(visit: Visit, problem: Problem | None = None, wrong: dict[str, str] | None = None) -> Response:
    with visit.database.snapshot() as connection:
        folder = books_of(visit, connection)
        try:
            year = _year(connection, folder, visit.params["last"])
        except Problem:
            return faults.page(visit, 404)
        shared = frame(folder, YEARS)
        period = read_period(connection, folder)
        foreseen = foresee_closing(connection, folder, year, visit.today)
        not_invoiced = sum(count_uninvoiced(connection).values())
        to_bank = count_to_bank(connection)
    fields = visit.form or visit.kept
    return visit.html(
        "books/closing.html",
        status=200 if not (problem or wrong) else 422 if problem is None else faults.status_of(problem),
        year=year,
        foreseen=foreseen,
        checks=[(RULES[each.rule], each.problem) for each in foreseen.checks],
        not_invoiced=not_invoiced,
        to_bank=to_bank,
        typed=fields.get(TYPED, ""),
        seen=digest_of(_state(period)),
        asked=proof.is_asked(visit),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        **shared,
    )
