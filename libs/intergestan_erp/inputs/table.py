"""Tables by their titles: which column is which, and the rows that have a value (`Cells`).

Titles are French or English, in any order. What decides about a whole file (its decimal mark) is collected here,
before any cell is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from intergestan_db.file_tables.rows import BookCell, Kind, Row, Rows, Value
from intergestan_db.problem import Fault, FileProblems, Remark
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.figure import Figure

Titles = Mapping[str, tuple[str, ...]]
"""Our name of a column → the titles under which it may stand; the first is shown."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot carry: it would stop the order's mail, not its entry."""
_LIKE = 0.85
"""How much a title must be like one of ours so that it is proposed."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table may have.

    :ivar required: names of columns that it must have; `numbers`: what kind of number stands in which column.
    """

    titles: Titles
    required: tuple[str, ...]
    numbers: Mapping[str, Figure] = field(default_factory=dict)


def read_rows(file: str, rows: Rows, columns: Columns, findings: Findings, part: str | None = None) -> list[Cells]:
    """The rows of a table that have any value, none perhaps.

    :param rows: the titles first.
    :param findings: where faults and remarks go; `part`: what they call the table.
    :raises FileProblems: when the titles are not those of such a table.
    """
    remaining = iter(rows)
    heading = next((row for row in remaining if any(map(_stripped, row.cells))), Row(1, []))
    titles = [_stripped(cell) for cell in heading.cells]
    positions = _positions(file, titles, columns, heading.number)
    shown = {name: titles[index] for name, index in positions.items()}
    if heading.number > 1:
        findings.remarks.append(Remark(heading.number, None, "The titles were read in this row.", part=part))
    filled = [cells for row in remaining if (cells := _cells(row, positions, shown, len(titles), findings, part))]
    findings.texts += [
        (text, figure) for cells in filled for name, figure in columns.numbers.items() if (text := cells.written(name))
    ]
    return filled


def has_titles(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether the first row that says anything has the titles of such a table."""
    heading = next((row for row in rows if any(map(_stripped, row.cells))), Row(1, []))
    names = _names(columns)
    found = {names.get(plain_title(_stripped(cell))) for cell in heading.cells}
    return found >= set(columns.required)


def plain_title(title: str) -> str:
    """A title as it is compared: without accents, case, and anything but letters and digits."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[^a-z0-9]", "", decomposed)


def _cells(
    row: Row, positions: Mapping[str, int], shown: Mapping[str, str], width: int, findings: Findings, part: str | None
) -> Cells | None:
    """The cells of a row that says anything."""
    if any(map(_stripped, row.cells[width:])):
        findings.faults.append(
            Fault(
                row.number,
                None,
                "The row has more cells than there are columns: put texts with separators in quotes.",
                part=part,
            )
        )
    values = {name: _value(row.cells[index]) for name, index in positions.items() if index < len(row.cells)}
    if any(_CONTROL.search(str(value)) for value in values.values()):
        findings.faults.append(
            Fault(row.number, None, "A cell has a control character: type its text again.", part=part)
        )
        return None
    if not any(map(_says_something, values.values())):
        return None
    return Cells(row.number, values, shown, findings, part, hidden=row.hidden)


def _stripped(value: Value) -> str:
    return str(value).strip()


def _value(value: Value) -> Value:
    if isinstance(value, BookCell):
        return replace(value, text=_tidy(value.text)) if value.kind is Kind.TEXT else value
    return _tidy(value)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _says_something(value: Value) -> bool:
    if isinstance(value, BookCell):
        return value.kind in {Kind.ERROR, Kind.FORMULA} or (value.text.strip() != "" and not value.covered)
    return value != ""


def _names(columns: Columns) -> dict[str, str]:
    return {plain_title(title): name for name, known in columns.titles.items() for title in (name, *known)}


def _positions(file: str, titles: Sequence[str], columns: Columns, row: int) -> dict[str, int]:
    names = _names(columns)
    positions: dict[str, int] = {}
    faults: list[Fault] = []
    for index, title in enumerate(titles):
        name = names.get(plain_title(title))
        if name is not None and name not in positions:
            positions[name] = index
        elif name is not None:
            faults.append(Fault(row, title, "The column stands twice: remove one."))
        elif title:
            faults.append(_unknown(row, title, names, columns.titles))
    faults += [
        Fault(row, columns.titles[name][0], "The column is missing: add it, with this title in the first row.")
        for name in columns.required
        if name not in positions
    ]
    if faults:
        raise FileProblems(file, faults)
    return positions


def _unknown(row: int, title: str, names: Mapping[str, str], titles: Titles) -> Fault:
    plain = plain_title(title)
    if plain.endswith("ttc") and not plain.startswith(("total", "montant")):
        return Fault(row, title, "This is a price with VAT, and ours are without: write the price without VAT.")
    close = get_close_matches(plain.replace("montant", "total"), names, n=1, cutoff=_LIKE)
    if close:
        meant = titles[names[close[0]]][0]
        return Fault(row, title, "Nobody knows this column. Did you mean «{meant}»?", meant=meant)
    known = ", ".join(known[0] for known in titles.values())
    return Fault(row, title, "Nobody knows this column: remove it. Known are {known}.", known=known)
