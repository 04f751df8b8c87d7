"""Tables by their titles: which column is which, and the rows that have a value (`Cells`).

Titles are French or English, in any order. What decides about a whole file (its decimal mark) is collected here,
before any cell is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain, islice

from intergestan_db.file_tables.csv_table import MOST_ABOVE
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
_ENOUGH = 2
"""Titles by which a row is known as that of the titles, though some are missing."""
_MOST_SHOWN = 5
_TELLING = (
    *("ttc", "ht", "tva", "vat", "remise", "brut", "net", "client", "customer", "fournisseur", "vendor", "supplier"),
    *(
        "livraison",
        "delivery",
        "factur",
        "invoice",
        "adresse",
        "postal",
        "ville",
        "pays",
        "date",
        "delai",
        "prix",
        "price",
    ),
    *("total", "montant", "amount", "quantit", "qte", "qty", "ligne", "line", "unit", "poids", "frais", "port", "taux"),
    *(
        "recu",
        "livre",
        "reste",
        "vente",
        "achat",
        "cout",
        "cost",
        "pour",
        "par",
        "code",
        "nom",
        "name",
        "numero",
        "type",
    ),
)
"""What a title means: one that has such a part, and the other not, is another title, however alike they are written."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table may have.

    :ivar required: names of columns that it must have; `numbers`: what kind of number stands in which column.
    :ivar not_taken: plain titles of columns that are passed over.
    """

    titles: Titles
    required: tuple[str, ...]
    numbers: Mapping[str, Figure] = field(default_factory=dict)
    not_taken: frozenset[str] = frozenset()


def read_rows(file: str, rows: Rows, columns: Columns, findings: Findings, part: str | None = None) -> list[Cells]:
    """The rows of a table that have any value, none perhaps.

    The titles are the first row that has all that the table must have; where none has, the one that has most of them
    is told what it lacks.

    :param findings: where faults and remarks go; `part`: what they call the table.
    :raises FileProblems: when the titles are not those of such a table.
    """
    remaining = iter(rows)
    above = list(islice(remaining, MOST_ABOVE))
    names = names_of(columns.titles)
    place = _heading(above, names, columns.required)
    heading = above[place] if above else Row(1, [])
    titles = [_stripped(cell) for cell in heading.cells]
    positions = _positions(file, titles, names, columns, heading.number)
    shown = {name: titles[index] for name, index in positions.items()}
    _say_what_stands_above(above[:place], heading.number, findings, part)
    filled = []
    for row in chain(above[place + 1 :], remaining):
        if _repeats(row, titles):
            findings.remarks.append(Remark(row.number, None, "The titles stand in this row again.", part=part))
        elif cells := _cells(row, positions, shown, len(titles), findings, part):
            filled.append(cells)
    findings.texts += [
        (text, figure) for cells in filled for name, figure in columns.numbers.items() if (text := cells.written(name))
    ]
    return filled


def has_titles(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether one of the first rows has the titles of such a table."""
    above, names = rows[:MOST_ABOVE], names_of(columns.titles)
    return any(_has_all(_known_in(row.cells, names), columns.required) for row in above)


def titles_in(columns: Columns) -> Callable[[Sequence[Value]], int]:
    """How many of some cells are titles of such a table, each counted once."""
    names = names_of(columns.titles)
    return lambda cells: len(_known_in(cells, names))


def _known_in(cells: Sequence[Value], names: Mapping[str, str]) -> set[str]:
    return {name for cell in cells if (name := names.get(plain_title(_stripped(cell)))) is not None}


def _has_all(known: set[str], required: Sequence[str]) -> bool:
    return known.issuperset(required)


def _heading(rows: Sequence[Row], names: Mapping[str, str], required: Sequence[str]) -> int:
    """The place of the row of titles among the first ones."""
    known = [_known_in(row.cells, names) for row in rows]
    whole = next((place for place, found in enumerate(known) if _has_all(found, required)), None)
    if whole is not None:
        return whole
    first = next((place for place, row in enumerate(rows) if any(map(_stripped, row.cells))), 0)
    best = max(range(len(rows)), key=lambda place: len(known[place]), default=0)
    return best if rows and len(known[best]) >= _ENOUGH else first


def _say_what_stands_above(above: Sequence[Row], row: int, findings: Findings, part: str | None) -> None:
    """What is not taken is named."""
    if not above:
        return
    texts = [text for each in above for cell in each.cells if (text := _stripped(cell))]
    if not texts:
        findings.remarks.append(Remark(row, None, "The titles were read in this row.", part=part))
        return
    shown = ", ".join(f"«{text}»" for text in texts[:_MOST_SHOWN]) + (", …" if len(texts) > _MOST_SHOWN else "")
    findings.remarks.append(
        Remark(
            row,
            None,
            "The titles were read in this row; what stands above was not taken: {texts}.",
            part=part,
            texts=shown,
        )
    )


def _repeats(row: Row, titles: Sequence[str]) -> bool:
    """Whether a row is that of the titles once more, as lists in pages have it."""
    cells = [_stripped(cell) for cell in row.cells]
    return any(cells) and [each for each in cells if each] == [each for each in titles if each]


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


def names_of(titles: Titles) -> dict[str, str]:
    """Our name of a column by each plain title under which it may stand, its own among them."""
    own = {plain_title(name): name for name in titles}
    return own | {plain_title(title): name for name, known in titles.items() for title in known}


def _positions(
    file: str, titles: Sequence[str], names: Mapping[str, str], columns: Columns, row: int
) -> dict[str, int]:
    positions: dict[str, int] = {}
    faults: list[Fault] = []
    for index, title in enumerate(titles):
        if plain_title(title) in columns.not_taken:
            continue
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
    if plain.startswith(("remise", "rabais", "discount", "escompte", "rist")):
        return Fault(
            row,
            title,
            "Nobody knows whether this is a percentage or an amount, and of what: write the price with it taken off, "
            "and remove the column.",
        )
    plain = plain.replace("montant", "total")
    close = [each for each in get_close_matches(plain, names, n=3, cutoff=_LIKE) if _means_as(each, plain)]
    if close:
        meant = titles[names[close[0]]][0]
        return Fault(row, title, "Nobody knows this column. Did you mean «{meant}»?", meant=meant)
    known = ", ".join(known[0] for known in titles.values())
    return Fault(row, title, "Nobody knows this column: remove it. Known are {known}.", known=known)


def _means_as(one: str, other: str) -> bool:
    """Whether titles mean the same, written with a slip: they begin alike, and have the same telling parts."""
    return one[:1] == other[:1] and all((part in one) == (part in other) for part in _TELLING)
