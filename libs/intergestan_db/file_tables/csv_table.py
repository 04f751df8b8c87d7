"""CSV files as people's programs write them; every fault is found at once, with its place and cure.

Taken are UTF-8 with or without a byte order mark, `;` or `,` between the columns, column titles in French or
English in any order, French or plain decimals (`1 234,56`, `1234.56`) and dates (`15/11/2020`, `2020-11-15`).
A comma is always the decimal mark.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Fault, FileProblems
from intergestan_db.tables import Table
from intergestan_msg.identity import nfc
from intergestan_msg.money import MILLIONTH, fits

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

Titles = Mapping[str, tuple[str, ...]]
"""Our name of a column → the titles under which it may stand; the first is shown."""

Rows = Iterable[tuple[int, list[str]]]
"""A table as it stands in a file: each row's number, 1 for the first, and the texts of its cells."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot carry: it would stop the order's mail, not its entry."""
_FLAGS = {
    **dict.fromkeys(("oui", "yes", "vrai", "true", "1"), True),
    **dict.fromkeys(("non", "no", "faux", "false", "0"), False),
}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")


@dataclass(slots=True)
class Cells:
    """One row: its cells by our column names. What cannot be read goes to `faults` and counts as absent."""

    row: int
    values: dict[str, str]
    titles: Mapping[str, str]
    faults: list[Fault]
    part: str | None = None

    def text(self, column: str) -> str | None:
        """The cell without white space at its ends; None when it is empty or the file has no such column."""
        return self.values.get(column) or None

    def code(self, column: str) -> str | None:
        """A code or a number: a text in which every character can be seen, in NFC."""
        value = self.text(column)
        value = None if value is None else nfc(value)
        if value is not None and not value.isprintable():
            self.fault(column, "«{value}» has characters that nobody sees: type it again.", value=ascii(value))
        return value

    def decimal(self, column: str, *, signed: bool = False) -> Decimal | None:
        """A number with at most 6 decimals, not negative unless `signed`."""
        written = self.text(column)
        if written is None:
            return None
        plain = re.sub(r"[\s'€%]", "", written)
        value = Decimal(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None
        if value is None or not fits(value, MILLIONTH):
            self.fault(
                column,
                "«{value}» is not a number: write it like 1234,56 or 1234.56, with at most 6 decimals.",
                value=written,
            )
            return None
        if value < 0 and not signed:
            self.fault(column, "{value} is negative: write an amount of 0 or more.", value=written)
            return None
        return value

    def flag(self, column: str) -> bool | None:
        """A yes or no."""
        written = self.text(column)
        if written is None:
            return None
        value = _FLAGS.get(written.casefold())
        if value is None:
            self.fault(column, "«{value}» is neither yes nor no: write oui or non.", value=written)
        return value

    def day(self, column: str) -> date | None:
        """A date, the French way or as ISO 8601."""
        written = self.text(column)
        if written is None:
            return None
        for form in ("%d/%m/%Y", "%Y-%m-%d"):
            try:
                return datetime.strptime(written, form).date()  # noqa: DTZ007 - a plain date has no time zone
            except ValueError:
                continue
        self.fault(column, "«{value}» is not a date: write it like 15/11/2020 or 2020-11-15.", value=written)
        return None

    def check_width(self, column: str, table: type[Table], field: str) -> None:
        """Note a text that is too long for that field of a table."""
        for _, limit in too_long(table, {field: self.text(column)}):
            self.fault(column, "The text is too long: at most {limit} characters fit.", limit=limit)

    def missing(self, column: str) -> None:
        """Note that a cell that must have a value has none."""
        self.fault(column, "There is no value: fill the cell in.")

    def fault(self, column: str, template: str, /, **values: Any) -> None:
        """Note a fault of one cell."""
        self.faults.append(Fault(self.row, self.titles.get(column, column), template, part=self.part, **values))


def read_table(file: str, data: bytes, columns: Titles, required: tuple[str, ...]) -> list[Cells]:
    """The rows of a CSV file that have any value; they share one list of faults, empty at first.

    :raises FileProblems: when the bytes are no such table.
    """
    return filled_rows(file, csv_rows(file, data), columns, required)


def filled_rows(file: str, rows: Rows, columns: Titles, required: tuple[str, ...]) -> list[Cells]:
    """The same of a table that was read already: at least one row, with one list of faults.

    :raises FileProblems: when it is no such table.
    """
    faults: list[Fault] = []
    filled = read_rows(file, rows, columns, required, faults)
    if not filled:
        raise FileProblems(file, faults or [Fault(None, None, "The file has titles but no rows.")])
    return filled


def read_rows(
    file: str,
    rows: Rows,
    columns: Titles,
    required: tuple[str, ...],
    faults: list[Fault],
    part: str | None = None,
) -> list[Cells]:
    """The rows of a table that have any value, none perhaps.

    :param rows: the titles first.
    :param faults: the list that the rows will share; `part`: what their faults call the table.
    :raises FileProblems: when the titles are not those of such a table.
    """
    remaining = iter(rows)
    _, titles = next(remaining, (1, []))
    positions = _positions(file, titles, columns, required)
    shown = {name: titles[index].strip() for name, index in positions.items()}
    filled = []
    for row, values in remaining:
        cells = {name: _cell(values[index]) for name, index in positions.items() if index < len(values)}
        if any(value.strip() for value in values[len(titles) :]):
            faults.append(
                Fault(
                    row,
                    None,
                    "The row has more cells than there are columns: put texts with separators in quotes.",
                    part=part,
                )
            )
        if any(_CONTROL.search(value) for value in cells.values()):
            faults.append(Fault(row, None, "A cell has a control character: type its text again.", part=part))
        elif any(cells.values()):
            filled.append(Cells(row, cells, shown, faults, part))
    return filled


def _cell(written: str) -> str:
    return written.replace("\r\n", "\n").replace("\r", "\n").strip()


def csv_rows(file: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, each with the number of its line.

    :raises FileProblems: where the bytes are no CSV.
    """
    reader = _reader(file, data)
    try:
        for values in reader:
            yield reader.line_num, values
    except csv.Error as error:
        fault = Fault(reader.line_num, None, "The row cannot be read ({error}).", error=error)
        raise FileProblems(file, [fault]) from error


def _reader(file: str, data: bytes) -> CsvReader:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        fault = Fault(
            row,
            None,
            "The file is not in UTF-8 (Latin-1 or Windows-1252, perhaps): save it again as «CSV UTF-8».",
        )
        raise FileProblems(file, [fault]) from error
    first, _, _ = text.partition("\n")
    separator = ";" if first.count(";") >= first.count(",") else ","
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _positions(file: str, titles: list[str], columns: Titles, required: tuple[str, ...]) -> dict[str, int]:
    names = {plain_title(title): name for name, known in columns.items() for title in (name, *known)}
    positions: dict[str, int] = {}
    faults: list[Fault] = []
    for index, title in enumerate(titles):
        name = names.get(plain_title(title))
        if name is not None and name not in positions:
            positions[name] = index
        elif name is not None:
            faults.append(Fault(1, title.strip(), "The column stands twice: remove one."))
        elif title.strip():
            faults.append(_unknown(title.strip(), names, columns))
    faults += [
        Fault(1, columns[name][0], "The column is missing: add it, with this title in the first row.")
        for name in required
        if name not in positions
    ]
    if faults:
        raise FileProblems(file, faults)
    return positions


def _unknown(title: str, names: Mapping[str, str], columns: Titles) -> Fault:
    close = get_close_matches(plain_title(title), names, n=1)
    if close:
        meant = columns[names[close[0]]][0]
        return Fault(1, title, "Nobody knows this column. Did you mean «{meant}»?", meant=meant)
    known = ", ".join(known[0] for known in columns.values())
    return Fault(1, title, "Nobody knows this column: remove it. Known are {known}.", known=known)


def plain_title(title: str) -> str:
    """A title as it is compared: without accents, case, and anything but letters and digits."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[^a-z0-9]", "", decomposed)
