"""Workbooks (XLSX) as rows: every cell with what the sheet says about it, nothing rounded, nothing left out.

Spreadsheet readers give values; an order needs more. A number has all its digits, and the format that shows it
(0007, 20 %); an error and a formula that nobody computed are no empty cells; a merged cell covers its rows; a hidden
row is a row.
"""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from intergestan_db.file_tables import xlsx_parts
from intergestan_db.file_tables.book_cells import (
    MOST_CELLS,
    day_cell,
    digits,
    place_of,
    stored_number,
    too_far,
    under,
)
from intergestan_db.file_tables.rows import BookCell, Kind, Row, Value
from intergestan_db.file_tables.xlsx_parts import Book, Element, Sheet
from intergestan_db.file_tables.zip_safety import read_part
from intergestan_db.problem import Fault, FileProblems

_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_COUNT = re.compile("[0-9]{1,7}")
_MOST_COVERED = 100_000
_LAST_DAY = 2_958_465  # 31 December 9999, since 1900


def sheets_of(file: str, archive: zipfile.ZipFile) -> dict[str, list[Row]]:
    """The visible sheets that have a cell, by name, without the rows that have none.

    :raises FileProblems: when the workbook cannot be read.
    """
    book = xlsx_parts.read_book(file, archive)
    read: dict[str, list[Row]] = {}
    made = 0
    for sheet in book.sheets:
        read[sheet.name] = rows = _rows(file, sheet, read_part(file, archive, sheet.part), book)
        made += sum(len(row.cells) for row in rows)
        if made > MOST_CELLS:
            raise too_far(file, sheet.name)
    return {name: rows for name, rows in read.items() if rows}


def _rows(file: str, sheet: Sheet, data: bytes, book: Book) -> list[Row]:
    covered = _covered(file, sheet, data)
    rows: list[Row] = []
    masters: dict[tuple[int, int], Value] = {}
    number = width = made = 0
    for element in xlsx_parts.walk(file, sheet.part, data, ["{*}row"]):
        number = _row_number(element, number)
        cells = _cells(file, sheet, element, number, book)
        if not cells:
            continue
        for column, master in covered.get(number, ()):
            if column not in cells and master in masters:
                cells[column] = under(masters[master], place_of(column, number))
        masters |= {(number, column): cells[column] for column in cells if (number, column) in covered.masters}
        last = max(cells)
        width = max(width, last)
        made += last
        if width * number > MOST_CELLS or made > MOST_CELLS:  # rows may all say that they are the first
            raise too_far(file, sheet.name)
        values = [cells.get(column, "") for column in range(1, last + 1)]
        rows.append(Row(number, values, element.get("hidden") in {"1", "true"}))
    return rows


def _row_number(element: Element, before: int) -> int:
    return _count(element.get("r", ""), before + 1)


def _count(written: str, otherwise: int) -> int:
    """A whole number of a few digits, as rows, styles and texts are counted; else what stands for it."""
    return int(written) if _COUNT.fullmatch(written) else otherwise


def _cells(file: str, sheet: Sheet, row: Element, number: int, book: Book) -> dict[int, Value]:
    """The cells of a row that hold anything, by column, 1 for the first."""
    cells: dict[int, Value] = {}
    column = 0
    for element in row.iterfind("{*}c"):
        place = _PLACE.fullmatch(element.get("r", ""))
        column = _column(place[1]) if place is not None else column + 1
        value = _value(file, sheet, element, place_of(column, number), book)
        if value != "":
            cells[column] = value
    return cells


def _value(file: str, sheet: Sheet, cell: Element, place: str, book: Book) -> Value:
    kind, stored = cell.get("t", "n"), cell.findtext("{*}v")
    if kind == "inlineStr":
        item = cell.find("{*}is")
        return "" if item is None else xlsx_parts.text_of(item)
    if cell.find("{*}f") is not None and (stored is None or (not stored and kind != "str")):
        return BookCell(place, Kind.FORMULA, "")
    if not stored:
        return ""
    if kind == "s":
        text = _count(stored, len(book.texts))
        if text >= len(book.texts):
            raise xlsx_parts.damaged(file, sheet.part)
        return book.texts[text]
    if kind == "str":
        return xlsx_parts.unescaped(stored)
    if kind == "e":
        return BookCell(place, Kind.ERROR, stored)
    if kind == "b":
        return BookCell(place, Kind.FLAG, "oui" if stored in {"1", "true"} else "non")
    if kind == "d":
        return day_cell(place, stored)
    return _number(file, sheet, cell, place, stored, book)


def _number(file: str, sheet: Sheet, cell: Element, place: str, stored: str, book: Book) -> Value:
    value = stored_number(stored)
    if value is None:
        raise xlsx_parts.damaged(file, sheet.part)
    index = _count(cell.get("s", "0"), 0)
    form = book.formats[index] if index < len(book.formats) else "General"
    moment = _moment(value, since_1904=book.since_1904)
    day = moment.date() if moment is not None and moment.date() > _first(since_1904=book.since_1904) else None
    if xlsx_parts.is_day(form):
        if moment is None or day is None or xlsx_parts.is_clock(form):
            return BookCell(place, Kind.TIME, digits(value) if moment is None else moment.time().isoformat(), form)
        text = day.isoformat() if moment.time() == time() else moment.isoformat(sep=" ")
        return BookCell(place, Kind.DAY, text, form, day)
    if xlsx_parts.is_percent(form):
        return BookCell(place, Kind.PERCENT, digits(value * 100), form)
    return BookCell(place, Kind.NUMBER, digits(value), form, day)


def _first(*, since_1904: bool) -> date:
    """The day before the first of a calendar: what is not after it is a time without a day."""
    return date(1904, 1, 1) if since_1904 else date(1899, 12, 31)


def _moment(value: Decimal, *, since_1904: bool) -> datetime | None:
    """The moment that a number is in a workbook's calendar; None where it has none.

    The calendar of 1900 has a 29 February 1900: up to it days are counted from one day later.
    """
    if not 0 <= value <= _LAST_DAY:
        return None
    days = int(value)
    seconds = round((value - days) * 86_400)
    start = date(1904, 1, 1) if since_1904 else date(1899, 12, 30 if days > 60 else 31)
    return datetime.combine(start, time()) + timedelta(days=days, seconds=seconds)


class _Covered(dict[int, list[tuple[int, tuple[int, int]]]]):
    """The empty cells under merged ones: by row, each column with the row and column of the cell that covers it."""

    def __init__(self) -> None:
        super().__init__()
        self.masters: set[tuple[int, int]] = set()


def _covered(file: str, sheet: Sheet, data: bytes) -> _Covered:
    """What merged cells cover below themselves. Beside themselves is another column, which stays empty."""
    covered = _Covered()
    if b"mergeCell" not in data:
        return covered
    count = 0
    for element in xlsx_parts.walk(file, sheet.part, data, ["{*}mergeCell"]):
        ends = [_PLACE.fullmatch(end) for end in element.get("ref", "").split(":")]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            continue
        column, first, last = _column(ends[0][1]), int(ends[0][2]), int(ends[1][2])
        count += max(last - first, 0)
        if count > _MOST_COVERED:
            raise FileProblems(
                file, [Fault(None, None, "Its merged cells cover too much: undo them.", part=sheet.name)]
            )
        for row in range(first + 1, last + 1):
            covered.setdefault(row, []).append((column, (first, column)))
        covered.masters.add((first, column))
    return covered


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
