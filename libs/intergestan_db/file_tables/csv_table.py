"""CSV files as rows of texts, with `;`, `,`, a tab or `|` between the cells, or what Excel's line `sep=` says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from intergestan_db.file_tables.csv_text import Encoding, WrongByte, csv_text
from intergestan_db.file_tables.rows import Row
from intergestan_db.problem import Fault, FileProblems

TitlesIn = Callable[[Sequence[str]], int]
"""How many of these cells are titles of the table that is looked for."""

MOST_ABOVE = 50
"""Rows among which the titles are looked for."""

_SEPARATORS = ";,\t|"
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=([^\r\n\"0-9A-Za-z])\"?[;,\t| ]*(\r\n|\r|\n|\Z)", re.IGNORECASE)
_QUOTED = re.compile('"[^"]*"')
_LINE = re.compile(r"[^\r\n]+")


def csv_rows(
    file: str,
    data: bytes,
    *,
    encoding: Encoding | None = None,
    titles_in: TitlesIn | None = None,
    guessed: Callable[[Encoding], None] | None = None,
) -> Iterator[Row]:
    """The rows of a CSV file, each with the number of its line.

    :param encoding: what is said of the file.
    :param titles_in: by which the row of titles decides what stands between the cells; without it the first line does.
    :param guessed: is told the encoding where nothing in the file proves it.
    :raises FileProblems: where the bytes are no CSV.
    """
    other = _other_kind(data)
    if other is not None:
        raise FileProblems(file, [other])
    try:
        found = csv_text(file, data, encoding)
    except WrongByte as problems:
        problems.faults[0].column = _column_of_the_wrong_byte(data)
        raise
    if found.guessed is not None and guessed is not None:
        guessed(found.guessed)
    text, above = found.text, 0
    said = _SEPARATOR_LINE.match(text)
    if said is not None:
        text, above = text[said.end() :], 1 + text.count("\n", 0, said.start(1))
    separator = said[1] if said is not None else _separator(text, titles_in)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for values in reader:
            yield Row(reader.line_num + above, values)
    except csv.Error as error:
        fault = Fault(
            reader.line_num + above,
            None,
            "The row cannot be read ({error}): a quote that begins a cell ends it too. Double the quotes inside of a "
            "text, or leave the outer ones out.",
            error=error,
        )
        raise FileProblems(file, [fault]) from error


def _other_kind(data: bytes) -> Fault | None:
    """What is said of a file that is no table at all."""
    if not data.strip():
        return Fault(None, None, "The file is empty: perhaps it was not written to its end. Make it again.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return Fault(None, None, "This is an old Excel file (.xls): save it as XLSX.")
    if data.startswith(b"%PDF"):
        return Fault(None, None, "This is a PDF, which is no table: ask for the same as CSV, XLSX or UBL.")
    return None


def _column_of_the_wrong_byte(data: bytes) -> str | None:
    """The title of the column with the byte that is wrong."""
    text = data.decode("utf-8-sig", "surrogateescape")
    titles: list[str] = []
    with suppress(csv.Error):  # a row that cannot be read is not what is said here
        for values in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, None)):
            titles = titles or values
            for title, value in zip(titles, values, strict=False):
                if re.search("[\udc80-\udcff]", value):
                    return title if title != value else None
    return None


def _separator(text: str, titles_in: TitlesIn | None) -> str:
    """What gives the most titles in one row; where that says nothing, what stands most often in the first line."""
    first = next((line[0] for line in _LINE.finditer(text)), "")
    usual = max(_SEPARATORS, key=_QUOTED.sub("", first).count)
    if titles_in is None:
        return usual
    return max(_SEPARATORS, key=lambda each: (_most_titles(text, each, titles_in), each == usual))


def _most_titles(text: str, separator: str, titles_in: TitlesIn) -> int:
    most = 0
    with suppress(csv.Error):  # with another separator it may be readable
        for values in islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), MOST_ABOVE):
            most = max(most, titles_in(values))
    return most
