"""What a line of a sales order holds in depots, and what of it is given up when the line shrinks. Pure (I4)."""

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
