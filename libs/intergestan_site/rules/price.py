"""The price of a line must be ours, within the tolerance agreed with the partner (G26)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from intergestan_msg.order import Order, OrderLine
from intergestan_site.decisions import Finding
from intergestan_site.facts import Facts, PartnerFacts, ProductFacts
from intergestan_site.words import HoldReason


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines whose unit price lies farther from ours than the tolerance."""
    for line in order.lines:
        product = facts.product_of(line)
        if product is None or line.price is None:
            continue
        theirs = unit_price(line)
        if abs(theirs - product.price) > tolerance(facts.partner, product):
            values = {"theirs": plain(theirs), "ours": plain(product.price), "currency": order.currency}
            yield Finding(HoldReason.PRICE_DIFFERENCE, {"code": product.code, **values}, line.id)


def unit_price(line: OrderLine) -> Decimal:
    """The price of one unit; the line must have a price."""
    assert line.price is not None
    return line.price.amount / line.price.base_quantity


def tolerance(partner: PartnerFacts, product: ProductFacts) -> Decimal:
    """How far a unit price may lie from ours: the wider of the absolute and the percentage tolerance."""
    return max(partner.price_tolerance, product.price * partner.price_tolerance_percent / 100)


def plain(figure: Decimal) -> str:
    """A figure without trailing zeros, such as 12.5 and not 12.500000 or 1E+1."""
    return f"{figure.normalize():f}"
