"""*Résultat*: what establishments of a company earned in some days (A08, D58); each figure leads to its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_erp.books.folders import Folder, keeps_results_apart, read_period
from intergestan_erp.listing.entries import Earned
from intergestan_erp.stock.results import results
from intergestan_msg.money import ZERO
from services.console.pages.books import ENTRIES, RESULT, books_of, books_path, frame
from services.console.pages.filters import Days, days_of, paging_of
from services.console.visit import Visit

_WIDEST: Final = 100
"""Of a bar on either side of the middle."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A result as a bar of a picture: `left` and `width` in hundredths of a side."""

    name: str
    amount: Decimal
    left: int
    width: int


def show(visit: Visit) -> Response:
    """Of the year in which today lies, unless the address says other days."""
    days, wrong = days_of(visit)
    paging = paging_of(visit, RESULT, ("dossier", "du", "au"))
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        if not visit.query.get("du") and not visit.query.get("au"):
            days = _this_year(visit, connection, folder, days)
        rows = total = None
        is_apart = keeps_results_apart(connection, folder)
        if not wrong:
            rows = results(connection, folder.id, days.first, days.last, by_place=True)
            total = results(connection, folder.id, days.first, days.last, by_place=False)[0]
        shared = frame(folder, RESULT)

    def to_lines(account: str, row: Earned | None) -> str:
        query = {"compte": account, "du": days.typed_first, "au": days.typed_last}
        if row is not None and row.establishment is not None:
            query["etablissement"] = str(row.establishment)
        return books_path(ENTRIES, folder, **{name: value for name, value in query.items() if value})

    return visit.html(
        "books/result.html",
        status=422 if wrong else 200,
        rows=rows,
        total=total,
        bars=_bars(rows or ()),
        days=days,
        paging=paging,
        wrong=wrong,
        is_apart=is_apart,
        to_lines=to_lines,
        to_dossier=f"/reglages/dossier?{urlencode({'onglet': 'options'})}",
        **shared,
    )


def _this_year(visit: Visit, connection: Connection, folder: Folder, days: Days) -> Days:
    year = read_period(connection, folder).year_of(visit.today)
    if year is None:
        return days
    return Days(year.first, year.last, visit.day(year.first), visit.day(year.last), days.presets)


def _bars(rows: Iterable[Earned]) -> list[Bar]:
    """The results of all establishments by one measure; those below zero go to the left."""
    known = [each for each in rows if each.establishment is not None]
    most = max((abs(each.result) for each in known), default=ZERO)
    found = []
    for each in known:
        width = int(abs(each.result) * _WIDEST / most) if most else 0
        left = _WIDEST - width if each.result < ZERO else _WIDEST
        found.append(Bar(f"{each.establishment} · {each.name}", each.result, left, width))
    return found
