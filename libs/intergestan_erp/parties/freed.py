"""What an act of the ERP leaves to others, who know of mail: it returns this and calls nobody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freed:
    """Customers who may owe less than before, by id: what waits because of their credit is to be looked at again.

    It is returned, in the transaction of the act, by whatever lets a customer owe less, at once or from a day on. Who
    gets it looks again in the same transaction.
    """

    customers: tuple[int, ...] = ()
