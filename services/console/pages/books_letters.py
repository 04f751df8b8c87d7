"""*Lettrage*: lines of an account that cancel each other out get a letter, by hand or by settlements, or lose it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.books.folders import Folder
from intergestan_erp.books.lettering import letter_after
from intergestan_erp.books.typed import letter_lines, unletter_by_hand
from intergestan_erp.listing.open_lines import AccountLine, find_lines, list_lines, list_open_accounts
from intergestan_erp.paying.lettering import letter_settled_lines
from intergestan_msg.money import ZERO
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.books import FOLDER, LETTERS, books_of, books_path, frame
from services.console.pages.filters import paging_of
from services.console.visit import CONTENT, Visit

ACCOUNT, SHOWN, TICK, ACT = "compte", "montrer", "l.", "faire"
LETTERED: Final = "lettrees"
TABS: Final[Mapping[str, str]] = {"": marked("Open lines"), LETTERED: marked("Lettered lines")}
_LINE: Final = re.compile(r"l\.([A-Z]{2}[0-9]{1,15})\.([1-9][0-9]{0,5})")


def show(visit: Visit) -> Response:
    """The accounts that have something open; of the one that the address names, its lines."""
    return _page(visit)


def count(visit: Visit) -> Response:
    """What the ticked lines come to. Nothing is written."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        ticked = _of_ticked(connection, folder, visit.form)
        letter = letter_after(connection, folder.id, _account(visit))
    return visit.html("books/letters.html", block="somme", titled=False, **_sums(ticked), letter=letter)


def change(visit: Visit) -> Response:
    """One of its buttons: add up, letter what is ticked or what is settled, take a letter off."""
    wanted, account = visit.form.get(ACT, ""), _account(visit)
    if wanted == "calculer":
        return _page(visit)

    def do(connection: Connection) -> Done:
        folder = books_of(visit, connection)
        own: dict[str, Any] = {"by": visit.who.login, "at": visit.now}
        to = books_path(LETTERS, folder, compte=account)
        if wanted == "regle":
            given = letter_settled_lines(connection, folder, account, **own)
            return Done(to=to, said=Said("Letters given by what is settled: {count}.", count=str(given)))
        if wanted.startswith("oter."):
            letter = wanted.removeprefix("oter.")
            count_of = unletter_by_hand(connection, folder, account, letter, **own)
            said = Said("{letter} is taken off: {count} lines.", letter=letter, count=str(count_of))
            return Done(to=to, said=said)
        given_letter = letter_lines(connection, folder, account, _ticked(visit.form), **own)
        return Done(to=to, said=Said("They bear the letter {letter} now.", letter=given_letter))

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _account(visit: Visit) -> str:
    typed = visit.form.get(ACCOUNT) or visit.kept.get(ACCOUNT) or visit.query.get(ACCOUNT, "")
    return "".join(typed.split()).upper()


def _ticked(form: Iterable[str]) -> list[tuple[str, int]]:
    """Which lines are ticked, by the name of their entry and their place in it."""
    found = filter(None, map(_LINE.fullmatch, form))
    return [(match[1], int(match[2])) for match in found]


def _of_ticked(connection: Connection, folder: Folder, form: Mapping[str, str]) -> list[AccountLine]:
    """The lines that are ticked and still open."""
    account = "".join(form.get(ACCOUNT, "").split()).upper()
    return find_lines(connection, folder.id, account, _ticked(form))


def _sums(ticked: Iterable[AccountLine]) -> dict[str, Any]:
    lines = list(ticked)
    debit, credit = sum((each.debit for each in lines), ZERO), sum((each.credit for each in lines), ZERO)
    return {"debit": debit, "credit": credit, "rest": debit - credit, "count_of": len(lines)}


def _page(visit: Visit, problem: Problem | None = None) -> Response:
    account = _account(visit)
    is_lettered = visit.query.get(SHOWN, "") == LETTERED
    paging = paging_of(visit, LETTERS, (FOLDER, ACCOUNT, SHOWN))
    form = visit.form or visit.kept
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        shared = frame(folder, LETTERS)
        lines = accounts = None
        letter, ticked = "", list[AccountLine]()
        if account:
            lines = list_lines(connection, folder.id, account, lettered=is_lettered, **paging.where)
            letter = letter_after(connection, folder.id, account)
            ticked = _of_ticked(connection, folder, form)
        else:
            accounts = list_open_accounts(connection, folder.id, **paging.where)
    return visit.html(
        "books/letters.html",
        block=CONTENT if visit.is_partial else None,
        status=200 if problem is None else faults.status_of(problem),
        account=account,
        tabs=[(name, word, paging.narrowed(compte=account, montrer=name)) for name, word in TABS.items()],
        tab=LETTERED if is_lettered else "",
        is_lettered=is_lettered,
        lines_of=lines,
        accounts=accounts,
        paging=paging,
        letter=letter,
        ticked=set(form),
        said=None if problem is None else sentence(problem, visit.language),
        **_sums(ticked),
        **shared,
    )
