"""The buyer that the document names must be the partner whose key signed it (`design.md` §9)."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_msg.order import Order, Party
from intergestan_site.decisions import Finding
from intergestan_site.facts import Facts
from intergestan_site.words import HoldReason

SIRET = "0009"


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find a SIRET or VAT number of the buyer that differs from the partner's."""
    for variant, theirs, ours in (
        ("siret", _siret(order.buyer), facts.partner.siret),
        ("vat", order.buyer.vat_id, facts.partner.vat_id),
    ):
        if theirs and ours and _compact(theirs) != _compact(ours):
            yield Finding(
                HoldReason.CLAIM_MISMATCH,
                {"theirs": theirs, "ours": ours, "partner": facts.partner.name},
                variant=variant,
            )


def _siret(party: Party) -> str | None:
    named = (party.legal_id, party.endpoint, *party.identifiers)
    return next((each.value for each in named if each is not None and each.scheme == SIRET), None)


def _compact(identifier: str) -> str:
    return "".join(identifier.split()).upper()
