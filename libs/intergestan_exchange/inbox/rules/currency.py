"""We book in one currency: the site's own."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find a document currency that is not the site's."""
    if order.currency != facts.currency:
        yield Finding(HoldReason.CURRENCY, {"theirs": order.currency, "ours": facts.currency})
