"""Entries that a person types (*Saisir*), and taking one back (*Contre-passer*)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.books.typed import TypedEntry, enter, reverse, sums_of
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.entries import reversal_of
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages import books, books_form
from services.console.pages.books import FOLDER, books_of, entry_path, find_entry, frame
from services.console.pages.books_form import EntryForm, Read
from services.console.visit import CONTENT, Visit

NEW: Final = f"{books.ENTRIES}/nouvelle"
_TEMPLATE: Final = "books/typing.html"


def show_new(visit: Visit) -> Response:
    """An empty form; for whoever had to enter on the way, with what they typed."""
    if books_form.is_form(visit.kept):
        return _page(visit, books_form.form_of(visit.kept))
    return _page(visit, books_form.empty_form(visit.day(visit.today)))


def take(visit: Visit) -> Response:
    """One of its buttons: another line, a line less, the rest into a line, or enter it."""
    form = books_form.form_of(visit.form)
    wanted = visit.form.get("faire", "")
    if wanted == "ligne":
        lines = [*form.lines, books_form.empty_line()]
        return _page(visit, form.with_lines(lines), focus=f"l{len(lines)}_compte")
    if wanted.partition("-")[0] == "reste":
        number = wanted.partition("-")[2]
        line = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else None
        return _page(visit, books_form.balanced(form, visit.today, visit.language, line))
    if wanted.startswith("retirer-"):
        left = [line for n, line in enumerate(form.lines, start=1) if wanted != f"retirer-{n}"]
        return _page(visit, form.with_lines(left or [books_form.empty_line()]))
    read = books_form.read_form(form, visit.today)
    if read.entry is None:
        return _page(visit, form, wrong={name: visit.say(each) for name, each in read.wrong.items()}, status=422)
    return _enter(visit, form, read.entry)


def count(visit: Visit) -> Response:
    """What debits and credits come to while it is typed. Nothing is written."""
    read = books_form.read_form(books_form.form_of(visit.form), visit.today)
    return visit.html(_TEMPLATE, block="totaux", titled=False, read=read)


def _enter(visit: Visit, form: EntryForm, typed: TypedEntry) -> Response:
    def do(connection: Connection) -> Done:
        folder = books_of(visit, connection)
        written = enter(connection, folder, typed, by=visit.who.login, at=visit.now)
        said = Said("{entry} is entered: {amount}.", entry=written.name, amount=visit.amount(sums_of(typed.lines)[0]))
        return Done(to=entry_path(written.name, folder), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        wrong = {name: visit.say(each) for name, each in books_form.placed(problem, form).items()}
        return _page(visit, form, wrong=wrong, problem=None if wrong else problem, status=faults.status_of(problem))


def _page(
    visit: Visit,
    form: EntryForm,
    *,
    wrong: dict[str, str] | None = None,
    problem: Problem | None = None,
    status: int = 200,
    focus: str = "",
) -> Response:
    read: Read = books_form.read_form(form, visit.today)
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        shared = frame(folder, books.ENTRIES)
    return visit.html(
        _TEMPLATE,
        block=CONTENT if visit.is_partial else None,
        status=status,
        form=form,
        read=read,
        journals=books.typing_journals(),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        focus=focus,
        **shared,
    )


def ask_to_reverse(visit: Visit) -> Response:
    """On which day the entry is taken back."""
    return _reversing(visit)


def take_back(visit: Visit) -> Response:
    """Enter the mirror of an entry that was typed."""
    day = None
    typed = visit.form.get("date", "").strip()
    if typed:
        try:
            day = read_near_day(typed, visit.today)
        except Unreadable as bad:
            return _reversing(visit, {"date": sentence(bad, visit.language)})
    name = f"{visit.params['journal']}{visit.params['n']}"

    def do(connection: Connection) -> Done:
        folder = books_of(visit, connection)
        written = reverse(connection, folder, name, day, by=visit.who.login, at=visit.now)
        said = Said("{entry} takes {number} back.", entry=written.name, number=name)
        return Done(to=entry_path(written.name, folder), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return _reversing(visit, problem=problem)


def _reversing(visit: Visit, wrong: dict[str, str] | None = None, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        entry = find_entry(visit, connection, folder)
        if entry is None:
            return faults.page(visit, 404)
        reversal = reversal_of(connection, folder.id, entry)
        shared = frame(folder, books.ENTRIES)
    fields = visit.form or visit.kept
    return visit.html(
        "books/reverse.html",
        status=200 if not (wrong or problem) else 422 if problem is None else faults.status_of(problem),
        entry=entry,
        reversal=reversal,
        may_reverse=books.may_reverse(entry) and reversal is None,
        document=books.to_document(entry),
        typed=fields.get("date", visit.day(visit.today)),
        field=FOLDER,
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        **shared,
    )
