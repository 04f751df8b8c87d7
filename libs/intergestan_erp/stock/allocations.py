"""Where the lines of a sales order come from, for those who look (A32, A37)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import ReservationKind, Route
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, SalesOrder
from intergestan_erp.stock.holdings import Holding
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ShownAllocation:
    """So much of a line comes from a depot. :ivar reserved: what of it is set aside; `kind`: whether it lies there."""

    depot: str
    route: Route
    quantity: Decimal
    reserved: Decimal
    kind: ReservationKind | None


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its allocations. :ivar remainder: what of it is still to leave and nothing is set aside for."""

    line: str
    product: str
    quantity: Decimal
    delivered: Decimal
    allocations: tuple[ShownAllocation, ...]
    remainder: Decimal


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """A sales order with where its goods come from."""

    order: str
    lines: tuple[ShownLine, ...]


def show_allocations(connection: Connection, number: str) -> ShownOrder:
    """Where the lines of an order come from.

    :raises Problem: there is no such order.
    """
    order_id = connection.execute(select(SalesOrder.id).where(SalesOrder.number == number)).scalar()
    if order_id is None:
        raise Problem("There is no sales order {number}.", ProblemCode.NO_ORDER, (Act.LIST_SALES,), number=number)
    depots = {row.id: row.code for row in connection.execute(select(Depot.id, Depot.code))}
    return ShownOrder(number, tuple(_line(line, depots) for line in read_order_lines(connection, order_id)))


def _line(line: HeldLine, depots: dict[int, str]) -> ShownLine:
    allocations = tuple(_allocation(held, depots) for held in line.holdings)
    return ShownLine(line.line_id, line.product, line.quantity, line.delivered, allocations, line.remainder)


def _allocation(held: Holding, depots: dict[int, str]) -> ShownAllocation:
    reserved = sum((each.quantity for each in held.set_aside), ZERO)
    kind = next((each.kind for each in held.set_aside), None)
    return ShownAllocation(depots[held.depot_id], held.route, held.quantity, reserved, kind)
