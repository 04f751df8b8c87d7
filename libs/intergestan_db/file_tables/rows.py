"""Rows of tables as they stand in files, before anybody knows what a cell means.

A cell of a CSV file is a text. A workbook's cell is one too where it holds a text; else it is a `BookCell`, which
keeps what a text would lose: that it is a number, a day, a percentage, an error, and how the sheet shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

EXACT = 2**53
"""From here on a spreadsheet's numbers have no last digit any more: 9007199254740993 is kept as …992."""


class Kind(Enum):
    """What a workbook says that a cell is."""

    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"
    DAY = "day"
    TIME = "time"
    FLAG = "flag"
    ERROR = "error"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class BookCell:
    """A workbook's cell.

    :ivar place: `F2`, as the spreadsheet calls it.
    :ivar text: what it holds, as a text: a number with all its digits (`4500012345678901`, `0.2`), a day in ISO 8601,
        the word of an error (`#N/A`).
    :ivar form: the number format of a number or a percentage.
    :ivar day: the day that a number would be in this workbook's calendar; None where it is none.
    :ivar covered: it is empty itself, and lies under a merged cell, which has this value.
    """

    place: str
    kind: Kind
    text: str
    form: str = "General"
    day: date | None = None
    covered: bool = False

    def __str__(self) -> str:
        return self.text


Value = str | BookCell


class Row(NamedTuple):
    """One row: its number (1 for the first of the file), its cells from the first column on, whether it is hidden."""

    number: int
    cells: Sequence[Value]
    hidden: bool = False


Rows = Iterable[Row]
"""A table as it stands in a file, its titles first."""
