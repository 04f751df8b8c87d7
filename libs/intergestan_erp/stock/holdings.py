"""What a line of a sales order holds in depots, and what of it goes when goods leave or the line shrinks. Pure (I4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from intergestan_db.enums import ReservationKind, Route
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class SetAside:
    """An active reservation. :ivar depot_id: where the goods lie or come in; not always the depot of its allocation."""

    id: int
    depot_id: int
    product_id: int
    kind: ReservationKind
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Holding:
    """An allocation with its active reservations. :ivar quantity: with what has left already."""

    id: int
    depot_id: int
    route: Route
    quantity: Decimal
    remainder: Decimal = ZERO
    set_aside: tuple[SetAside, ...] = ()

    @property
    def open(self) -> Decimal:
        """What of it is still to leave."""
        return self.remainder + sum((each.quantity for each in self.set_aside), ZERO)

    def without_remainder(self) -> Holding:
        """The same with what is set aside alone."""
        return replace(self, quantity=self.quantity - self.remainder, remainder=ZERO)


@dataclass(frozen=True, slots=True)
class Taken:
    """So much of a reservation leaves with the goods. :ivar left: what of it is set aside still."""

    reservation_id: int
    quantity: Decimal
    left: Decimal


def still_held(holdings: Iterable[Holding]) -> Decimal:
    """What is still to leave of a line's allocations."""
    return sum((each.open for each in holdings), ZERO)


def shrunk(holdings: Sequence[Holding], excess: Decimal) -> list[Holding]:
    """The same allocations with so much less to leave: given up is first what is not there, then what is on its way,
    then what lies there; and of what was allocated last first. An allocation of which nothing is left has quantity 0.

    :raises ValueError: so much is not held.
    """
    if excess > still_held(holdings):
        raise ValueError("More would be given up than is held.")
    left = list(holdings)
    for place in reversed(range(len(left))):
        taken = min(excess, left[place].remainder)
        left[place] = replace(
            left[place], quantity=left[place].quantity - taken, remainder=left[place].remainder - taken
        )
        excess -= taken
    for kind in (ReservationKind.INBOUND, ReservationKind.STOCK):
        for place in reversed(range(len(left))):
            left[place], excess = _give_up(left[place], kind, excess)
    return left


def _give_up(holding: Holding, kind: ReservationKind, excess: Decimal) -> tuple[Holding, Decimal]:
    kept, before = [], excess
    for each in reversed(holding.set_aside):
        taken = min(excess, each.quantity) if each.kind is kind else ZERO
        excess -= taken
        kept.append(replace(each, quantity=each.quantity - taken))
    set_aside = tuple(each for each in reversed(kept) if each.quantity)
    return replace(holding, quantity=holding.quantity - (before - excess), set_aside=set_aside), excess


def consumed(
    holdings: Sequence[Holding], depot_id: int, product_id: int, quantity: Decimal
) -> tuple[list[Holding], list[Taken]]:
    """The same allocations once so much left a depot, as far as it lies there for them; and what leaves with it.

    What was allocated first leaves first. The allocations count what has left, so that none of them gets smaller.
    """
    kept, taken = [], []
    for held in holdings:
        set_aside = []
        for each in held.set_aside:
            is_there = (each.kind, each.depot_id, each.product_id) == (ReservationKind.STOCK, depot_id, product_id)
            leaving = min(quantity, each.quantity) if is_there else ZERO
            left = each.quantity - leaving
            quantity -= leaving
            taken += [Taken(each.id, leaving, left)] if leaving else []
            set_aside += [replace(each, quantity=left)] if left else []
        kept.append(replace(held, set_aside=tuple(set_aside)))
    return kept, taken
