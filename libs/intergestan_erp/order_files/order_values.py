"""From a file's order to rows of the base: what it leaves open comes from products, the totals from us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Fault
from intergestan_db.tables import PurchaseOrder, PurchaseOrderCharge, PurchaseOrderLine, Table
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder
from intergestan_msg.money import CENT, AllowanceCharge, TaxCategory, Totals, fits, line_total, totals_of

Row = dict[str, Any]
Product = Mapping[str, Any]

_HEAD = (
    *("number", "supplier_id", "issue_date", "note", "currency", "total_ht", "total_vat", "total_ttc"),
    *("delivery_name", "delivery_line1", "delivery_line2", "delivery_postcode", "delivery_city"),
    *("delivery_country", "wanted_date"),
)
_LINE = (
    *(
        "line_id",
        "position",
        "product_code",
        "name",
        "quantity",
        "unit",
        "price",
        "base_quantity",
        "allowance",
    ),
    *("total", "vat_category", "vat_rate", "note", "gtin", "supplier_code"),
)
_AMOUNTS = {"total", "total_ht", "total_vat", "total_ttc"}
_CHARGE = ("reason", "amount", "vat_category", "vat_rate")


@dataclass(slots=True)
class OrderValues:
    """The rows of one purchase order: its head, its lines, its charges."""

    head: Row
    lines: list[Row]
    charges: list[Row]

    def content(self) -> tuple[Any, ...]:
        """What makes two orders the same one: all that a file says, but not who follows it or its state."""
        return (
            [self.head.get(name) for name in _HEAD],
            [[line.get(name) for name in _LINE] for line in self.lines],
            [[charge.get(name) for name in _CHARGE] for charge in self.charges],
        )


def order_values(
    order: FileOrder, products: Mapping[str, Product], currency: str, faults: list[Fault]
) -> OrderValues | None:
    """The rows of an order without its supplier; None when a line does not stand.

    :param currency: for an order that names none.
    :param faults: where everything that is wrong is noted.
    """
    lines = [_line(line, position, products, faults) for position, line in enumerate(order.lines, start=1)]
    complete = [line for line in lines if line is not None]
    if len(complete) < len(lines):
        return None
    charges = [_charge(charge) for charge in order.charges]
    totals, vat = _totals(complete, charges)
    _compare(order, totals, faults)
    if totals.payable < 0 or totals.lines < 0:
        faults.append(
            Fault(order.row, None, "The allowances are more than the order is worth: no mail can carry that.")
        )
    head = {
        "number": order.number,
        "issue_date": order.issue_date,
        "note": order.note,
        "currency": order.currency or currency,
        "total_ht": totals.tax_exclusive,
        "total_vat": vat,
        "total_ttc": totals.payable,
        "wanted_date": order.wanted_date,
        **{name: None for name in _HEAD if name.startswith("delivery_")},
        **order.delivery,
    }
    _check_sizes(order.row, PurchaseOrder, head, faults)
    for line, row in zip(order.lines, complete, strict=True):
        _check_sizes(line.row, PurchaseOrderLine, row, faults)
    for charge_row in charges:
        _check_sizes(order.row, PurchaseOrderCharge, charge_row, faults)
    return OrderValues(head, complete, charges)


def _line(line: FileLine, position: int, products: Mapping[str, Product], faults: list[Fault]) -> Row | None:
    product = next((products[code] for code in line.products if code in products), None)
    if product is None:
        faults.append(
            Fault(
                line.row,
                "product" if line.row else f"cac:OrderLine {line.line_id}",
                "The product {code} is not in the base: correct the code, or enter it with "
                "`intergestan catalog import`.",
                code=" / ".join(line.products),
            )
        )
        return None
    price = product["purchase_price"] if line.price is None else line.price
    if price is None:
        faults.append(
            Fault(
                line.row,
                "price" if line.row else f"cac:OrderLine {line.line_id}",
                "The product {code} has no purchase price: give the line a price, or the product.",
                code=product["code"],
            )
        )
        return None
    allowance = AllowanceCharge(is_charge=True, amount=line.allowance)
    return {
        "line_id": line.line_id,
        "position": position,
        "product_code": product["code"],
        "name": line.name or product["name"],
        "quantity": line.quantity,
        "unit": line.unit or product["unit"],
        "price": price,
        "base_quantity": line.base_quantity,
        "allowance": line.allowance,
        "total": line_total(line.quantity, price, line.base_quantity, [allowance]),
        "vat_category": line.vat_category or product["vat_category"],
        "vat_rate": product["vat_rate"] if line.vat_rate is None else line.vat_rate,
        "note": line.note,
        "gtin": line.gtin or product["gtin"],
        "supplier_code": line.supplier_code if line.supplier_code != product["code"] else None,
    }


def _charge(charge: FileCharge) -> Row:
    return {name: getattr(charge, name) for name in _CHARGE}


def _totals(lines: list[Row], charges: list[Row]) -> tuple[Totals, Decimal]:
    """The totals and the whole VAT, as the message will state them."""
    of_lines = [(line["total"], TaxCategory(line["vat_category"], line["vat_rate"])) for line in lines]
    of_charges = [
        AllowanceCharge(
            is_charge=charge["amount"] >= 0,
            amount=abs(charge["amount"]),
            tax=TaxCategory(charge["vat_category"] or "S", charge["vat_rate"])
            if charge["vat_rate"] is not None
            else None,
        )
        for charge in charges
    ]
    sums = totals_of(of_lines, of_charges)
    return sums.totals, sums.tax_amount


def _compare(order: FileOrder, totals: Totals, faults: list[Fault]) -> None:
    """Refuse stated totals that differ by more than other software's roundings, one cent for each line."""
    slack = CENT * len(order.lines)
    for name, stated, ours in (
        ("Total HT", order.total_ht, totals.tax_exclusive),
        ("Total TTC", order.total_ttc, totals.payable),
    ):
        if stated is not None and ours is not None and abs(stated - ours) > slack:
            faults.append(
                Fault(
                    order.row,
                    name,
                    "The file says {stated}, the lines add up to {ours}: check prices, quantities and VAT rates.",
                    stated=stated,
                    ours=ours,
                )
            )


def _check_sizes(row: int | None, table: type[Table], values: Row, faults: list[Fault]) -> None:
    for name, limit in too_long(table, values):
        faults.append(Fault(row, name, "The text is too long: at most {limit} characters fit.", limit=limit))
    faults.extend(
        Fault(row, name, "{value} is too large an amount.", value=values[name])
        for name in sorted(_AMOUNTS & values.keys())
        if not fits(values[name], CENT)
    )
