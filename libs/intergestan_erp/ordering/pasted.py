"""Rows that a person pastes from a spreadsheet into an order: code, quantity, price perhaps. Pure.

Texts are taken as they stand; whoever reads the form says what is wrong with them, at their field.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from intergestan_erp.inputs.table import names_of, plain_title
from intergestan_erp.order_files.order_csv import COLUMNS

MOST_ROWS: Final = 1000
_USUAL: Final = ("product", "quantity", "price")
"""What columns without titles are."""
_FIELDS: Final = ("product", "name", "quantity", "unit", "price", "allowance", "vat_rate")
_BY_TITLE: Final[Mapping[str, str]] = names_of({name: COLUMNS[name] for name in _FIELDS}) | {
    "code": "product",
    "qty": "quantity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedLine:
    """A row, each cell as it was pasted."""

    product: str = ""
    name: str = ""
    quantity: str = ""
    unit: str = ""
    price: str = ""
    allowance: str = ""
    vat_rate: str = ""


def pasted_lines(text: str) -> list[PastedLine]:
    """The lines that are meant: columns by their titles where the first row has any, else code, quantity, price.

    Cells are apart by tabs, as spreadsheets copy them, or else by semicolons. Rows that say nothing are none; of more
    than `MOST_ROWS` the first ones.
    """
    rows = [row for row in _rows(text) if any(cell.strip() for cell in row)]
    if not rows:
        return []
    titled = [_BY_TITLE.get(plain_title(cell)) for cell in rows[0]]
    names: Sequence[str | None] = _USUAL
    if "product" in titled and "quantity" in titled:
        names, rows = titled, rows[1:]
    found = (
        PastedLine(**{name: cell.strip() for name, cell in zip(names, row, strict=False) if name is not None})
        for row in rows[:MOST_ROWS]
    )
    return [line for line in found if line != PastedLine()]


def _rows(text: str) -> Iterator[list[str]]:
    mark = "\t" if "\t" in text else ";"
    try:
        yield from csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=mark)
    except csv.Error:  # a cell that is longer than any of ours
        return
