"""What the program says: data to standard output, all else to standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from intergestan_runtime.said import marked
from intergestan_runtime.visible_text import in_json
from services.cli.table_layout import table_lines, widths_of

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option of every reading command. Amounts are texts in it, instants are ISO 8601 in UTC."""

STATES = (
    marked("draft"),
    marked("confirmed"),
    marked("transmitting"),
    marked("waiting"),
    marked("accepted"),
    marked("changed"),
    marked("rejected"),
    marked("cancelled"),
    marked("abandoned"),
)


def say(text: str) -> None:
    """A sentence for the person; not data."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON value on one line."""
    typer.echo(in_json(json.dumps(value, ensure_ascii=False, default=_plain)))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns; amounts to the right. On a terminal, what is wider than it goes on in the next line of its cell.

    To a file or a program every row is one line, however long.
    """
    print_pages(titles, [list(rows)])


def print_pages(titles: Sequence[str], pages: Iterable[Sequence[Sequence[Any]]]) -> None:
    """The same of rows that come page by page, and are gone once they are shown: a later page may widen columns."""
    from services.cli.shown import cell

    right, least, room = [False] * len(titles), list[int](), terminal_width()
    for number, rows in enumerate(pages):
        right = [was or any(isinstance(row[index], Decimal) for row in rows) for index, was in enumerate(right)]
        cells = [list(titles), *([cell(value) for value in row] for row in rows)]
        for line in table_lines(cells, right, room, least, goes_on=number > 0):
            typer.echo(line)
        least = widths_of(cells, least)


def print_json_rows(rows: Iterable[Any]) -> None:
    """A JSON array on one line, as `print_json` writes it, of rows that are gone once they are written."""
    between = "["
    for row in rows:
        typer.echo(between + in_json(json.dumps(row, ensure_ascii=False, default=_plain)), nl=False)
        between = ", "
    typer.echo("[]" if between == "[" else "]")


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None where it is none."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def print_fields(fields: Mapping[str, Any]) -> None:
    """One value a line, its name before it."""
    from services.cli.shown import cell

    width = max(map(len, fields))
    for name, value in fields.items():
        typer.echo(f"{name.ljust(width)}  {cell(value)}".rstrip())


def _plain(value: object) -> str | dict[str, object]:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value):
        from intergestan_db.views import shown

        return shown(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
