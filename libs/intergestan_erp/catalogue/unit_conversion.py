"""A line's quantity and price in our product's unit, and prices back in the buyer's: exact, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from intergestan_msg.money import Price
from intergestan_msg.order import OrderLine
from intergestan_msg.unit_factors import exact, factor

_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """A line in our unit. `price` is None when the line has none.

    :ivar price_factor: how many of our unit one unit of the line's price is.
    """

    quantity: Decimal
    price: Price | None
    price_factor: Fraction


def is_in(line: OrderLine, unit: str) -> bool:
    """Whether a line's quantity and price are in this very unit, which is the usual case."""
    price = line.price
    return (line.unit is None or line.unit == unit) and (
        price is None or price.base_unit is None or price.base_unit == unit
    )


def converted(line: OrderLine, unit: str) -> Converted | None:
    """A line with a quantity in our unit; a unit that it does not name is ours.

    :returns: None when the units have nothing to do with each other, or a figure would have to be rounded.
    """
    if line.quantity is not None and is_in(line, unit):
        return Converted(line.quantity, line.price, _ONE)
    theirs = line.unit or unit
    price_unit = (line.price.base_unit if line.price else None) or theirs
    quantity_factor = factor(theirs, unit)
    price_factor = factor(price_unit, unit)
    if line.quantity is None or quantity_factor is None or price_factor is None:
        return None
    quantity = exact(Fraction(line.quantity) * quantity_factor)
    price = rescaled(line.price, price_factor) if line.price is not None else None
    if quantity is None or (line.price is not None and price is None):
        return None
    return Converted(quantity, price, price_factor)


def rescaled(price: Price, times: Fraction) -> Price | None:
    """A price for a unit of which `times` are one of its own: for more or fewer units, else of another amount."""
    if times == 1:
        return Price(price.amount, price.base_quantity)
    base = exact(Fraction(price.base_quantity) * times)
    if base:
        return Price(price.amount, base)
    amount = exact(Fraction(price.amount) / times)
    return None if amount is None else Price(amount, price.base_quantity)


def costs_the_same(price: Price, other: Price) -> bool:
    """Whether one unit costs the same at either price."""
    if (price.amount, price.base_quantity) == (other.amount, other.base_quantity):
        return True
    return Fraction(price.amount) * Fraction(other.base_quantity) == Fraction(other.amount) * Fraction(
        price.base_quantity
    )
