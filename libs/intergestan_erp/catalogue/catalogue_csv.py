"""Products from a CSV file: one row each, with its family beside it."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_db.file_tables.csv_table import Cells, Titles, read_table
from intergestan_db.problem import FileProblems
from intergestan_db.tables import Product, ProductFamily, ProductSubfamily
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.inputs.identity import nfc
from intergestan_msg.money import ZERO

COLUMNS: Titles = {
    "code": ("Code", "Référence", "Product"),
    "name": ("Désignation", "Nom", "Libellé"),
    "unit": ("Unité",),
    "sale_price": ("Prix de vente", "PU HT", "Prix de vente HT"),
    "purchase_price": ("Prix d'achat", "Prix d'achat HT"),
    "vat_rate": ("TVA", "Taux de TVA", "VAT"),
    "vat_category": ("Catégorie de TVA",),
    "gtin": ("GTIN", "EAN", "Code-barres"),
    "family": ("Famille",),
    "family_name": ("Nom de la famille",),
    "subfamily": ("Sous-famille",),
    "subfamily_name": ("Nom de la sous-famille",),
    "active": ("Actif",),
}
_WIDTHS = (
    *((name, Product, name) for name in ("code", "name", "unit", "vat_category", "gtin")),
    ("family", ProductFamily, "code"),
    ("family_name", ProductFamily, "name"),
    ("subfamily", ProductSubfamily, "code"),
    ("subfamily_name", ProductSubfamily, "name"),
)
REQUIRED = ("code", "name", "sale_price", "vat_rate")


def read_products(file: str, data: bytes) -> list[ProductRow]:
    """The products of a file. Without a unit they are counted in pieces (C62), the VAT category is S.

    :raises FileProblems: with every fault there is.
    """
    rows = read_table(file, data, COLUMNS, REQUIRED)
    products = [product_of(cells) for cells in rows]
    refuse_twice(rows)
    if rows[0].faults:
        raise FileProblems(file, sorted(rows[0].faults, key=lambda fault: fault.row or 0))
    return products


def refuse_twice(rows: Sequence[Cells], column: str = "code") -> None:
    """Note the rows whose code stands in an earlier one."""
    first: dict[str, int] = {}
    for cells in rows:
        code = nfc(cells.text(column) or "")
        if code and first.setdefault(code, cells.row) != cells.row:
            cells.fault(column, "{code} stands in row {row} already: remove one.", code=code, row=first[code])


def product_of(cells: Cells) -> ProductRow:
    """The product of a row; what is wrong with it goes to the row's faults."""
    for column in REQUIRED:
        if cells.text(column) is None:
            cells.missing(column)
    for column, table, field in _WIDTHS:
        cells.check_width(column, table, field)
    if cells.text("subfamily") and not cells.text("family"):
        cells.fault("family", "The sub-family {code} needs its family beside it.", code=cells.text("subfamily"))
    active = cells.flag("active")
    return ProductRow(
        code=cells.code("code") or "",
        name=cells.text("name") or "",
        sale_price=cells.decimal("sale_price") or ZERO,
        vat_rate=cells.decimal("vat_rate") or ZERO,
        unit=cells.code("unit") or "C62",
        purchase_price=cells.decimal("purchase_price"),
        vat_category=cells.code("vat_category") or "S",
        gtin=cells.code("gtin"),
        family=cells.code("family"),
        family_name=cells.text("family_name"),
        subfamily=cells.code("subfamily"),
        subfamily_name=cells.text("subfamily_name"),
        active=True if active is None else active,
    )
