"""The price of a line must be ours, within the tolerance agreed with the partner (G26)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from intergestan_db.enums import HoldReason
from intergestan_erp.catalogue.unit_conversion import converted, is_in
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts, ProductFacts
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_msg.money import MILLIONTH, plain
from intergestan_msg.order import Order, OrderLine


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines whose unit price lies farther from ours than the tolerance."""
    for line in order.lines:
        product = facts.product_of(line)
        theirs = None if product is None else unit_price(line, product)
        if product is None or theirs is None:
            continue
        if abs(theirs - product.price) > tolerance(facts.partner, product):
            values = {
                "theirs": plain(theirs.quantize(MILLIONTH)),
                "ours": plain(product.price),
                "currency": order.currency,
            }
            yield Finding(HoldReason.PRICE_DIFFERENCE, {"code": product.code, **values}, line.id)


def unit_price(line: OrderLine, product: ProductFacts) -> Decimal | None:
    """What the line pays for one of our units; None without a price, or when the units do not meet (rule `unit`)."""
    ours = line if is_in(line, product.unit) else converted(line, product.unit)
    if ours is None or ours.price is None:
        return None
    return ours.price.amount / ours.price.base_quantity


def tolerance(partner: PartnerFacts, product: ProductFacts) -> Decimal:
    """How far a unit price may lie from ours: the wider of the absolute and the percentage tolerance."""
    return max(partner.price_tolerance, product.price * partner.price_tolerance_percent / 100)
