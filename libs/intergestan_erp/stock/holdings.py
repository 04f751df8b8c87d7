"""What a line of a sales order holds in depots, and what of it goes when goods leave or the line shrinks. Pure (I4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from intergestan_db.enums import ReservationKind, Route
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class SetAside:
    """An active reservation. :ivar depot_id: where the goods lie or come in; not always the depot of its allocation.

    :ivar slip_line_id: the line of the picking slip on which it stands, if it does.
    :ivar is_ready: that slip is, so that it counts as left.
    """

    id: int
    depot_id: int
    product_id: int
    kind: ReservationKind
    quantity: Decimal
    slip_line_id: int | None = None
    is_ready: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it lies there and stands on no picking slip."""
        return self.kind is ReservationKind.STOCK and self.slip_line_id is None


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

    def on_slips(self) -> Holding:
        """The same with nothing to leave but what stands on picking slips."""
        kept = tuple(each for each in self.set_aside if each.slip_line_id is not None)
        less = self.open - sum((each.quantity for each in kept), ZERO)
        return replace(self, quantity=self.quantity - less, remainder=ZERO, set_aside=kept)


def still_held(holdings: Iterable[Holding]) -> Decimal:
    """What is still to leave of a line's allocations, with what is ready to."""
    return sum((each.open for each in holdings), ZERO)


def may_go(holdings: Sequence[Holding]) -> Decimal:
    """What of that may be given up: all but what stands on picking slips that are ready."""
    ready = (each.quantity for held in holdings for each in held.set_aside if each.is_ready)
    return still_held(holdings) - sum(ready, ZERO)


def shrunk(holdings: Sequence[Holding], excess: Decimal) -> list[Holding]:
    """The same allocations with so much less to leave: given up is first what is not there, then what is on its way,
    then what lies there, last what stands on picking slips; and of what was allocated last first. An allocation of
    which nothing is left has quantity 0.

    :raises ValueError: so much is not held.
    """
    if excess > may_go(holdings):
        raise ValueError("More would be given up than is held.")
    left = list(holdings)
    for place in reversed(range(len(left))):
        taken = min(excess, left[place].remainder)
        left[place] = replace(
            left[place], quantity=left[place].quantity - taken, remainder=left[place].remainder - taken
        )
        excess -= taken
    for goes in (_is_inbound, _is_free, _is_on_slip):
        for place in reversed(range(len(left))):
            left[place], excess = _give_up(left[place], goes, excess)
    return left


def _is_inbound(each: SetAside) -> bool:
    return each.kind is ReservationKind.INBOUND


def _is_free(each: SetAside) -> bool:
    return each.is_free


def _is_on_slip(each: SetAside) -> bool:
    return each.slip_line_id is not None and not each.is_ready


def _give_up(holding: Holding, goes: Callable[[SetAside], bool], excess: Decimal) -> tuple[Holding, Decimal]:
    kept, before = [], excess
    for each in reversed(holding.set_aside):
        taken = min(excess, each.quantity) if goes(each) else ZERO
        excess -= taken
        kept.append(replace(each, quantity=each.quantity - taken))
    set_aside = tuple(each for each in reversed(kept) if each.quantity)
    return replace(holding, quantity=holding.quantity - (before - excess), set_aside=set_aside), excess


def taken_off_slips(holdings: Sequence[Holding], missing: Mapping[int, Decimal]) -> list[Holding]:
    """The same allocations without what was not found of lines of picking slips.

    :param missing: by line of a slip; all of it is set aside for that.
    """
    found = list(holdings)
    for slip_line_id, quantity in missing.items():
        rest = quantity
        for place in reversed(range(len(found))):
            found[place], rest = _give_up(found[place], partial(_is_of, slip_line_id), rest)
    return found


def _is_of(slip_line_id: int, each: SetAside) -> bool:
    return each.slip_line_id == slip_line_id


def gathered(
    holdings: Sequence[Holding], depot_id: int, quantity: Decimal, most: Decimal
) -> tuple[list[Holding], Decimal]:
    """The same allocations when so much is to leave a depot now; and how much of that is not set aside there.

    What lies free there for them is kept, the rest gives way: all together no more is held than may leave.

    :param most: how much may still leave, with what is on slips.
    """
    marked = []
    for held in holdings:
        parts: list[SetAside] = []
        for each in held.set_aside:
            taken = min(quantity, each.quantity) if each.is_free and each.depot_id == depot_id else ZERO
            quantity -= taken
            parts += [replace(each, quantity=taken, slip_line_id=_NOW)] if taken else []
            parts += [replace(each, quantity=each.quantity - taken)] if each.quantity > taken else []
        marked.append(replace(held, set_aside=tuple(parts)))
    excess = max(ZERO, still_held(marked) + quantity - most)
    return [_whole_again(held) for held in shrunk(marked, excess)], quantity


_NOW: Final = -1
"""Marks what is about to stand on a slip."""


def _whole_again(held: Holding) -> Holding:
    found: dict[int, SetAside] = {}
    for each in held.set_aside:
        whole = replace(each, slip_line_id=None) if each.slip_line_id == _NOW else each
        before = found.get(each.id)
        found[each.id] = whole if before is None else replace(whole, quantity=before.quantity + each.quantity)
    return replace(held, set_aside=tuple(found.values()))
