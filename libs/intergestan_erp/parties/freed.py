"""What an act of the ERP leaves to others, who know of mail: it returns this and calls nobody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freed:
    """What others may have now.

    It is returned, in the transaction of the act, by whatever lets a customer owe less, at once or from a day on, or
    gives goods back. Who gets it looks again at the customers in the same transaction, and rings for the products
    after it.

    :ivar customers: who may owe less than before, by id: what waits because of their credit is to be looked at again.
    :ivar products: what is free again in some depot, by id: whose orders wait for it, gets it, the oldest first.
    """

    customers: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
