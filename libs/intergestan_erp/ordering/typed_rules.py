"""What a person may not enter, whatever the database knows: figures, codes, currencies. Pure.

Files are looked at so while they are read (`inputs/cells.py`); what comes from a form or a command is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from intergestan_db.problem import Fault
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.inputs.identifiers import check_gtin
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_erp.ordering.typed_order import TypedCharge, TypedLine, TypedOrder
from intergestan_msg.money import CENT, MILLIONTH, fits

_MOST_RATE = 100


def wrong(typed: TypedOrder) -> Iterator[Fault]:
    """What is wrong with an order by itself. Lines are rows, the head is none."""
    if not typed.supplier.strip():
        yield Fault(None, "supplier", "The order names no supplier.")
    if not typed.lines:
        yield Fault(None, "product", "The order has no lines.")
    if typed.currency is not None and currency_code(typed.currency) is None:
        yield Fault(
            None,
            "currency",
            "«{value}» does not name one currency: write its ISO code, like EUR.",
            value=shown(typed.currency),
        )
    country = None if typed.delivery is None else typed.delivery.country
    if country is not None and country.strip() and country_code(country) is None:
        yield Fault(
            None,
            "delivery_country",
            "«{value}» is no country: write its ISO code, like FR, or its name in French or English.",
            value=shown(country),
        )
    for place, line in enumerate(typed.lines, start=1):
        yield from _of_line(place, line)
    for charge in typed.charges:
        yield from _of_charge(charge)


def _of_line(row: int, line: TypedLine) -> Iterator[Fault]:
    if not line.product.strip():
        yield Fault(row, "product", "The line names no product.")
    if not fits(line.quantity, MILLIONTH):
        yield _no_figure(row, "quantity", line.quantity)
    if line.price is not None and not (fits(line.price, MILLIONTH) and line.price >= 0):
        yield _no_figure(row, "price", line.price)
    if not (fits(line.base_quantity, MILLIONTH) and line.base_quantity > 0):
        yield Fault(row, "base_quantity", "A price is for more than nothing: write 1, or leave it out.")
    if not fits(line.allowance, CENT):
        yield _no_amount(row, "allowance", line.allowance)
    if line.unit is not None and unit_code(line.unit) is None:
        yield Fault(
            row,
            "unit",
            "«{value}» is no unit: write a code of UN/ECE Recommendation 20 such as C62 or KGM, or a word such as "
            "pièce or kg.",
            value=shown(line.unit),
        )
    yield from _of_rate(row, line.vat_rate)
    if line.gtin is not None and line.gtin.strip():
        try:
            check_gtin(line.gtin.strip())
        except Unreadable as bad:
            yield Fault.at(row, "gtin", bad)


def _of_charge(charge: TypedCharge) -> Iterator[Fault]:
    if not fits(charge.amount, CENT):
        yield _no_amount(None, "charge", charge.amount)
    yield from _of_rate(None, charge.vat_rate)


def _of_rate(row: int | None, rate: Decimal | None) -> Iterator[Fault]:
    if rate is not None and not (fits(rate, MILLIONTH) and 0 <= rate <= _MOST_RATE):
        yield Fault(row, "vat_rate", "{value} is no rate: it is between 0 and 100.", value=f"{rate:f}")


def _no_figure(row: int, column: str, value: Decimal) -> Fault:
    return Fault(
        row, column, "{value} is too large, negative, or has more than 6 decimals: correct it.", value=f"{value:f}"
    )


def _no_amount(row: int | None, column: str, value: Decimal) -> Fault:
    return Fault(row, column, "{value} is no amount: it has more than 2 decimals, or is too large.", value=f"{value:f}")
