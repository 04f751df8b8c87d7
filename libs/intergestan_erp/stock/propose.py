"""Which depots the goods of a line come from, and by which way. Pure (A05, A32, A33, D45, D46)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from intergestan_db.enums import Route
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_msg.money import ZERO

UNRANKED: Final = 999
"""The rank of a depot that nobody ranked for an establishment: after all that were."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product in a depot that may give it.

    :ivar available: what lies there and is not reserved; below 0 where more was promised than there is.
    :ivar folder_id: the accounting folder of the depot's company.
    :ivar rank: how early it is asked, from the point of view of the order's establishment.
    """

    depot_id: int
    code: str
    folder_id: int
    available: Decimal
    rank: int = UNRANKED

    @property
    def order(self) -> tuple[int, str]:
        """By what depots are asked in turn: the best rank first."""
        return self.rank, self.code


@dataclass(frozen=True, slots=True)
class Invoicer:
    """The establishment that invoices for all of them, by the number that people know it by, and its company."""

    number: int
    folder_id: int


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a line comes from a depot."""

    depot_id: int
    route: Route
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a line comes from. :ivar remainder: what no depot has; it is allocated to the own one, unreserved."""

    shares: tuple[Share, ...]
    remainder: Decimal = ZERO


def propose(need: Decimal, own: Shelf, others: Iterable[Shelf], invoicer: Invoicer | None = None) -> Proposal:
    """From which depots so much of a product comes.

    First from the order's own depot, as far as it goes. Then from the fewest further ones that cover the rest; of
    several such groups from the one with the best ranks, then with the first codes. If all together do not cover it,
    from all of them, and the rest is a remainder (D45).
    """
    shares = []
    taken = min(need, max(ZERO, own.available))
    if taken:
        shares.append(Share(own.depot_id, Route.DIRECT, taken))
        need -= taken
    if need:
        for shelf in _chosen(need, [each for each in others if each.available > 0]):
            taken = min(need, shelf.available)
            shares.append(Share(shelf.depot_id, usual_route(shelf, own, invoicer), taken))
            need -= taken
    return Proposal(tuple(shares), need)


def usual_route(shelf: Shelf, own: Shelf, invoicer: Invoicer | None) -> Route:
    """How goods of a depot reach the customer unless somebody chooses: straight, if whoever invoices may sell them."""
    return Route.INDIRECT if must_be_bought(shelf, own, invoicer) else Route.DIRECT


def check_route(shelf: Shelf, own: Shelf, route: Route, invoicer: Invoicer | None) -> None:
    """Refuse that a depot of another company delivers to the customer of the one that invoices (D46).

    :raises Problem: it does; or goods of the order's own depot are to come to it first.
    """
    if route is Route.INDIRECT and shelf.depot_id == own.depot_id:
        raise Problem(
            "{depot} is the depot of the order itself: from there goods go to the customer directly. Nothing was "
            "reserved.",
            ProblemCode.NO_ROUTE,
            (Act.ROUTE_DIRECT,),
            depot=shelf.code,
        )
    if route is Route.DIRECT and must_be_bought(shelf, own, invoicer):
        assert invoicer is not None
        raise Problem(
            "{depot} belongs to another company, and establishment {who} invoices: choose indirect.",
            ProblemCode.NO_ROUTE,
            (Act.ROUTE_INDIRECT,),
            depot=shelf.code,
            who=invoicer.number,
        )


def must_be_bought(shelf: Shelf, own: Shelf, invoicer: Invoicer | None) -> bool:
    """Whether the goods are another company's than that which invoices; the own depot's leave from there anyway."""
    return invoicer is not None and shelf.depot_id != own.depot_id and shelf.folder_id != invoicer.folder_id


def _chosen(need: Decimal, shelves: Sequence[Shelf]) -> list[Shelf]:
    """The depots that are asked for what the own one lacks, in the order in which they are asked."""
    in_turn = sorted(shelves, key=lambda shelf: shelf.order)
    alone = next((shelf for shelf in in_turn if shelf.available >= need), None)
    if alone is not None:
        return [alone]
    if sum((shelf.available for shelf in in_turn), ZERO) <= need:
        return in_turn
    ranks = _best_ranks(need, in_turn, _fewest(need, in_turn))
    return sorted(_first_codes(need, in_turn, ranks), key=lambda shelf: shelf.order)


def _fewest(need: Decimal, shelves: Sequence[Shelf]) -> int:
    """How many depots are needed, if the fullest are asked."""
    asked = 0
    for shelf in sorted(shelves, key=lambda shelf: shelf.available, reverse=True):
        if need <= 0:
            break
        need -= shelf.available
        asked += 1
    return asked


def _best_ranks(need: Decimal, in_turn: Sequence[Shelf], count: int) -> dict[int, int]:
    """How many depots of each rank are asked: of each as many as possible, the best rank first."""
    left: dict[int, list[Decimal]] = {}
    for shelf in in_turn:
        left.setdefault(shelf.rank, []).append(shelf.available)
    chosen = dict.fromkeys(left, 0)
    for rank, amounts in left.items():
        amounts.sort()
        while count and amounts:
            others = sorted((each for other, more in left.items() if other > rank for each in more), reverse=True)
            fullest = sorted([*amounts[:-1], *others], reverse=True)[: count - 1]
            if amounts[-1] + sum(fullest, ZERO) < need:
                break
            need -= amounts.pop()
            count -= 1
            chosen[rank] += 1
    return chosen


def _first_codes(need: Decimal, in_turn: Sequence[Shelf], wanted: dict[int, int]) -> list[Shelf]:
    """Of the groups with so many depots of each rank that cover the need the one with the first codes."""
    wanted, chosen = dict(wanted), []
    by_code = sorted(in_turn, key=lambda shelf: shelf.code)
    for place, shelf in enumerate(by_code):
        if not wanted[shelf.rank]:
            continue
        still = wanted | {shelf.rank: wanted[shelf.rank] - 1}
        if shelf.available + _most(by_code[place + 1 :], still) >= need:
            wanted, need = still, need - shelf.available
            chosen.append(shelf)
    return chosen


def _most(shelves: Sequence[Shelf], wanted: dict[int, int]) -> Decimal:
    """The most that so many depots of each rank have."""
    total = ZERO
    for rank, count in wanted.items():
        amounts = sorted((shelf.available for shelf in shelves if shelf.rank == rank), reverse=True)
        if len(amounts) < count:
            return Decimal("-Infinity")
        total += sum(amounts[:count], ZERO)
    return total
