"""Which establishment orders what from which, and what keeps it from doing so. Pure (A12 to A16, A43).

A line of a customer's order whose goods lie in a depot of another establishment, and are to leave by way of the order's
own depot, is to be ordered there. All such lines of a requesting and a supplying establishment become one purchase
order and one sales order, however many customers' orders are behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from intergestan_erp.agencies.settings_rules import Side, is_billable, missing_sides
from intergestan_msg.money import ZERO, line_total

NO_VAT: Final = "O"
"""The VAT category of goods that stay in one company: they are no supply."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An establishment as a side of a pair. `own_folder_id`: its own accounting folder; `folder_id`: that which counts.

    :ivar dossier: its dossier's number, as `number` is its own.
    """

    id: int
    dossier: int
    number: int
    name: str
    own_folder_id: int | None
    folder_id: int


@dataclass(frozen=True, slots=True)
class AgencyDepot:
    """A depot with the third parties that bear its orders (A16), by id."""

    id: int
    code: str
    agency: Agency
    customer_id: int | None
    supplier_id: int | None


@dataclass(frozen=True, slots=True)
class Goods:
    """What is ordered. `average_cost` is what a unit costs in the depot where it lies."""

    product_id: int
    code: str
    name: str
    unit: str
    family_id: int | None
    sale_price: Decimal
    vat_category: str
    vat_rate: Decimal
    gtin: str | None
    average_cost: Decimal


@dataclass(frozen=True, slots=True)
class Pending:
    """An allocation that waits for an order between agencies.

    :ivar order_id: the customer's order, `order` its number; `line` is its line as people name it.
    :ivar quantity: what is still to leave, `remainder` how much of it nobody has yet.
    :ivar requested: the day for which the customer wants it.
    :ivar ordered_by: the purchase order that brings goods for this allocation already.
    """

    allocation_id: int
    order_id: int
    order: str
    position: int
    line: str
    customer: str
    requested: date | None
    goods: Goods
    quantity: Decimal
    remainder: Decimal
    source: AgencyDepot
    destination: AgencyDepot
    ordered_by: str | None = None


class Obstacle(StrEnum):
    """Why goods cannot be ordered between agencies."""

    NO_PARTY = "no party"
    ORDERED_BEFORE = "ordered before"


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be ordered, and why. `depot` and `side`: of the third party that is missing (A16)."""

    pending: Pending
    obstacle: Obstacle
    depot: str | None = None
    side: str | None = None


@dataclass(frozen=True, slots=True)
class PairLine:
    """A line of both orders of a pair. `number` is its place, from 1; `price` is without VAT, per unit."""

    number: int
    pending: Pending
    price: Decimal
    total: Decimal
    vat_category: str
    vat_rate: Decimal


@dataclass(frozen=True, slots=True)
class Pair:
    """What `requesting` orders from `supplying`. Its depots and parties are those of the first line."""

    requesting: Agency
    supplying: Agency
    billable: bool
    pending: tuple[Pending, ...]

    @property
    def source(self) -> AgencyDepot:
        """The depot that bears the sales order."""
        return self.pending[0].source

    @property
    def destination(self) -> AgencyDepot:
        """The depot that bears the purchase order, and to which the goods go."""
        return self.pending[0].destination

    @property
    def customer_id(self) -> int:
        """The third party that stands for the requesting side, in the supplying establishment."""
        assert self.destination.customer_id is not None
        return self.destination.customer_id

    @property
    def supplier_id(self) -> int:
        """The third party that stands for the supplying side, in the requesting establishment."""
        assert self.source.supplier_id is not None
        return self.source.supplier_id

    @property
    def requested(self) -> date | None:
        """The first day on which a customer wants something of it."""
        return min((each.requested for each in self.pending if each.requested is not None), default=None)

    def lines(self, prices: Mapping[int, Decimal]) -> tuple[PairLine, ...]:
        """Its lines, one for each allocation.

        :param prices: what a billable pair's allocations cost a unit, by id; without one a unit costs the depot's
            average, for the valuation only (D49). Inside one company there is no VAT.
        """
        taxed = self.billable and self.requesting.folder_id != self.supplying.folder_id
        return tuple(
            _line(number, each, prices.get(each.allocation_id, each.goods.average_cost), taxed=taxed)
            for number, each in enumerate(self.pending, start=1)
        )


@dataclass(frozen=True, slots=True)
class Pairing:
    """The pairs, ascending by requesting and supplying establishment, and what cannot be ordered."""

    pairs: tuple[Pair, ...]
    refused: tuple[Refused, ...]


def pair_up(pending: Iterable[Pending]) -> Pairing:
    """Who orders what from whom: each allocation stands in one pair, or is refused for one reason."""
    found: dict[tuple[Agency, Agency], list[Pending]] = {}
    refused = []
    for each in sorted(pending, key=_place):
        obstacle = _obstacle(each)
        if obstacle is not None:
            refused.append(obstacle)
        else:
            found.setdefault((each.destination.agency, each.source.agency), []).append(each)
    pairs = (
        Pair(requesting, supplying, is_billable(_side(requesting), _side(supplying)), tuple(lines))
        for (requesting, supplying), lines in found.items()
    )
    return Pairing(tuple(sorted(pairs, key=_sides)), tuple(refused))


def _obstacle(pending: Pending) -> Refused | None:
    for depot in (pending.destination, pending.source):
        for side in missing_sides(depot.customer_id, depot.supplier_id):
            return Refused(pending, Obstacle.NO_PARTY, depot.code, side)
    return None if pending.ordered_by is None else Refused(pending, Obstacle.ORDERED_BEFORE)


def _line(number: int, pending: Pending, price: Decimal, *, taxed: bool) -> PairLine:
    goods = pending.goods
    category, rate = (goods.vat_category, goods.vat_rate) if taxed else (NO_VAT, ZERO)
    return PairLine(number, pending, price, line_total(pending.quantity, price), category, rate)


def _side(agency: Agency) -> Side:
    return Side(agency.id, agency.own_folder_id)


def _place(pending: Pending) -> tuple[int, int, str, int]:
    return pending.order_id, pending.position, pending.source.code, pending.allocation_id


def _sides(pair: Pair) -> tuple[int, int, int]:
    return pair.requesting.dossier, pair.requesting.number, pair.supplying.number
