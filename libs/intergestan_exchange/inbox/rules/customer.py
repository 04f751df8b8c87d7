"""An order is of one customer of ours; where several fit, a person says which one."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.partners.customer_matches import identity_of
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find an order that may be of several of our customers."""
    fit = facts.customers_of(order)
    identity = identity_of(order) if len(fit) > 1 else None
    if identity is not None:
        values = {"customers": ", ".join(customer.code for customer in fit), "id": identity.text}
        yield Finding(HoldReason.TWO_CUSTOMERS, values)
