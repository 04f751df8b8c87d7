"""Every line must name a product of ours (G05, G26): by our code, the common code, or GTIN."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.partners.product_matches import their_code
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines whose product we do not know."""
    for line in order.lines:
        if facts.product_of(line) is None:
            code = line.item.sellers_id or line.item.buyers_id or "–"
            values = {"code": code, "name": line.item.name, "key": their_code(line)}
            yield Finding(HoldReason.UNKNOWN_PRODUCT, values, line.id)
