"""The minimum of an order: a warning, and never more than that (T23, D19). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BelowMinimum:
    """An order's goods come to `amount` without VAT, which is less than its customer's `minimum`."""

    minimum: Decimal
    amount: Decimal

    def as_detail(self) -> dict[str, str]:
        """What the order's event says of it."""
        return {"minimum": f"{self.minimum:f}", "amount": f"{self.amount:f}"}


def below(minimum: Decimal | None, goods: Decimal) -> BelowMinimum | None:
    """What is to be said of an order whose lines come to `goods`, after their allowances and before charges.

    :param minimum: the customer's; None and 0: there is none.
    """
    return BelowMinimum(minimum, goods) if minimum and goods < minimum else None
