"""A list as a file: exactly the rows, order and columns of its address, sent while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import Connection
from starlette.responses import StreamingResponse

from intergestan_db.file_tables.xlsx_table import Cell
from intergestan_erp.catalogue.catalogue_file import write_csv
from intergestan_erp.listing.page import MOST, Page
from intergestan_runtime.visible_text import in_one_line
from services.console.visit import Visit

Item = TypeVar("Item")
_BOM: Final = b"\xef\xbb\xbf"


def every(visit: Visit, read: Callable[[Connection, str | None], Page[Item]]) -> Iterator[Item]:
    """All items of a list, a page after the other; nobody holds the database up meanwhile.

    :param read: a page from a place on, by `size=MOST`.
    """
    after: str | None = None
    while True:
        with visit.database.read() as connection:
            page = read(connection, after)
        yield from page.rows
        if page.after is None:
            return
        after = page.after


def as_csv(
    visit: Visit,
    name: str,
    title: str,
    titles: Sequence[str],
    rows: Iterator[Sequence[Cell]],
    *,
    headed: bool = True,
) -> StreamingResponse:
    """The rows as a CSV file, whose first line says of what list they are; what cannot be seen has a mark, as on pages.

    :param name: of the file, without its ending. :param headed: without that first line it is a file to be read again.
    """
    heads: list[Sequence[Cell]] = [[title, visit.own_address], list(titles)]
    response = StreamingResponse(
        _written(visit, heads if headed else heads[1:], rows), media_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{visit.today.isoformat()}.csv"'
    return response


def _written(visit: Visit, heads: list[Sequence[Cell]], rows: Iterator[Sequence[Cell]]) -> Iterator[bytes]:
    yield write_csv(heads, visit.language)
    part: list[Sequence[Cell]] = []
    for row in rows:
        part.append([in_one_line(cell) if isinstance(cell, str) else cell for cell in row])
        if len(part) == MOST:
            yield write_csv(part, visit.language).removeprefix(_BOM)
            part = []
    if part:
        yield write_csv(part, visit.language).removeprefix(_BOM)
