"""A line can be booked only if it says how many of what, at which price (a product we know lends its own)."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find orders without lines, lines without a quantity, and lines without a price that nobody knows."""
    if not order.lines:
        yield Finding(HoldReason.BAD_DOCUMENT, variant="no_lines")
    for line in order.lines:
        if line.quantity is None or line.quantity <= 0:
            yield Finding(HoldReason.BAD_DOCUMENT, line_id=line.id, variant="no_quantity")
        if line.price is None and facts.product_of(line) is None:
            yield Finding(HoldReason.BAD_DOCUMENT, line_id=line.id, variant="no_price")
