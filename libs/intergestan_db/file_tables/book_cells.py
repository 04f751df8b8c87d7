"""What cells of workbooks have in common, whatever format the workbook is in."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal, InvalidOperation

from intergestan_db.file_tables.rows import BookCell, Kind, Value
from intergestan_db.problem import Fault, FileProblems

MOST_CELLS = 20_000_000
"""Of all sheets of a workbook, up to the last filled one of each row."""
_LONGEST_NUMBER = 400
_LARGEST_EXPONENT = 308
"""What a spreadsheet's floats have; more digits and exponents would be work without end."""


def too_far(file: str, sheet: str) -> FileProblems:
    """What is said of a sheet that would have more cells than any table has."""
    return FileProblems(file, [Fault(None, None, "The sheet has cells far outside of any table.", part=sheet)])


def place_of(column: int, row: int) -> str:
    """`F2`, from 6 and 2."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def stored_number(written: str) -> Decimal | None:
    """The number that a part of a workbook states; None where that is none of a spreadsheet's."""
    if len(written) > _LONGEST_NUMBER:
        return None
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if value.is_finite() and (not value or abs(value.adjusted()) <= _LARGEST_EXPONENT) else None


def digits(value: Decimal) -> str:
    """A number as text: a whole one with every digit, another as a spreadsheet shows it (0.1 + 0.2 is 0.3)."""
    if value == value.to_integral_value():
        return str(int(value))
    return f"{Decimal(f'{float(value):.15g}'):f}"


def day_cell(place: str, written: str) -> Value:
    """A day, with or without a time, in ISO 8601; another text stays one."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written
    text = moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ")
    return BookCell(place, Kind.DAY, text, day=moment.date())


def under(value: Value, place: str) -> BookCell:
    """What an empty cell under a merged one holds."""
    if isinstance(value, BookCell):
        return BookCell(place, value.kind, value.text, value.form, value.day, covered=True)
    return BookCell(place, Kind.TEXT, value, covered=True)
