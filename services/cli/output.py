"""What the program says: data to standard output, all else to standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Any

import typer

from intergestan_erp.site.day import local
from intergestan_operations.language.language import _, spoken
from intergestan_runtime.said import marked
from intergestan_runtime.visible_text import in_json, visible
from services.cli.table_layout import table_lines

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


MOST_NUMBERS = 50
"""More numbers than this nobody reads in a sentence."""


_shown_in: tzinfo = UTC


def show_times_in(zone: tzinfo) -> None:
    """From now on, times are shown as the clocks of this zone have them; before that in UTC."""
    global _shown_in  # noqa: PLW0603 - one program, one site: like the language that it speaks
    _shown_in = zone


def say(text: str) -> None:
    """A sentence for the person; not data."""
    typer.echo(text, err=True)


def some_of(numbers: Sequence[str]) -> str:
    """Numbers for a sentence: all of them, or the first and the last of very many, and how many they are."""
    if len(numbers) <= MOST_NUMBERS:
        return ", ".join(numbers)
    return _("{first}, {second}, …, {last} ({count})").format(
        first=numbers[0], second=numbers[1], last=numbers[-1], count=len(numbers)
    )


def print_json(value: Any) -> None:
    """One JSON value on one line."""
    typer.echo(in_json(json.dumps(value, ensure_ascii=False, default=_plain)))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns; amounts to the right. On a terminal, what is wider than it goes on in the next line of its cell.

    To a file or a program every row is one line, however long.
    """
    values = list(rows)
    right = [any(isinstance(row[index], Decimal) for row in values) for index in range(len(titles))]
    room = terminal_width()
    for line in table_lines([list(titles), *([cell(value) for value in row] for row in values)], right, room):
        typer.echo(line)


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None where it is none."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def print_fields(fields: Mapping[str, Any]) -> None:
    """One value a line, its name before it."""
    width = max(map(len, fields))
    for name, value in fields.items():
        typer.echo(f"{name.ljust(width)}  {cell(value)}".rstrip())


def cell(value: Any) -> str:
    """A value as people write it here: `1 234,56` and 15/11/2020 in French (D7)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, datetime):
        here = local(_shown_in, value)
        return day(here.date()) + here.strftime(" %H:%M:%S")
    if isinstance(value, date):
        return day(value)
    return visible(" ".join(str(value).split()))


def amount(value: Decimal) -> str:
    """An amount, a price or a quantity, with two decimals or more where it has more."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.00####", locale=spoken())


def tenths(value: float) -> str:
    """A measure with one decimal."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.0", locale=spoken())


def day(value: date) -> str:
    """A date, the French way or as ISO 8601."""
    return value.strftime("%d/%m/%Y") if spoken() == "fr" else value.isoformat()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON value")
