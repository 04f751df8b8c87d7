"""Purchase orders from a table (CSV, XLSX): one row per order line, the order's own values on each row or the first.

Rows with the same number are one order. Without numbers, rows with the same date, supplier and note are one,
and it gets the next number of the site. `COLUMNS` lists the columns; date, supplier, product and quantity are
required. What a row leaves empty (name, unit, price, VAT) is taken from the product; the price is the one at
which we buy it. A row with a charge (Frais) in place of a product is a charge of the whole order, signed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from intergestan_db.file_tables.csv_table import Cells, Rows, Titles, csv_rows, filled_rows
from intergestan_db.problem import FileProblems
from intergestan_db.tables import PurchaseOrder, PurchaseOrderLine, Table
from intergestan_erp.inputs.identity import nfc
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder
from intergestan_msg.money import CENT, ONE, ZERO, fits

COLUMNS: Titles = {
    "number": ("ID Pièce", "Numéro", "N°", "Commande", "Order"),
    "date": ("Date",),
    "supplier": ("Fournisseur", "Code fournisseur", "Raison sociale"),
    "note": ("Nature",),
    "followed_by": ("Suivi", "Par"),
    "currency": ("Devise",),
    "wanted_date": ("Livraison souhaitée", "Date de livraison"),
    "delivery_name": ("Livrer à",),
    "delivery_line1": ("Livraison adresse 1",),
    "delivery_line2": ("Livraison adresse 2",),
    "delivery_postcode": ("Livraison code postal",),
    "delivery_city": ("Livraison ville",),
    "delivery_country": ("Livraison pays",),
    "line": ("Ligne",),
    "product": ("Produit", "Code produit", "Référence"),
    "name": ("Désignation",),
    "quantity": ("Quantité", "Qté"),
    "unit": ("Unité",),
    "price": ("Prix", "PU HT", "Prix unitaire"),
    "vat_rate": ("TVA", "Taux de TVA", "VAT"),
    "line_note": ("Remarque",),
    "base_quantity": ("Prix pour",),
    "allowance": ("Frais de ligne",),
    "vat_category": ("Catégorie de TVA",),
    "gtin": ("GTIN", "EAN", "Code-barres"),
    "supplier_code": ("Référence fournisseur",),
    "charge": ("Frais",),
    "total_ht": ("Total HT",),
    "total_ttc": ("Total TTC",),
}
REQUIRED = ("date", "supplier", "product", "quantity")
_OF_A_LINE = ("line", "product", "quantity", "price")
"""What a row of a charge has nothing to do with."""

_DELIVERY = ("name", "line1", "line2", "postcode", "city", "country")
_HEAD = (
    *("date", "supplier", "note", "followed_by", "currency", "wanted_date", "total_ht", "total_ttc"),
    *(f"delivery_{part}" for part in _DELIVERY),
)
_WIDTHS: tuple[tuple[str, type[Table], str], ...] = (
    ("number", PurchaseOrder, "number"),
    ("currency", PurchaseOrder, "currency"),
    *((f"delivery_{part}", PurchaseOrder, f"delivery_{part}") for part in _DELIVERY),
    ("line", PurchaseOrderLine, "line_id"),
    ("product", PurchaseOrderLine, "product_code"),
    ("name", PurchaseOrderLine, "name"),
    *((name, PurchaseOrderLine, name) for name in ("unit", "vat_category", "gtin", "supplier_code")),
)


def read_csv_orders(file: str, data: bytes) -> list[FileOrder]:
    """The orders of a CSV file, in the order of their first rows.

    :raises FileProblems: with every fault there is.
    """
    return read_order_rows(file, csv_rows(file, data))


def read_order_rows(file: str, table: Rows) -> list[FileOrder]:
    """The same of a table that was read already.

    :raises FileProblems: with every fault there is.
    """
    rows = filled_rows(file, table, COLUMNS, REQUIRED)
    groups: dict[tuple[str | None, ...], list[Cells]] = {}
    for cells in rows:
        number = cells.code("number")
        same = (number,) if number else (None, *(cells.text(name) for name in ("date", "supplier", "note")))
        groups.setdefault(same, []).append(cells)
    orders = [_order(group) for group in groups.values()]
    if rows[0].faults:
        raise FileProblems(file, sorted(rows[0].faults, key=lambda fault: fault.row or 0))
    return orders


def _order(rows: list[Cells]) -> FileOrder:
    first = rows[0]
    for cells in rows:
        for column, table, field in _WIDTHS:
            cells.check_width(column, table, field)
    head = {name: _of_order(rows, name) for name in _HEAD}
    for column in ("date", "supplier"):
        if head[column] is None:
            first.missing(column)
    of_lines = [cells for cells in rows if cells.text("charge") is None]
    charges = tuple(_charge(cells) for cells in rows if cells.text("charge") is not None)
    lines = tuple(_line(cells, position) for position, cells in enumerate(of_lines, start=1))
    _refuse_line_twice(of_lines, lines)
    if not lines:
        first.fault("product", "The order has no lines.")
    return FileOrder(
        row=first.row,
        number=nfc(first.text("number") or "") or None,
        issue_date=_value(rows, "date", Cells.day) or date.min,
        suppliers=(head["supplier"],) if head["supplier"] else (),
        lines=lines,
        charges=charges,
        followed_by=head["followed_by"],
        note=head["note"],
        currency=head["currency"],
        delivery={f"delivery_{part}": head[f"delivery_{part}"] for part in _DELIVERY},
        wanted_date=_value(rows, "wanted_date", Cells.day),
        total_ht=_value(rows, "total_ht", Cells.decimal),
        total_ttc=_value(rows, "total_ttc", Cells.decimal),
        titles={name: titles[0] for name, titles in COLUMNS.items()} | dict(first.titles),
    )


def _of_order(rows: list[Cells], column: str) -> str | None:
    """The one value that an order has in a column; rows that leave it empty agree with the others."""
    said: str | None = None
    for cells in rows:
        value = cells.text(column)
        if value is not None and said is not None and value != said:
            cells.fault(
                column,
                "«{value}» is not what the order's first row says ({said}): one order has one of it.",
                value=value,
                said=said,
            )
        said = said or value
    return said


def _value(rows: list[Cells], column: str, read: Any) -> Any:
    """The value of an order's column, read from the row that states it."""
    stated = next((cells for cells in rows if cells.text(column) is not None), None)
    return read(stated, column) if stated is not None else None


def _line(cells: Cells, position: int) -> FileLine:
    for column in ("product", "quantity"):
        if cells.text(column) is None:
            cells.missing(column)
    product = cells.code("product")
    return FileLine(
        row=cells.row,
        line_id=cells.code("line") or str(position),
        products=(product,) if product else (),
        quantity=cells.decimal("quantity") or ZERO,
        name=cells.text("name"),
        unit=cells.code("unit"),
        price=cells.decimal("price"),
        vat_rate=cells.decimal("vat_rate"),
        note=cells.text("line_note"),
        base_quantity=_base_quantity(cells),
        allowance=_amount(cells, "allowance"),
        vat_category=cells.code("vat_category"),
        gtin=cells.code("gtin"),
        supplier_code=cells.code("supplier_code"),
    )


def _charge(cells: Cells) -> FileCharge:
    for column in _OF_A_LINE:
        if cells.text(column) is not None:
            cells.fault(column, "A charge of the whole order has its own row: leave this cell empty.")
    return FileCharge(
        amount=_amount(cells, "charge"),
        reason=cells.text("name"),
        vat_category=cells.code("vat_category"),
        vat_rate=cells.decimal("vat_rate"),
    )


def _base_quantity(cells: Cells) -> Decimal:
    value = cells.decimal("base_quantity")
    if value is not None and value == 0:
        cells.fault("base_quantity", "A price is for more than nothing: write 1, or leave the cell empty.")
    return value or ONE


def _amount(cells: Cells, column: str) -> Decimal:
    value = cells.decimal(column, signed=True) or ZERO
    if not fits(value, CENT):
        cells.fault(column, "{value} is no amount: it has more than 2 decimals, or is too large.", value=value)
    return value


def _refuse_line_twice(rows: list[Cells], lines: tuple[FileLine, ...]) -> None:
    seen: set[str] = set()
    for cells, line in zip(rows, lines, strict=True):
        if line.line_id in seen:
            cells.fault("line", "The order has a line {line} already: number its lines anew.", line=line.line_id)
        seen.add(line.line_id)
