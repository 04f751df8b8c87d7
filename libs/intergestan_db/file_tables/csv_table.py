"""CSV files as rows of texts: UTF-8 with or without a byte order mark, `;`, `,`, a tab or `|` between the cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress

from intergestan_db.file_tables.rows import Row
from intergestan_db.problem import Fault, FileProblems

_SEPARATORS = ";,\t|"
_QUOTED = re.compile('"[^"]*"')


def csv_rows(file: str, data: bytes) -> Iterator[Row]:
    """The rows of a CSV file, each with the number of its line.

    :raises FileProblems: where the bytes are no CSV.
    """
    text = _text(file, data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for values in reader:
            yield Row(reader.line_num, values)
    except csv.Error as error:
        fault = Fault(
            reader.line_num,
            None,
            "The row cannot be read ({error}): a quote that begins a cell ends it too. Double the quotes inside of a "
            "text, or leave the outer ones out.",
            error=error,
        )
        raise FileProblems(file, [fault]) from error


def _text(file: str, data: bytes) -> str:
    other = _other_kind(data)
    if other is not None:
        raise FileProblems(file, [other])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblems(file, [_not_utf8(data, error)]) from error


def _other_kind(data: bytes) -> Fault | None:
    """What is said of a file that is no table at all."""
    if not data.strip():
        return Fault(None, None, "The file is empty: perhaps it was not written to its end. Make it again.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return Fault(None, None, "This is an old Excel file (.xls): save it as XLSX.")
    if data.startswith(b"%PDF"):
        return Fault(None, None, "This is a PDF, which is no table: ask for the same as CSV, XLSX or UBL.")
    return None


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> Fault:
    row = data.count(b"\n", 0, error.start) + 1
    wrong = len(re.findall("[\udc80-\udcff]+", data.decode("utf-8-sig", "surrogateescape")))
    rest = len(re.findall("[^\x00-\x7f\udc80-\udcff]", data.decode("utf-8-sig", "surrogateescape")))
    if rest == 0 or wrong > 1:
        return Fault(
            row,
            None,
            "The file is not in UTF-8 (Latin-1 or Windows-1252, perhaps): save it again as «CSV UTF-8», or as a "
            "workbook (XLSX).",
        )
    return Fault(
        row,
        _column_of_the_wrong_byte(data),
        "The byte {byte} is no character of UTF-8, in which the rest of the file is: type the text again.",
        byte=f"0x{data[error.start]:02X}",
    )


def _column_of_the_wrong_byte(data: bytes) -> str | None:
    """The title of the column with the one byte that is wrong."""
    text = data.decode("utf-8-sig", "surrogateescape")
    titles: list[str] = []
    with suppress(csv.Error):  # a row that cannot be read is not what is said here
        for values in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)):
            titles = titles or values
            for title, value in zip(titles, values, strict=False):
                if re.search("[\udc80-\udcff]", value):
                    return title if title != value else None
    return None


def _separator(text: str) -> str:
    """What stands most often between the titles."""
    titles = _QUOTED.sub("", text.lstrip("\r\n").partition("\n")[0].partition("\r")[0])
    return max(_SEPARATORS, key=titles.count)
