"""The unit of a line must be one in which our product's can be said exactly (UN/ECE Rec 20)."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_erp.catalogue.unit_conversion import converted, is_in
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts, ProductFacts
from intergestan_exchange.partners.product_matches import their_code
from intergestan_msg.money import plain
from intergestan_msg.order import Order, OrderLine

CONVERTED = "converted"
"""The variant of a finding that is only told: the line is booked in our unit, with other figures."""


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines that cannot be said in our unit, and tell of those that are booked in another than theirs."""
    for line in order.lines:
        product = facts.product_of(line)
        if product is not None and line.quantity is not None and not is_in(line, product.unit):
            yield from _look(line, product)


def _look(line: OrderLine, product: ProductFacts) -> Iterator[Finding]:
    assert line.quantity is not None
    ours = converted(line, product.unit)
    price_unit = line.price.base_unit if line.price else None
    theirs = " / ".join(dict.fromkeys(unit for unit in (line.unit, price_unit) if unit))
    values = {"code": product.code, "quantity": plain(line.quantity), "theirs": theirs, "ours": product.unit}
    if ours is None:
        yield Finding(HoldReason.UNIT_MISMATCH, {**values, "key": their_code(line)}, line.id)
    elif ours.quantity != line.quantity:
        booked = {
            "code": product.code,
            "quantity": plain(line.quantity),
            "theirs": line.unit or "",
            "ours": product.unit,
        }
        yield Finding(HoldReason.UNIT_MISMATCH, {**booked, "booked": plain(ours.quantity)}, line.id, "converted")
