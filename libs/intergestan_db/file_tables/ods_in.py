"""OpenDocument workbooks (ODS) as rows, as LibreOffice, Excel and generators write them; see `xlsx_in` for what counts.

Equal cells and rows in a row are written once, with how often they stand there: a file of a few bytes may say that a
sheet is full. What is empty costs nothing, what is not is repeated so far as a table does.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

from intergestan_db.file_tables.book_cells import (
    MOST_CELLS,
    day_cell,
    digits,
    place_of,
    stored_number,
    too_far,
    under,
)
from intergestan_db.file_tables.ods_parts import FORMATS, OFFICE, STYLE, TABLE, Element, Formats, count, text_of
from intergestan_db.file_tables.rows import BookCell, Kind, Row, Value
from intergestan_db.file_tables.xlsx_parts import damaged, walk
from intergestan_db.file_tables.zip_safety import read_part
from intergestan_db.problem import Fault, FileProblems

_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_COLUMN, _ROW, _SINCE = f"{TABLE}table-column", f"{TABLE}table-row", f"{TABLE}null-date"
_CELL, _COVERED = f"{TABLE}table-cell", f"{TABLE}covered-table-cell"
_MOST_COLUMNS = 16_384
_MOST_REPEATED = 100_000
_NUMBERS = {"float", "currency", "percentage"}
_CLOCK = re.compile(r"PT(?P<hours>[0-9]{1,6})H(?P<minutes>[0-9]{1,2})M(?P<seconds>[0-9]{1,2})([.,][0-9]+)?S")
_CODE = re.compile("[A-Z]{3}")


def is_ods(file: str, archive: zipfile.ZipFile) -> bool:
    """Whether a zip is such a workbook, or a template of one; whoever leaves its type out has a content without it.

    :raises FileProblems: when the part that says it is damaged.
    """
    parts = set(archive.namelist())
    if _CONTENT not in parts and "encrypted-package" not in parts:
        return False
    return "mimetype" not in parts or read_part(file, archive, "mimetype").strip().startswith(_TYPE)


def sheets_of(file: str, archive: zipfile.ZipFile) -> dict[str, list[Row]]:
    """The visible sheets that have a cell, by name, without the rows that have none.

    :raises FileProblems: when the workbook cannot be read, or not without its password.
    """
    parts = set(archive.namelist())
    if _CONTENT not in parts or (_MANIFEST in parts and _is_encrypted(file, archive)):
        raise FileProblems(
            file, [Fault(None, None, "The part is encrypted: save it without a password.", part=_CONTENT)]
        )
    formats = Formats()
    if _STYLES in parts:
        for element in walk(file, _STYLES, read_part(file, archive, _STYLES), [STYLE, *FORMATS]):
            formats.add(element)
    return _Sheets(file, formats).read(read_part(file, archive, _CONTENT))


def _is_encrypted(file: str, archive: zipfile.ZipFile) -> bool:
    manifest = read_part(file, archive, _MANIFEST)
    return any(True for _ in walk(file, _MANIFEST, manifest, ["{*}encryption-data"]))


class _Sheets:
    """The sheets of a workbook, as its elements come."""

    def __init__(self, file: str, formats: Formats) -> None:
        self._file = file
        self._formats = formats
        self._since = date(1899, 12, 30)
        self._made = self._repeated = 0
        self._sheets: dict[str, _Sheet] = {}

    def read(self, content: bytes) -> dict[str, list[Row]]:
        current: Element = None
        for element in walk(self._file, _CONTENT, content, [STYLE, *FORMATS, _SINCE, _COLUMN, _ROW]):
            if element.tag == _SINCE:
                self._begin_calendar(element)
            elif element.tag not in {_COLUMN, _ROW}:
                self._formats.add(element)
            elif (table := _sheet_of(element)) is not None:
                if table is not current:
                    current = table
                    sheet = self._begin(table)
                if element.tag == _COLUMN:
                    sheet.add_column(element, self._counted(element, "columns"))
                elif not sheet.hidden:
                    self._add_rows(sheet, element)
        return {name: sheet.rows for name, sheet in self._sheets.items() if sheet.rows}

    def _begin_calendar(self, element: Element) -> None:
        day = day_cell("", element.get(f"{TABLE}date-value", ""))
        if isinstance(day, BookCell) and day.day is not None:
            self._since = day.day

    def _begin(self, table: Element) -> _Sheet:
        name = table.get(f"{TABLE}name", "")
        if name in self._sheets:
            raise damaged(self._file, _CONTENT)
        hidden = table.get(f"{TABLE}style-name") in self._formats.hidden
        sheet = self._sheets[name] = _Sheet(name, hidden=hidden)
        return sheet

    def _add_rows(self, sheet: _Sheet, element: Element) -> None:
        """The rows that an element is: one, or several that are equal."""
        first, times = sheet.next_row, self._counted(element, "rows")
        sheet.next_row += times
        cells = self._cells(sheet, element, first)
        if not cells:
            return
        self._repeat(sheet, len(cells) * (times - 1))
        for number in range(first, first + times):
            values = cells if number == first else {column: _at(cells[column], column, number) for column in cells}
            covered = sheet.covered(number, values)
            last = max((*values, *covered))
            self._made += last
            if self._made > MOST_CELLS:
                raise too_far(self._file, sheet.name)
            row = [values.get(column, covered.get(column, "")) for column in range(1, last + 1)]
            sheet.rows.append(Row(number, row, element.get(f"{TABLE}visibility") in {"collapse", "filter"}))

    def _cells(self, sheet: _Sheet, row: Element, number: int) -> dict[int, Value]:
        """The cells of a row that hold anything, by column, 1 for the first; what is under a merged one does not."""
        cells: dict[int, Value] = {}
        column = 1
        of_row = row.get(f"{TABLE}default-cell-style-name")
        for cell in row.iterchildren(_CELL, _COVERED):
            times = self._counted(cell, "columns")
            style = cell.get(f"{TABLE}style-name") or of_row or sheet.style_of(column)
            value = "" if cell.tag == _COVERED else self._value(cell, style, place_of(column, number))
            if value != "":
                self._repeat(sheet, times - 1)
                if column + times > _MOST_COLUMNS + 1:
                    raise too_far(self._file, sheet.name)
                for each in range(column, column + times):
                    cells[each] = _at(value, each, number)
                rows = count(cell.get(f"{TABLE}number-rows-spanned"), 1)
                if rows is None:
                    raise damaged(self._file, _CONTENT)
                if rows > 1:
                    sheet.merge(column, number, rows, value)
            column += times
        return cells

    def _repeat(self, sheet: _Sheet, cells: int) -> None:
        self._repeated += cells
        if self._repeated > _MOST_REPEATED:
            fault = Fault(
                None,
                None,
                "The sheet repeats its cells too often to be a table: copy the rows that are meant into a new one.",
                part=sheet.name,
            )
            raise FileProblems(self._file, [fault])

    def _counted(self, element: Element, what: str) -> int:
        """How often an element stands in a row."""
        times = count(element.get(f"{TABLE}number-{what}-repeated"), 1)
        if not times:
            raise damaged(self._file, _CONTENT)
        return times

    def _value(self, cell: Element, style: str | None, place: str) -> Value:
        kind, shown = cell.get(f"{OFFICE}value-type"), text_of(cell)
        is_formula, calc = cell.get(f"{TABLE}formula") is not None, cell.get(_CALC_TYPE)
        if calc == "error" or (calc is None and is_formula and shown.startswith(("#", "Err:"))):
            return BookCell(place, Kind.ERROR, shown or "#")
        if kind is None and is_formula and not shown:
            return BookCell(place, Kind.FORMULA, "")
        if kind in _NUMBERS:
            return self._number(cell, kind, style, place)
        if kind == "date":
            return day_cell(place, cell.get(f"{OFFICE}date-value", shown))
        if kind == "time":
            return BookCell(place, Kind.TIME, _clock(cell.get(f"{OFFICE}time-value", ""), shown))
        if kind == "boolean":
            return BookCell(place, Kind.FLAG, "oui" if cell.get(f"{OFFICE}boolean-value") == "true" else "non")
        return str(cell.get(f"{OFFICE}string-value") or shown)

    def _number(self, cell: Element, kind: str, style: str | None, place: str) -> Value:
        value = stored_number(cell.get(f"{OFFICE}value", ""))
        if value is None:
            raise damaged(self._file, _CONTENT)
        currency = cell.get(f"{OFFICE}currency", "")
        form = self._formats.of(style, currency if _CODE.fullmatch(currency) else None)
        if kind == "percentage":
            return BookCell(place, Kind.PERCENT, digits(value * 100), form)
        if not form and kind == "currency":
            form = f'0.00 "{currency}"'
        return BookCell(place, Kind.NUMBER, digits(value), form or "General", self._day(value))

    def _day(self, value: Decimal) -> date | None:
        """The day that a number is in this workbook's calendar."""
        try:
            return None if value < 1 else self._since + timedelta(days=int(value))
        except OverflowError:
            return None


class _Sheet:
    """A sheet that is being read.

    :ivar next_row: the number of the row that comes next.
    """

    def __init__(self, name: str, *, hidden: bool) -> None:
        self.name = name
        self.hidden = hidden
        self.rows: list[Row] = []
        self.next_row = 1
        self._ends: list[int] = []
        self._styles: list[str | None] = []
        self._merged: dict[int, tuple[int, Value]] = {}

    def add_column(self, element: Element, times: int) -> None:
        """Note what cells of these columns have that name no style."""
        self._ends.append((self._ends[-1] if self._ends else 0) + times)
        self._styles.append(element.get(f"{TABLE}default-cell-style-name"))

    def style_of(self, column: int) -> str | None:
        place = bisect_left(self._ends, column)
        return self._styles[place] if place < len(self._styles) else None

    def merge(self, column: int, row: int, rows: int, value: Value) -> None:
        """Note a cell that covers those below it. Beside it is another column, which stays empty."""
        self._merged[column] = (row + rows - 1, value)

    def covered(self, row: int, cells: Mapping[int, Value]) -> dict[int, Value]:
        """What merged cells put into the empty ones of a row."""
        self._merged = {column: merged for column, merged in self._merged.items() if merged[0] >= row}
        return {
            column: under(value, place_of(column, row))
            for column, (_, value) in self._merged.items()
            if column not in cells
        }


def _sheet_of(element: Element) -> Element | None:
    """The sheet whose row or column this is; None where it is one of a table within a cell or a drawing."""
    table = next(element.iterancestors(f"{TABLE}table"), None)
    within = None if table is None else table.getparent()
    return table if within is not None and within.tag == f"{OFFICE}spreadsheet" else None


def _at(value: Value, column: int, row: int) -> Value:
    return replace(value, place=place_of(column, row)) if isinstance(value, BookCell) else value


def _clock(written: str, shown: str) -> str:
    """A time of the day in ISO 8601; what the sheet shows where it is a duration."""
    found = _CLOCK.fullmatch(written)
    if found is None or int(found["hours"]) > 23 or int(found["minutes"]) > 59 or int(found["seconds"]) > 59:
        return shown
    return time(int(found["hours"]), int(found["minutes"]), int(found["seconds"])).isoformat()
