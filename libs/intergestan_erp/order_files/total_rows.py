"""Rows of totals among the rows of orders: which ones are, and what they state. They are no lines of an order.

A row of totals has a word such as Total, TVA or Net à payer, no product, and figures. What it states is compared with
what the orders come to once their prices are known (`FileSum`, `order_sums.py`); a row that only looks like one stays
a row.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from intergestan_erp.inputs.cells import Cells
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.numbers import read_number
from intergestan_erp.inputs.table import plain_title
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.order_files.file_order import FileOrder, FileSum, SumOf

_WORDS = re.compile(
    r"(?P<what>(grand|sous|sub|montant|somme)?(total|totaux)|montant|amount|net|somme|tva|vat|taxes?|netapayer)"
    r"(?P<more>(general|generaux|global|dela|de|du|des|la|commande|cde|piece|order|page|document|lignes?|lines?|articles?"
    r"|quantites?|qtes?|ht|ttc|tva|vat|hors|taxes?|excl|incl|tax|apayer|payer|eur|euros?|net|brut|bon|montant|total)*)"
)
_FIGURE = re.compile(
    r"(?P<word>[^\d]*?[^\d\s:=+-])[\s:=]*(?P<figure>[-+]?\d[\d\s\u00a0\u202f.,'’]*[\s\u00a0]?(€|EUR)?)"
)
_HEAD = ("number", "date", "supplier", "note", "followed_by", "currency", "unit", "line_note")
"""What a row of totals may have beside its figures."""
_OF_A_LINE = ("product", "name", "line", "charge", "gtin")
"""What a row of totals has not, but for its words."""
_GIVEN = {"total_ht": SumOf.EXCLUSIVE, "total_ttc": SumOf.INCLUSIVE}
_PERCENT = re.compile(r"[\d.,]+\s*%")


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row of totals, and how many rows of lines stand above it."""

    cells: Cells
    amounts: tuple[tuple[SumOf, Decimal], ...]
    quantity: Decimal | None
    title: str


def split_totals(rows: Sequence[Cells]) -> tuple[list[Cells], list[TotalRow]]:
    """The rows of lines and charges, and those of totals; what stands below the first total is named, not taken."""
    lines: list[Cells] = []
    totals: list[TotalRow] = []
    numbers: set[str] = set()
    for cells in rows:
        total = _total(cells, numbers) if lines else None
        if total is not None:
            totals.append(total)
        elif totals and _is_remark(cells):
            texts = [text for column in cells.titles if (text := cells.text(column)) is not None]
            cells.remark(None, "This stands below a total, and was not taken: {texts}.", texts=", ".join(texts))
        else:
            lines.append(cells)
            numbers.add(plain_title(cells.text("number") or ""))
    return lines, totals


def with_sums(orders: Sequence[FileOrder], totals: Sequence[TotalRow]) -> list[FileOrder]:
    """The orders, each with the totals that stand behind the row with which it begins and before the next order.

    :param orders: in the order of their rows.
    """
    found = list(orders)
    rows = [order.row or 0 for order in orders]
    since = 0
    for total in totals:
        row = total.cells.row
        last = bisect_left(rows, row) - 1
        if last < 0:
            continue
        stated = FileSum(row=row, title=total.title, since=since, amounts=total.amounts, quantity=total.quantity)
        found[last] = replace(found[last], sums=(*found[last].sums, stated))
        since = row if SumOf.TAX not in {what for what, _ in total.amounts} else since
    return found


def _total(cells: Cells, numbers: set[str]) -> TotalRow | None:
    """What a row states, if it is one of totals."""
    for column in _OF_A_LINE:
        text = cells.text(column)
        if text is not None and _kind(text, numbers) is None:
            return None
    texts = {column: text for column in cells.titles if (text := cells.text(column)) is not None}
    words = {column: kind for column, text in texts.items() if (kind := _kind(text, numbers)) is not None}
    others = [column for column in texts if column not in words]
    if not words:
        return None
    if "product" in words and {"number", "date"} <= set(others):
        return None  # a product may have such a code
    kind = next(iter(words.values()))
    beside = ((words[column], _beside(texts[column], cells, numbers)) for column in words)
    amounts = [(what, value) for what, value in beside if value is not None]
    quantity: Decimal | None = None
    for column in others:
        if column in _HEAD or _PERCENT.fullmatch(texts[column]):
            continue
        value = _amount(cells, column)
        if value is None:
            return None
        if column == "quantity":
            quantity = value
        else:
            amounts.append((_of_column(column, kind, others), value))
    title = cells.titles[next(iter(words))]
    return TotalRow(cells, tuple(amounts), quantity, title)


def _of_column(column: str, kind: SumOf, others: Sequence[str]) -> SumOf:
    """What a figure adds up: as the row's word says, or its column where the row has several or says nothing."""
    if kind is SumOf.ANY or set(_GIVEN) <= set(others):
        return _GIVEN.get(column, kind)
    return kind


def _kind(text: str, numbers: set[str]) -> SumOf | None:
    """What a word adds up: `Total`, `Sous-total HT`, `TVA 20 %`, `Net à payer : 10,80 €`, `Total CFR1`."""
    beside = _FIGURE.fullmatch(text)
    words = [plain_title(_PERCENT.sub("", text)), *([plain_title(beside["word"])] if beside is not None else [])]
    return next((kind for word in words if (kind := _kind_of(word, numbers)) is not None), None)


def _kind_of(word: str, numbers: set[str]) -> SumOf | None:
    found = _WORDS.match(word)
    if found is None or (found["what"] in {"montant", "amount", "net", "somme"} and not found["more"]):
        return None
    rest = word[found.end() :]
    if rest and rest not in numbers:
        return None
    said = word.replace("horstva", "ht").replace("exclvat", "ht").replace("inclvat", "ttc")
    if "ttc" in said or "payer" in said:
        return SumOf.INCLUSIVE
    if "ht" in said or "horstaxe" in said or "excltax" in said:
        return SumOf.EXCLUSIVE
    return SumOf.TAX if re.search("tva|vat|tax", said) else SumOf.ANY


def _beside(text: str, cells: Cells, numbers: set[str]) -> Decimal | None:
    """The figure in the cell of the word."""
    found = _FIGURE.fullmatch(text)
    if found is None or _PERCENT.search(text) or _kind_of(plain_title(text), numbers) is not None:
        return None
    try:
        return read_number(found["figure"].strip(), Figure.AMOUNT, cells.findings.marks).value
    except Unreadable:
        return None


def _amount(cells: Cells, column: str) -> Decimal | None:
    """The figure in a cell, whatever the column is for; None, and nothing noted, where there is none."""
    before = len(cells.findings.faults)
    value = cells.decimal(column, signed=True) if column == "quantity" else cells.amount(column, signed=True)
    if value is None:
        del cells.findings.faults[before:]
    return value


def _is_remark(cells: Cells) -> bool:
    """Whether a row has nothing of a line, or one text alone, as the foot of a page has."""
    filled = [column for column in cells.titles if cells.text(column) is not None]
    return len(filled) == 1 or not {"product", "quantity", "price", "charge", "gtin"} & set(filled)
