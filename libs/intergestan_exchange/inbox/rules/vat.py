"""The VAT rate of a line must be our product's (G26)."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.money import plain
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines whose VAT rate, where they state one, is not ours."""
    for line in order.lines:
        product = facts.product_of(line)
        tax = line.item.tax
        if product is None or tax is None or tax.percent is None or tax.percent == product.vat_rate:
            continue
        values = {"theirs": plain(tax.percent), "ours": plain(product.vat_rate)}
        yield Finding(HoldReason.VAT_DIFFERENCE, {"code": product.code, **values}, line.id)
