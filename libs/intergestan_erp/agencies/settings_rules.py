"""What follows from the settings of establishments and depots (A14 to A16, A47, A48). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """An establishment as one side of a pair. `own_folder`: of its own accounting folder, None where it has none."""

    establishment: int
    own_folder: int | None


def is_billable(one: Side, other: Side) -> bool:
    """Whether goods between these establishments are invoiced: one of them at least has a folder of its own (D37).

    It counts that the folder is filled, even with the dossier's (A48). What stays in one establishment is not invoiced.
    """
    if one.establishment == other.establishment:
        return False
    return one.own_folder is not None or other.own_folder is not None


def missing_sides(customer: int | None, supplier: int | None) -> Sequence[str]:
    """The third parties that a depot lacks to take part in orders between agencies (A16)."""
    sides = {"customer": customer, "supplier": supplier}
    return [name for name, party in sides.items() if party is None]
