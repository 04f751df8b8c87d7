"""Workbooks (XLSX) as tables of texts, and back. Reading takes python-calamine, writing xlsxwriter (extra `xlsx`).

A spreadsheet holds numbers as floats of 15 significant digits: what does not fit in them is written as text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from intergestan_db.file_tables.zip_safety import open_zip, read_part
from intergestan_db.problem import Fault, FileProblems, Problem

Cell = str | Decimal | bool | date | None

_MOST_CELLS = 20_000_000
_PLACE = re.compile(rb"""\sr=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - xlsxwriter wants none; a constant, so that equal tables are equal files


def is_workbook(file: str, data: bytes) -> bool:
    """Whether a zip is a workbook.

    :raises FileProblems: when it cannot be opened without harm.
    """
    return "xl/workbook.xml" in open_zip(file, data).namelist()


def read_sheets(file: str, data: bytes) -> dict[str, list[tuple[int, list[str]]]]:
    """The visible sheets that have a cell, by name: rows with their numbers, cells as texts.

    :raises FileProblems: when it is no workbook.
    :raises Problem: when the reader is not installed.
    """
    _refuse_wide(file, data)
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    except ImportError as error:
        raise _not_installed() from error
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
        sheets = {name: book.get_sheet_by_name(name) for name in visible}
    except CalamineError as error:
        fault = Fault(None, None, "This workbook cannot be read ({error}): save it again as XLSX.", error=error)
        raise FileProblems(file, [fault]) from error
    return {name: _rows(sheet) for name, sheet in sheets.items() if sheet.start is not None}


def write_sheets(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook of these tables; the first row of each is its titles. The same tables give the same bytes.

    :raises Problem: when the writer is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise _not_installed() from error
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _MADE})
    bold, dates = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                _write(sheet, row, column, value, bold if row == 0 else None, dates)
    book.close()
    return buffer.getvalue()


def _write(sheet: Any, row: int, column: int, value: Cell, style: Any, dates: Any) -> None:
    if value is None:
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, datetime.combine(value, time()), dates)
    elif isinstance(value, Decimal) and Decimal(_digits(float(value))) == value:
        sheet.write_number(row, column, float(value))
    else:
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        sheet.write_string(row, column, text, style)


def _rows(sheet: Any) -> list[tuple[int, list[str]]]:
    top, left = sheet.start
    rows = sheet.to_python(skip_empty_area=True)
    return [(number, [""] * left + [_text(value) for value in row]) for number, row in enumerate(rows, start=top + 1)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float | int):
        return f"{Decimal(_digits(value)):f}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if not isinstance(value, timedelta) else ""


def _digits(value: float) -> str:
    """As a spreadsheet shows it: 0.1 + 0.2 is 0.3."""
    return f"{value:.15g}"


def _refuse_wide(file: str, data: bytes) -> None:
    """Two cells far apart would make the reader allocate all that lies between them."""
    archive = open_zip(file, data)
    for name in archive.namelist():
        if not _SHEET.fullmatch(name):
            continue
        columns = rows = 1
        for found in _PLACE.finditer(read_part(file, archive, name)):
            columns, rows = max(columns, _column(found[1])), max(rows, int(found[2]))
        if columns * rows > _MOST_CELLS:
            raise FileProblems(file, [Fault(None, None, "The sheet has cells far outside of any table.", part=name)])


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _not_installed() -> Problem:
    return Problem("Workbooks need the extra «xlsx»: `pip install intergestan[xlsx]`, or use CSV.")
