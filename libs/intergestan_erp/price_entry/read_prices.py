"""From the bytes of a file to its price lists. Runs in a limited child process: what it reads others made.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

from typing import Final

import msgspec

from intergestan_db.enums import PriceSide
from intergestan_db.problem import Fault, FileProblems
from intergestan_db.tables import Party, PriceList, Product, ProductFamily, Table
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.one_table import table_of
from intergestan_erp.inputs.table import plain_title, read_rows
from intergestan_erp.price_entry.price_reading import PRICES_ASKED, PriceReading, PricesAsked, PricesRead
from intergestan_erp.price_entry.price_table import TABLE, ListHead, PriceRow, key_of
from intergestan_msg.money import ZERO

_SIDES: Final = {
    **dict.fromkeys(("vente", "ventes", "sale", "sales", "client"), PriceSide.SALE),
    **dict.fromkeys(("achat", "achats", "purchase", "purchases", "fournisseur"), PriceSide.PURCHASE),
}
_WIDTHS: Final[tuple[tuple[str, type[Table]], ...]] = (
    *(("list", PriceList), ("party", Party)),
    *(("product", Product), ("family", ProductFamily)),
)
_DIGITS: Final = 9
"""The most that a number of an establishment has."""
_OF_HEAD: Final = ("side", "establishment", "party", "valid_from", "valid_until")


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: a `PricesRead` as JSON, to a `PricesAsked`."""
    try:
        said = PricesRead.of(read_here("", data, PRICES_ASKED.decode(question)))
    except FileProblems as problems:
        said = PricesRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, question: PricesAsked) -> PriceReading:
    """Read a file in this process: a `ReadPrices`."""
    findings = Findings(currency=question.currency)
    rows = read_rows(file, table_of(file, data, TABLE, findings), TABLE, findings)
    lines = list(_lines(rows))
    _refuse_twice(rows, lines)
    if not rows and not findings.faults:
        findings.faults.append(Fault(None, None, "The file has titles but no rows."))
    if findings.faults:
        raise FileProblems(file, sorted(findings.faults, key=lambda fault: fault.row or 0))
    return PriceReading(tuple(line for line in lines if line is not None), tuple(findings.remarks))


def _lines(rows: list[Cells]) -> list[PriceRow | None]:
    """The lines of all rows; None for one that has faults."""
    heads: dict[str, ListHead] = {}
    found: list[PriceRow | None] = []
    for cells in rows:
        for column, table in _WIDTHS:
            cells.check_width(column, table, "code")
        code = cells.code("list")
        if code is None:
            cells.missing("list")
            found.append(None)
            continue
        head = _head(cells, code, heads.get(code))
        if head is not None:
            heads.setdefault(code, head)
        found.append(None if head is None else _line(cells, head))
    return found


def _head(cells: Cells, code: str, before: ListHead | None) -> ListHead | None:
    """What the list of a row is; noted is what its first row lacks, and what differs from that."""
    side, establishment = _side(cells), _establishment(cells)
    first, last = cells.day("valid_from"), cells.day("valid_until")
    party = cells.code("party")
    if before is None:
        if first is None:
            cells.missing("valid_from")
            return None
        if last is not None and last < first:
            cells.fault("valid_until", "The list ends before it begins: correct one of both days.")
        return ListHead(code, side or PriceSide.SALE, establishment, party, first, last)
    said = (side, establishment, party, first, last)
    for column, value, known in zip(_OF_HEAD, said, _values(before), strict=True):
        if value is not None and value != known:
            cells.fault(column, "The list «{code}» says something else here in an earlier row.", code=code)
    return before


def _values(head: ListHead) -> tuple[object, ...]:
    return head.side, head.establishment, head.party, head.valid_from, head.valid_until


def _side(cells: Cells) -> PriceSide | None:
    written = cells.text("side")
    if written is None:
        return None
    side = _SIDES.get(plain_title(written))
    if side is None:
        cells.fault("side", "«{value}» is neither sale nor purchase: write vente or achat.", value=written)
    return side


def _establishment(cells: Cells) -> int | None:
    written = cells.code("establishment")
    if written is None:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        cells.fault("establishment", "«{value}» is no number of an establishment.", value=written)
        return None
    return int(written)


def _line(cells: Cells, head: ListHead) -> PriceRow:
    product, family = cells.code("product"), cells.code("family")
    if product is not None and family is not None:
        cells.fault("family", "A row is for a product or for a family, not both: empty one cell.")
    price, discount = cells.amount("price"), cells.rate("discount")
    if price is None and discount is None and not any(map(cells.is_broken, ("price", "discount"))):
        cells.fault("price", "The row has neither a price nor a discount: fill one in.")
    least = cells.decimal("min_quantity")
    return PriceRow(cells.row, head, product, family, least or ZERO, price, discount or ZERO, cells.titles)


def _refuse_twice(rows: list[Cells], lines: list[PriceRow | None]) -> None:
    """Note the rows whose product, family and quantity stand in an earlier one of the same list."""
    first: dict[object, int] = {}
    for cells, line in zip(rows, lines, strict=True):
        if line is None:
            continue
        if first.setdefault(key_of(line), cells.row) != cells.row:
            cells.fault(
                "product", "The same product or family from the same quantity stands in row {row} already: remove one.",
                row=first[key_of(line)],
            )  # fmt: skip
