"""Purchase orders from a table (CSV, XLSX, ODS): a row per order line, the order's own values on each row or the first.

Rows with the same number are one order. A row without any value of the order's own goes on with the order above;
one that repeats them without the number could be either, and is refused. Without numbers, rows with the same date,
supplier and note are one order, and it gets the next number of the site. `COLUMNS` lists the columns; date,
supplier, product and quantity are required. What a row leaves empty (name, unit, price, VAT) is taken from the
product; the price is the one at which we buy it. A row with a charge (Frais) in place of a product is a charge of
the whole order, signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from intergestan_db.file_tables.rows import Rows
from intergestan_db.problem import FileProblems, Remark
from intergestan_db.tables import PurchaseOrder, PurchaseOrderLine, Table
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.number_format import Per
from intergestan_erp.inputs.table import Columns, Titles, plain_title, read_rows
from intergestan_erp.inputs.units import same_unit
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder, Options
from intergestan_erp.order_files.order_types import REFERENCES, carried, kept, taken_type
from intergestan_erp.order_files.total_rows import split_totals, with_sums
from intergestan_msg.identity import nfc
from intergestan_msg.money import CENT, ONE, ZERO, fits

COLUMNS: Titles = {
    "number": (
        *("ID Pièce", "Numéro", "N°", "No", "Commande", "Order", "N° commande", "No commande", "Numéro commande"),
        *("Numéro de commande", "N° de commande", "No de commande", "Num. commande", "Commande n°", "Bon de commande"),
        *("N° bon de commande", "N° BC", "N° pièce", "Numéro de pièce", "Numéro pièce", "N° document", "N° doc"),
        *("Réf. commande", "Référence commande", "Order number", "Order no", "Order ID", "PO", "PO number", "PO no"),
        *("Purchase order", "Purchase order number"),
    ),
    "date": (
        *("Date", "Date commande", "Date de commande", "Date de la commande", "Date cde", "Date pièce"),
        *("Date de pièce", "Date de la pièce", "Date document", "Date doc", "Order date", "PO date", "Date of order"),
    ),
    "supplier": (
        *("Fournisseur", "Code fournisseur", "Raison sociale", "Nom du fournisseur", "Nom fournisseur", "Code fourn."),
        *("Code frs", "Frs", "Fourn.", "SIRET fournisseur", "N° fournisseur", "Vendor", "Vendor name", "Vendor code"),
        *("Vendor no", "Supplier name", "Supplier no"),
    ),
    "note": ("Nature",),
    "followed_by": ("Suivi", "Par", "Suivi par"),
    "currency": ("Devise", "Code devise", "Monnaie", "Currency code"),
    "wanted_date": (
        *("Livraison souhaitée", "Date de livraison", "Date livraison", "Date de livraison souhaitée"),
        *("Date livraison souhaitée", "Date liv.", "Livraison le", "Delivery date", "Requested date"),
        "Requested delivery date",
    ),
    "delivery_name": ("Livrer à", "Ship to"),
    "delivery_line1": ("Livraison adresse 1",),
    "delivery_line2": ("Livraison adresse 2",),
    "delivery_postcode": ("Livraison code postal", "Code postal livraison", "CP livraison"),
    "delivery_city": ("Livraison ville", "Ville livraison", "Ville de livraison"),
    "delivery_country": ("Livraison pays", "Pays livraison", "Pays de livraison"),
    "type_code": ("Type de commande",),
    "customer_reference": ("Référence client", "Réf. client"),
    "quotation_id": ("Devis", "N° devis", "Quotation"),
    "accounting_cost": ("Imputation",),
    "line": ("Ligne", "N° ligne", "No ligne", "N° de ligne", "Numéro de ligne", "Line number", "Line no"),
    "product": (
        *("Produit", "Code produit", "Référence", "Réf.", "Réf. produit", "Référence produit", "Article"),
        *("Code article", "Réf. article", "Référence article", "N° article", "Code art.", "Item", "Item code"),
        *("Item number", "Item no", "Product code", "SKU", "Part number"),
    ),
    "name": (
        *(
            "Désignation",
            "Libellé",
            "Description",
            "Désignation article",
            "Désignation produit",
            "Désignation de l'article",
        ),
        *("Libellé article", "Libellé produit", "Libellé de l'article", "Intitulé", "Nom du produit", "Nom produit"),
        *("Item name", "Item description", "Product name", "Product description"),
    ),
    "quantity": (
        *("Quantité", "Qté", "Quantité commandée", "Qté commandée", "Qté cdée", "Qté cde", "Quantités", "Qtés", "Qt."),
        *("Qty", "Ordered quantity", "Quantity ordered", "Qty ordered", "Order quantity", "Order qty"),
    ),
    "unit": ("Unité", "Unité de mesure", "Unité d'achat", "Unité de commande", "UM", "Unit of measure", "UoM"),
    "price": (
        *("Prix", "PU HT", "Prix unitaire", "Prix HT", "Prix unitaire HT", "PU", "P.U.", "P.U. HT", "Prix net"),
        *("Prix net HT", "PU net", "PU net HT", "Prix unitaire net", "Prix unitaire net HT", "Prix d'achat"),
        *("Prix d'achat HT", "Prix achat", "Prix achat HT", "PA HT", "Unit price", "Net price", "Purchase price"),
    ),
    "vat_rate": ("TVA", "Taux de TVA", "VAT", "Taux TVA", "TVA %", "VAT rate", "Tax rate"),
    "line_note": ("Remarque", "Commentaire", "Observations", "Observation", "Comment", "Remark"),
    "base_quantity": ("Prix pour",),
    "allowance": ("Frais de ligne",),
    "vat_category": ("Catégorie de TVA", "Catégorie TVA", "VAT category"),
    "gtin": ("GTIN", "EAN", "Code-barres", "Code EAN", "EAN13", "Gencod", "Code barre", "Barcode", "UPC"),
    "supplier_code": (
        *("Référence fournisseur", "Réf. fournisseur", "Réf. fourn.", "Réf. frs", "Code article fournisseur"),
        *("Référence article fournisseur", "Supplier reference", "Vendor item", "Vendor item number", "Supplier item"),
    ),
    "charge": ("Frais",),
    "total_ht": ("Total HT",),
    "total_ttc": ("Total TTC",),
}
REQUIRED = ("date", "supplier", "product", "quantity")
_NUMBERS = {
    **dict.fromkeys(("quantity", "base_quantity"), Figure.QUANTITY),
    **dict.fromkeys(("price", "allowance", "charge", "total_ht", "total_ttc"), Figure.AMOUNT),
    "vat_rate": Figure.RATE,
}

_OF_A_LINE = ("line", "product", "quantity", "price")
"""What a row of a charge has nothing to do with."""
_OWN = ("line", "quantity", "allowance", "charge")
"""What each row must have for itself, and no merged cell can give to several."""

_DELIVERY = ("name", "line1", "line2", "postcode", "city", "country")
_SAME = ("date", "supplier", "note")
"""What rows without a number must have in common to be one order."""
_HEAD: Mapping[str, Callable[[Cells, str], Any]] = {
    "date": Cells.day,
    "supplier": Cells.code,
    "note": Cells.text,
    "followed_by": Cells.text,
    "currency": Cells.currency,
    "wanted_date": Cells.day,
    "total_ht": Cells.amount,
    "total_ttc": Cells.amount,
    **{f"delivery_{part}": Cells.text for part in _DELIVERY},
    "delivery_postcode": Cells.code,
    "delivery_country": Cells.country,
    "type_code": Cells.code,
    **dict.fromkeys(REFERENCES.values(), Cells.code),
}
"""The order's own values, and how each is read."""
_WIDTHS: tuple[tuple[str, type[Table], str], ...] = (
    ("number", PurchaseOrder, "number"),
    *((f"delivery_{part}", PurchaseOrder, f"delivery_{part}") for part in _DELIVERY if part != "country"),
    ("line", PurchaseOrderLine, "line_id"),
    ("product", PurchaseOrderLine, "product_code"),
    ("name", PurchaseOrderLine, "name"),
    *((name, PurchaseOrderLine, name) for name in ("gtin", "supplier_code")),
)


@dataclass(slots=True)
class _Group:
    """The rows of one order.

    :ivar number: as the file says it; None for the next of ours.
    """

    number: str | None
    rows: list[Cells] = field(default_factory=list)


def table_for(options: Options) -> Columns:
    """What a table may have, with what is kept of such files."""
    kept_as = options.titles
    titles = {
        name: (*(each for each in known if plain_title(each) not in kept_as), *_kept_for(name, kept_as))
        for name, known in COLUMNS.items()
    }
    required = tuple(name for name in REQUIRED if name != "supplier" or options.supplier is None)
    return Columns(titles, required, _NUMBERS, frozenset(title for title, name in kept_as.items() if not name))


def _kept_for(name: str, kept_as: Mapping[str, str]) -> list[str]:
    return [title for title, column in kept_as.items() if column == name]


def read_order_rows(
    file: str, table: Rows, findings: Findings, columns: Columns, supplier: str | None
) -> list[FileOrder]:
    """The orders of a table, in the order of their first rows.

    :param supplier: of rows that name none.
    :raises FileProblems: with every fault there is.
    """
    rows, totals = split_totals(read_rows(file, table, columns, findings))
    orders = with_sums([_order(group, supplier) for group in _groups(rows)], totals)
    if findings.faults:
        raise FileProblems(file, sorted(findings.faults, key=lambda fault: fault.row or 0))
    if not orders:
        findings.remarks.append(Remark(None, None, "There is no order in the file: it has titles, and no row."))
    for cells in rows:
        if cells.hidden:
            cells.remark(None, "The row is hidden in the workbook, and was taken as the others were.")
    return orders


def _groups(rows: list[Cells]) -> list[_Group]:
    """The rows by order."""
    groups: dict[tuple[Any, ...], _Group] = {}
    values = _HeadValues()
    above: _Group | None = None
    for cells in rows:
        number = cells.code("number")
        if number is None and above is not None and not cells.is_broken("number"):
            stated = [name for name in _HEAD if name != "wanted_date" and cells.text(name) is not None]
            if not stated:
                above.rows.append(cells)
                continue
            if above.number is not None and all(values.agree(above, cells, name) for name in stated):
                cells.fault(
                    "number",
                    "The row repeats the head of the order {number} without its number: is it the same order or a new "
                    "one? Fill the number in, or leave the whole head out of rows that go on.",
                    number=above.number,
                )
        same = (number,) if number else (None, *(values.of(cells, name) for name in _SAME))
        above = groups.setdefault(same, _Group(number))
        above.rows.append(cells)
    return list(groups.values())


class _HeadValues:
    """What rows say of their order, as values to be compared: 20/11/2026 and 2026-11-20 are one day, é is one letter.

    Each text is read once, so that what is wrong with it is said once.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}

    def of(self, cells: Cells, name: str) -> Any:
        """What a row says; its text where that cannot be read, None where it says nothing."""
        text = cells.text(name)
        if text is None:
            return None
        key = (name, nfc(text))
        if key not in self._values:
            value = cells.once(name, _HEAD[name])
            self._values[key] = key[1] if value is None else _comparable(value)
        return self._values[key]

    def agree(self, group: _Group, cells: Cells, name: str) -> bool:
        """Whether a row says the same as an order about one of its values, as far as the order says it."""
        said = next((value for row in group.rows if (value := self.of(row, name)) is not None), None)
        return said is None or said == self.of(cells, name)


def _comparable(value: Any) -> Any:
    return nfc(value) if isinstance(value, str) else value


def _order(group: _Group, supplier: str | None) -> FileOrder:
    rows = group.rows
    first = rows[0]
    for cells in rows:
        for column, table, width in _WIDTHS:
            cells.check_width(column, table, width)
        for column in _OWN:
            cells.check_own(column)
    of_lines = [cells for cells in rows if cells.text("charge") is None]
    days = _days_of_lines(of_lines)
    if days:
        _refuse_other_days(rows, days)
    head = {name: _of_order(rows, name, read) for name, read in _HEAD.items() if not (days and name == "wanted_date")}
    head["supplier"] = head["supplier"] or supplier
    for column in ("date", *(() if supplier else ("supplier",))):
        if all(cells.text(column) is None for cells in rows):
            first.missing(column)
    charges = tuple(_charge(cells) for cells in rows if cells.text("charge") is not None)
    lines = tuple(_line(cells, position, days.get(cells.row)) for position, cells in enumerate(of_lines, start=1))
    _refuse_line_twice(of_lines, lines)
    if not lines:
        first.fault("product", "The order has no lines.")
    travels = carried(
        taken_type(head["type_code"], partial(first.fault, "type_code"), partial(first.remark, "type_code")), head.get
    )
    return FileOrder(
        row=first.row,
        number=group.number,
        issue_date=head["date"] or date.min,
        suppliers=(head["supplier"],) if head["supplier"] else (),
        lines=lines,
        charges=charges,
        followed_by=head["followed_by"],
        note=head["note"],
        currency=_currency(rows, head["currency"]),
        delivery={f"delivery_{part}": head[f"delivery_{part}"] for part in _DELIVERY},
        wanted_date=head.get("wanted_date"),
        total_ht=head["total_ht"],
        total_ttc=head["total_ttc"],
        carried=travels,
        kept=kept(travels),
        titles={name: titles[0] for name, titles in COLUMNS.items()} | dict(first.titles),
    )


def _days_of_lines(rows: list[Cells]) -> dict[int, date | None]:
    """The day on which each row's goods are wanted, where rows differ; else nothing: it is the order's."""
    days = {cells.row: cells.once("wanted_date", Cells.day) for cells in rows}
    if len(set(days.values()) - {None}) < 2:
        return {}
    rows[0].remark("wanted_date", "The lines are wanted on different days, and each keeps its own.")
    return days


def _refuse_other_days(rows: list[Cells], days: Mapping[int, date | None]) -> None:
    """A row of a charge has no day of its own: it says one of the lines', or none."""
    for cells in rows:
        if cells.row not in days and cells.once("wanted_date", Cells.day) not in {None, *days.values()}:
            cells.fault(
                "wanted_date",
                "«{value}» is the day of no line, and a charge of the whole order has none of its own: leave it empty.",
                value=cells.text("wanted_date"),
            )


def _of_order(rows: list[Cells], column: str, read: Callable[[Cells, str], Any]) -> Any:
    """The one value that an order has in a column; rows that leave it empty agree with the others."""
    said: str | None = None
    value: Any = None
    for cells in rows:
        text = cells.text(column)
        if text is None or text == said:
            continue
        found = cells.once(column, read)
        if said is None:
            said, value = text, found
        elif found is not None and value is not None and _comparable(found) != _comparable(value):
            cells.fault(
                column,
                "«{value}» is not what the order's first row says ({said}): one order has one of it.",
                value=text,
                said=said,
            )
    return value


def _currency(rows: list[Cells], stated: str | None) -> str | None:
    """The order's currency: what its column says, or what stands beside its amounts; they must agree."""
    currency = stated
    for cells in rows:
        for column, code in cells.currencies.items():
            currency = currency or code
            if code != currency:
                cells.fault(
                    column,
                    "The amount is in {code}, and the order in {currency}: one order has one currency.",
                    code=code,
                    currency=currency,
                )
    return currency


def _line(cells: Cells, position: int, wanted: date | None) -> FileLine:
    if cells.text("product") is None and cells.text("gtin") is None and cells.text("name") is None:
        cells.missing("product")
    if cells.text("quantity") is None:
        cells.missing("quantity")
    product, per = cells.code("product"), cells.price_for("price")
    return FileLine(
        row=cells.row,
        line_id=cells.code("line") or str(position),
        products=(product,) if product else (),
        quantity=cells.quantity("quantity") or ZERO,
        name=cells.text("name"),
        unit=_unit(cells),
        price=cells.amount("price"),
        vat_rate=cells.rate("vat_rate"),
        note=cells.text("line_note"),
        base_quantity=_base_quantity(cells, per),
        base_unit=per.unit if per is not None else None,
        allowance=_amount(cells, "allowance"),
        vat_category=cells.category("vat_category"),
        gtin=cells.gtin("gtin"),
        supplier_code=cells.code("supplier_code"),
        wanted_date=wanted,
    )


def _unit(cells: Cells) -> str | None:
    """The unit: what its column says, or what a workbook shows beside the quantity; they must agree."""
    stated, beside = cells.unit("unit"), cells.unit_shown("quantity")
    if stated is not None and beside is not None and not same_unit(stated, beside):
        cells.fault(
            "quantity",
            "The quantity is shown in {beside}, and the unit is {unit}: correct the unit, or the format of the column.",
            beside=beside,
            unit=stated,
        )
    return stated or beside


def _charge(cells: Cells) -> FileCharge:
    for column in _OF_A_LINE:
        if cells.text(column) is not None:
            cells.fault(column, "A charge of the whole order has its own row: leave this cell empty.")
    return FileCharge(
        amount=_amount(cells, "charge"),
        reason=cells.text("name"),
        vat_category=cells.category("vat_category"),
        vat_rate=cells.rate("vat_rate"),
    )


def _base_quantity(cells: Cells, per: Per | None) -> Decimal:
    """How many the price is for: what its column says, or what a workbook shows behind the price; they must agree."""
    value = cells.decimal("base_quantity")
    if value is not None and value == 0:
        cells.fault("base_quantity", "A price is for more than nothing: write 1, or leave the cell empty.")
    if per is not None and value is not None and value != per.count:
        cells.fault(
            "base_quantity",
            "The price is for {value}, and is shown for {shown}: correct one of them.",
            value=value,
            shown=per.count,
        )
    return value or (per.count if per is not None else ONE)


def _amount(cells: Cells, column: str) -> Decimal:
    value = cells.amount(column, signed=True) or ZERO
    if not fits(value, CENT):
        cells.fault(column, "{value} is no amount: it has more than 2 decimals, or is too large.", value=value)
    return value


def _refuse_line_twice(rows: list[Cells], lines: tuple[FileLine, ...]) -> None:
    seen: set[str] = set()
    for cells, line in zip(rows, lines, strict=True):
        if line.line_id in seen:
            cells.fault("line", "The order has a line {line} already: number its lines anew.", line=line.line_id)
        seen.add(line.line_id)
