"""What becomes of an order of which not all is there: the most particular word counts (A38, A39). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from intergestan_db.enums import Incomplete


class Level(StrEnum):
    """Who may say it, the most general first."""

    DOSSIER = "dossier"
    CUSTOMER = "customer"
    ADDRESS = "address"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts. :ivar said_by: where it is said."""

    incomplete: Incomplete
    said_by: Level

    @property
    def waits(self) -> bool:
        """Whether nothing is prepared before all of the order is there."""
        return self.incomplete is Incomplete.WAIT


def what_counts(dossier: str, customer: str | None, address: str | None, order: str | None) -> Counting:
    """What counts for an order, of what is said on each level; None inherits."""
    said = zip(Level, (dossier, customer, address, order), strict=True)
    level, word = [(level, word) for level, word in said if word is not None][-1]
    return Counting(Incomplete(word), level)
