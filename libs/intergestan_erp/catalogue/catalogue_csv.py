"""Products from a CSV file: one row each, with its family beside it."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_db.problem import Fault, FileProblems
from intergestan_db.tables import Product, ProductFamily, ProductSubfamily
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.one_table import csv_table
from intergestan_erp.inputs.table import Columns, Titles, read_rows
from intergestan_erp.inputs.units import same_unit
from intergestan_erp.inputs.vat import rate_fits
from intergestan_msg.money import ZERO, plain

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
    "service": ("Service",),
}
_WIDTHS = (
    *((name, Product, name) for name in ("code", "name", "gtin")),
    ("family", ProductFamily, "code"),
    ("family_name", ProductFamily, "name"),
    ("subfamily", ProductSubfamily, "code"),
    ("subfamily_name", ProductSubfamily, "name"),
)
REQUIRED = ("code", "name", "sale_price", "vat_rate")
TABLE = Columns(
    COLUMNS,
    REQUIRED,
    {**dict.fromkeys(("sale_price", "purchase_price"), Figure.AMOUNT), "vat_rate": Figure.RATE},
)


def read_products(file: str, data: bytes, decimal_mark: Mark | None = None) -> list[ProductRow]:
    """The products of a file. Without a unit they are counted in pieces (C62), the VAT category is S.

    :param decimal_mark: of all its numbers, where nothing else decides.
    :raises FileProblems: with every fault there is.
    """
    findings = Findings(decimal_mark)
    rows = read_rows(file, csv_table(file, data, TABLE, findings), TABLE, findings)
    products = [product_of(cells) for cells in rows]
    refuse_twice(rows)
    if not rows and not findings.faults:
        findings.faults.append(Fault(None, None, "The file has titles but no rows."))
    if findings.faults:
        raise FileProblems(file, sorted(findings.faults, key=lambda fault: fault.row or 0))
    return products


def refuse_twice(rows: Sequence[Cells], column: str = "code") -> None:
    """Note the rows whose code stands in an earlier one."""
    first: dict[str, int] = {}
    for cells in rows:
        code = cells.code(column)
        if code is not None and first.setdefault(code, cells.row) != cells.row:
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
    category, rate = cells.category("vat_category") or "S", cells.rate("vat_rate")
    if rate is not None and not rate_fits(category, rate):
        cells.fault(
            "vat_rate",
            "The VAT category {category} does not have the rate {rate}: S has one above 0, Z, E, AE, K, G and O "
            "have 0. Correct one of them.",
            category=category,
            rate=plain(rate),
        )
    unit = cells.unit("unit") or "C62"
    for column in ("sale_price", "purchase_price"):
        per = cells.price_for(column)
        if per is not None and (per.count != 1 or (per.unit is not None and not same_unit(per.unit, unit))):
            cells.fault(
                column,
                "The price is shown for {shown}, and the product is sold in {unit}: correct the unit, or the format of "
                "the column.",
                shown=f"{per.count} {per.unit or unit}",
                unit=unit,
            )
    return ProductRow(
        code=cells.code("code") or "",
        name=cells.text("name") or "",
        sale_price=cells.amount("sale_price") or ZERO,
        vat_rate=rate or ZERO,
        unit=unit,
        purchase_price=cells.amount("purchase_price"),
        vat_category=category,
        gtin=cells.gtin("gtin"),
        family=cells.code("family"),
        family_name=cells.text("family_name"),
        subfamily=cells.code("subfamily"),
        subfamily_name=cells.text("subfamily_name"),
        active=True if active is None else active,
        service=bool(cells.flag("service")),
    )
