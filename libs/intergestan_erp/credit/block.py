"""Whether a document may pass, given what its customer owes and may owe (T20, D26). Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from intergestan_db.enums import Stage
from intergestan_erp.credit.customers import CustomerCredit, Limit
from intergestan_erp.site.credit_rules import CreditRules
from intergestan_msg.money import ZERO

_RANK: Final = {stage: rank for rank, stage in enumerate(Stage)}


def is_checked(rules: CreditRules, stage: Stage) -> bool:
    """Whether documents of this stage are looked at."""
    if stage is Stage.INVOICE and rules.always_invoice:
        return False
    return rules.block_from is not None and _RANK[stage] >= _RANK[rules.block_from]


def is_blocked(rules: CreditRules, stage: Stage, exposure: Decimal, maximum: Decimal | None, delta: Decimal) -> bool:
    """Whether a document is refused.

    What adds to a debt is refused once the maximum is reached, or if it would be exceeded; what adds nothing, such as
    the delivery note of an order that counts already, only once the maximum is exceeded.

    :param delta: what the document adds to what the customer owes; what takes away is never refused.
    """
    if maximum is None or delta < 0 or not is_checked(rules, stage):
        return False
    if delta > 0:
        return exposure >= maximum or exposure + delta > maximum
    return exposure > maximum


def passed_limit(
    rules: CreditRules,
    stage: Stage,
    customer: CustomerCredit,
    delta: Decimal,
    *,
    establishment_id: int | None = None,
    added: Decimal = ZERO,
) -> Limit | None:
    """The ceiling that a document would pass: of what its customer owes in all, or to its establishment (A06).

    :param establishment_id: None for the one whose orders come by mail.
    :param added: what documents that were decided before add to what was read; they are of the same establishment.
    """
    for limit in customer.limits(establishment_id):
        if is_blocked(rules, stage, limit.exposure + added, limit.maximum, delta):
            return limit
    return None
