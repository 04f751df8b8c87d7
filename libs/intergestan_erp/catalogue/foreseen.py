"""What a file would do to the products: which are new, and what of the others would change, field by field. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from intergestan_erp.catalogue.catalogue import ProductRow

FIELDS: Final = (
    *("name", "unit", "sale_price", "purchase_price", "vat_category", "vat_rate", "gtin", "family", "subfamily"),
    *("active", "service"),
)
"""What is compared of a product."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one product that would change."""

    code: str
    name: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of the products of a file. `equal`: so many stay as they are."""

    new: tuple[ProductRow, ...]
    changes: tuple[Change, ...]
    equal: int

    @property
    def changed(self) -> int:
        """How many products would change."""
        return len({each.code for each in self.changes})

    @property
    def digest(self) -> str:
        """By which it is known whether it is still the same when it is done."""
        said = repr([(row.code, *(getattr(row, name) for name in FIELDS)) for row in self.new]) + repr(self.changes)
        return hashlib.sha256(said.encode()).hexdigest()


def foresee_products(there: Mapping[str, ProductRow], said: Iterable[ProductRow]) -> Foreseen:
    """What the rows of a file would do to the products that are there, by code."""
    new, changes, equal = [], [], 0
    for row in said:
        before = there.get(row.code)
        if before is None:
            new.append(row)
            continue
        found = [
            Change(row.code, row.name, name, getattr(before, name), getattr(row, name))
            for name in FIELDS
            if getattr(before, name) != getattr(row, name)
        ]
        changes += found
        equal += not found
    return Foreseen(tuple(new), tuple(changes), equal)
