"""Every line must name a product of ours (G05, G26): by our code, the common code, or GTIN."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_msg.order import Order
from intergestan_site.decisions import Finding
from intergestan_site.facts import Facts
from intergestan_site.words import HoldReason


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines whose product we do not know."""
    for line in order.lines:
        if facts.product_of(line) is None:
            code = line.item.sellers_id or line.item.buyers_id or "–"
            yield Finding(HoldReason.UNKNOWN_PRODUCT, {"code": code, "name": line.item.name}, line.id)
