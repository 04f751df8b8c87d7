"""What picking slips take of an order now, and what of it waits, for what (A34, A38, D47). Pure.

The shipping depot of an allocation is its own where that delivers to the customer, else the order's, once the goods lie
there. Services go with the goods of the order's depot, or alone once no goods wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.enums import ReservationKind, Route
from intergestan_erp.stock.holdings import Holding, SetAside
from intergestan_erp.stock.order_lines import HeldLine
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class Part:
    """A future line of a slip. :ivar reservations: what is set aside for it, by id, and how much of each it takes."""

    depot_id: int
    line_id: int
    allocation_id: int | None
    quantity: Decimal
    reservations: tuple[tuple[SetAside, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """So much of a line is not where it is to leave.

    :ivar set_aside: what is on its way, or lies in another depot; None: nothing is set aside.
    """

    line_id: int
    line: str
    product: str
    quantity: Decimal
    set_aside: SetAside | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What of an order can be prepared now, and what waits."""

    parts: tuple[Part, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What of products lies free in the order's depot, where that sets nothing aside; None: all that is wanted."""

    available: Mapping[int, Decimal | None]


def offer(lines: Sequence[HeldLine], depot_id: int, on_slips: Mapping[int, Decimal], shelf: Shelf | None) -> Offer:
    """What an order offers.

    :param depot_id: the order's own depot.
    :param on_slips: how much of a line stands on slips that did not become delivery notes, by its id.
    :param shelf: of the order's depot; None: goods are set aside there.
    """
    parts: list[Part] = []
    waiting: list[Waiting] = []
    left = {} if shelf is None else dict(shelf.available)
    for line in lines:
        if line.is_goods:
            for held in line.holdings:
                parts += _here(line, held, depot_id)
                waiting += _elsewhere(line, held, depot_id)
            rest = line.remainder - unreserved(line, on_slips)
            found = _from_shelf(line, left, rest) if shelf is not None else ZERO
            parts += [Part(depot_id, line.id, None, found)] if found else []
            waiting += [Waiting(line.id, line.line_id, line.product, rest - found)] if rest > found else []
    if not waiting or any(part.depot_id == depot_id for part in parts):
        parts += _services(lines, depot_id, on_slips)
    return Offer(tuple(parts), tuple(waiting))


def _here(line: HeldLine, held: Holding, depot_id: int) -> list[Part]:
    taken = tuple(
        (each, each.quantity) for each in held.set_aside if each.is_free and _ships(line, held, each, depot_id)
    )
    if not taken:
        return []
    ships_from = taken[0][0].depot_id
    return [Part(ships_from, line.id, held.id, sum((quantity for _each, quantity in taken), ZERO), taken)]


def _elsewhere(line: HeldLine, held: Holding, depot_id: int) -> list[Waiting]:
    return [
        Waiting(line.id, line.line_id, line.product, each.quantity, each)
        for each in held.set_aside
        if not _ships(line, held, each, depot_id)
    ]


def _ships(line: HeldLine, held: Holding, each: SetAside, depot_id: int) -> bool:
    """Whether it lies where it is to leave."""
    place = held.depot_id if held.route is Route.DIRECT else depot_id
    return (each.kind, each.depot_id, each.product_id) == (ReservationKind.STOCK, place, line.product_id)


def unreserved(line: HeldLine, on_slips: Mapping[int, Decimal]) -> Decimal:
    """What of a line stands on slips without being set aside."""
    reserved = (each.quantity for held in line.holdings for each in held.set_aside if each.slip_line_id is not None)
    return max(ZERO, on_slips.get(line.id, ZERO) - sum(reserved, ZERO))


def _from_shelf(line: HeldLine, left: dict[int, Decimal | None], rest: Decimal) -> Decimal:
    there = left.get(line.product_id, ZERO)
    if there is None:
        return max(ZERO, rest)
    found = max(ZERO, min(rest, there))
    left[line.product_id] = there - found
    return found


def _services(lines: Sequence[HeldLine], depot_id: int, on_slips: Mapping[int, Decimal]) -> list[Part]:
    found = []
    for line in lines:
        rest = line.quantity - line.delivered - on_slips.get(line.id, ZERO)
        if not line.is_goods and rest > 0:
            own = next((held.id for held in line.holdings if held.depot_id == depot_id), None)
            found.append(Part(depot_id, line.id, own, rest))
    return found
