"""Tables as workbooks (XLSX), which takes xlsxwriter (the extra `xlsx`). They are read by `xlsx_in`.

A spreadsheet holds numbers as floats of 15 significant digits: what does not fit in them is written as text.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from intergestan_db.problem import Problem, ProblemCode

Cell = str | Decimal | bool | date | None

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - xlsxwriter wants none; a constant, so that equal tables are equal files


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


def _digits(value: float) -> str:
    """As a spreadsheet shows it: 0.1 + 0.2 is 0.3."""
    return f"{value:.15g}"


def _not_installed() -> Problem:
    return Problem(
        "Workbooks are written with the extra «xlsx»: `pip install intergestan[xlsx]`, or use CSV.",
        ProblemCode.EXTRA_NEEDED,
    )
