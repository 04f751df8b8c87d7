"""On which days a customer will owe less by itself, as things stand (T21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from intergestan_erp.credit.exposure import next_changes, read_exposure

MOST: Final = 12
"""Nobody looks further ahead."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A day, what is owed from it on, and by how much less that is."""

    day: date
    total: Decimal
    less: Decimal


def read_falls(
    connection: Connection, customer_id: int, day: date, total: Decimal, *, by_payment_due: bool
) -> list[Fall]:
    """The next days on which what a customer owes falls by itself.

    :param total: what they owe on `day`.
    """
    found: list[Fall] = []
    for _ in range(MOST):
        days = next_changes(connection, [customer_id], day, by_payment_due=by_payment_due)
        if customer_id not in days:
            break
        day = days[customer_id]
        then = read_exposure(connection, customer_id, day, by_payment_due=by_payment_due).total
        found.append(Fall(day, then, total - then))
        total = then
    return found
