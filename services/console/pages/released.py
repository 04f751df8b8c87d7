"""What a page says of orders that waited for room and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_runtime.said import Said
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.credit_holds.look_again import Released


def told_released(visit: Visit, said: Said, released: Released) -> Said:
    """The sentence about an act, and behind it which orders it let go on, each with its amount."""
    if not released.holds:
        return said
    pairs = zip(released.holds, released.amounts, strict=True)
    refs = ", ".join(f"{ref} ({visit.amount(amount)})" for ref, amount in pairs)
    return Said("{first} Released: {refs}.", first=said, refs=refs)
