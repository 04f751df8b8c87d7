"""The buyer that the document names must be the partner whose key signed it (`design.md` §9)."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.enums import HoldReason
from intergestan_erp.parties.company_numbers import compact
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.partners.customer_matches import siret_of
from intergestan_msg.order import Order


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find a SIRET or VAT number of the buyer that differs from the partner's."""
    for variant, theirs, ours in (
        ("siret", siret_of(order.buyer), facts.partner.siret),
        ("vat", order.buyer.vat_id, facts.partner.vat_id),
    ):
        if theirs and ours and compact(theirs) != compact(ours):
            yield Finding(
                HoldReason.CLAIM_MISMATCH,
                {"theirs": theirs, "ours": ours, "partner": facts.partner.name},
                variant=variant,
            )
