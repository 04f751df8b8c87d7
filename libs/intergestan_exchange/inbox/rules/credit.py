"""What an order adds to its customer's debt must fit under their maximum (T20, D26).

It is asked last, of what would be booked: another finding may change the amount, and an order that a clerk looks at in
review adds nothing before that person accepts it.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from intergestan_db.enums import HoldReason, Stage
from intergestan_erp.credit.block import passed_limit
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.decisions import Debt, Held
from intergestan_exchange.inbox.facts import CreditFacts
from intergestan_msg.money import ZERO

WAIVER = f"{HoldReason.CREDIT}:"
"""Begins the word of a waiver; behind it stands the amount that a person let pass."""
AMOUNTS = "amounts"
"""The variant of which the buyer reads figures."""


def waiver(delta: Decimal) -> str:
    """The word by which a person let so much pass: of more they know nothing."""
    return f"{WAIVER}{delta:.2f}"


def check(
    facts: CreditFacts | None, customer_id: int, delta: Decimal, total_ttc: Decimal, waived: Collection[str]
) -> Held | None:
    """Why an order waits for room, or None.

    :param delta: what it adds to what its customer owes; `total_ttc`: what it comes to as a whole.
    :param waived: what a person waived for this document.
    """
    if facts is None or delta <= 0:
        return None
    customer = facts.customers[customer_id]
    added = facts.added.get(customer_id, ZERO)
    limit = passed_limit(facts.rules, Stage.ORDER, customer, delta, added=added)
    if limit is None or _is_waived(waived, delta):
        return None
    exposure = limit.exposure + added
    values = {
        "customer": customer.name,
        "exposure": f"{exposure:.2f}",
        "order": f"{delta:.2f}",
        "sum": f"{exposure + delta:.2f}",
        "maximum": f"{limit.maximum:.2f}",
        "insured": f"{limit.insured:.2f}",
        "total": f"{total_ttc:.2f}",
    }
    finding = Finding(HoldReason.CREDIT, values, variant=AMOUNTS if facts.rules.tells_amounts else None)
    return Held((finding,), Debt(customer_id, delta, customer.version))


def _is_waived(waived: Collection[str], delta: Decimal) -> bool:
    return any(word.startswith(WAIVER) and Decimal(word.removeprefix(WAIVER)) >= delta for word in waived)
