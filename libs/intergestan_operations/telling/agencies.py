"""Orders between agencies, as programs are told of them (A40 to A46)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intergestan_erp.pairs.ordering import OrderedPair
from intergestan_erp.pairs.pairing import PairLine, Refused
from intergestan_erp.pairs.preview import FuturePair, Preview
from intergestan_erp.pairs.receiving import Received, ReceivedLine
from intergestan_erp.pairs.refusals import as_problem


@dataclass(frozen=True, slots=True)
class Line:
    """A line of both orders of a pair, and the customer's order that it is for. `number`: its place."""

    number: int
    product: str
    quantity: Decimal
    depot: str
    order: str
    line: str
    customer: str
    requested: date | None
    price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Future:
    """What one agency would order from another. Operation codes and category: what the orders would bear."""

    requesting: int
    supplying: int
    billable: bool
    customer_operation: str
    supplier_operation: str
    category: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """What one agency ordered from another."""

    requesting: int
    supplying: int
    billable: bool
    lines: tuple[Line, ...]
    purchase_order: str
    sales_order: str


@dataclass(frozen=True, slots=True)
class NotOrdered:
    """What cannot be ordered, and why. `depot` and `side`: of the third party that is missing."""

    order: str
    line: str
    product: str
    quantity: Decimal
    code: str
    depot: str | None
    side: str | None


@dataclass(frozen=True, slots=True)
class ToOrder:
    """What would be ordered between agencies, and what cannot be."""

    pairs: tuple[Future, ...]
    refused: tuple[NotOrdered, ...]


@dataclass(frozen=True, slots=True)
class AllOrdered:
    """What was ordered between agencies, and what could not be."""

    pairs: tuple[Ordered, ...]
    refused: tuple[NotOrdered, ...]


@dataclass(frozen=True, slots=True)
class CameIn:
    """What came in from another agency."""

    receipt: str
    purchase_order: str
    depot: str
    lines: tuple[ReceivedLine, ...]


def to_order(seen: Preview) -> ToOrder:
    """What would be ordered."""
    return ToOrder(tuple(map(_future, seen.pairs)), tuple(map(_refused, seen.refused)))


def all_ordered(made: Iterable[OrderedPair], refused: Iterable[Refused]) -> AllOrdered:
    """What was ordered. :param refused: what could not be, as it was seen before."""
    return AllOrdered(tuple(map(_ordered, made)), tuple(map(_refused, refused)))


def came_in(found: Received) -> CameIn:
    """What came in."""
    return CameIn(found.number, found.purchase_order, found.depot, found.lines)


def line(each: PairLine) -> Line:
    """A line of a pair."""
    pending = each.pending
    return Line(
        *(each.number, pending.goods.code, pending.quantity, pending.source.code, pending.order, pending.line),
        *(pending.customer, pending.requested, each.price, each.total),
    )


def _future(each: FuturePair) -> Future:
    pair = each.pair
    return Future(
        requesting=pair.requesting.number,
        supplying=pair.supplying.number,
        billable=pair.billable,
        customer_operation=each.customer_operation,
        supplier_operation=each.supplier_operation,
        category=each.category,
        lines=tuple(map(line, each.lines)),
    )


def _ordered(each: OrderedPair) -> Ordered:
    lines = tuple(map(line, each.lines))
    sides = (each.requesting.number, each.supplying.number, each.billable)
    return Ordered(*sides, lines, each.purchase_order, each.sales_order)


def _refused(each: Refused) -> NotOrdered:
    pending = each.pending
    own = (pending.order, pending.line, pending.goods.code, pending.quantity)
    return NotOrdered(*own, as_problem(each).code, each.depot, each.side)
