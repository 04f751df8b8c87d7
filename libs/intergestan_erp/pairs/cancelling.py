"""A pair of orders is taken back as long as nothing of it has left: what was handed over goes back (A43, A45)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import PurchaseState, ReservationKind, ReservationState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    PurchaseOrder,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.stock.locking import lock_purchases, lock_sales
from intergestan_erp.stock.on_slips import shrink_slips, write_slips
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_erp.stock.reserve import change_reserved
from intergestan_msg.money import ZERO

_PAIR: Final = (
    select(
        *(AgencyOrder.id, AgencyOrder.purchase_order_id, AgencyOrder.sales_order_id, SalesOrder.customer_id),
        *(PurchaseOrder.number.label("purchase_order"), SalesOrder.number.label("sales_order"), PurchaseOrder.state),
    )
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .join(SalesOrder, SalesOrder.id == AgencyOrder.sales_order_id)
    .where(or_(PurchaseOrder.number == bindparam("number"), SalesOrder.number == bindparam("number")))
)
_LINES: Final = (
    select(
        *(AgencyOrderLine.sales_order_line_id, AgencyOrderLine.purchase_order_line_id),
        *(Allocation.id.label("allocation_id"), Allocation.depot_id, SalesOrderLine.product_id),
        SalesOrderLine.sales_order_id.label("order_id"),
    )
    .select_from(AgencyOrderLine)
    .outerjoin(Allocation, Allocation.id == AgencyOrderLine.allocation_id)
    .outerjoin(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    .where(AgencyOrderLine.agency_order_id == bindparam("pair"))
)
_INBOUND: Final = select(Reservation.purchase_order_line_id, Reservation.quantity).where(
    among(Reservation.purchase_order_line_id, "lines"), Reservation.state == ReservationState.ACTIVE
)
_RELEASE_INBOUND: Final = (
    update(Reservation)
    .where(among(Reservation.purchase_order_line_id, "lines"), Reservation.state == ReservationState.ACTIVE)
    .values(state=ReservationState.RELEASED, ended_at=bindparam("now", type_=UtcDateTime()))
)
_FORGET: Final = delete(Reservation).where(among(Reservation.allocation_id, "allocations"))
_DROP: Final = delete(Allocation).where(among(Allocation.id, "allocations"))
_LET_REMAIN: Final = (
    update(Allocation)
    .where(Allocation.id == bindparam("allocation"))
    .values(remainder=Allocation.remainder + bindparam("more", type_=Scaled(6)))
)
_UNTIE: Final = delete(AgencyOrderLine).where(AgencyOrderLine.agency_order_id == bindparam("pair"))


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What an allocation of a customer's order gets back. `remainder`: of that nobody has anything."""

    allocation_id: int
    depot_id: int
    product_id: int
    quantity: Decimal
    remainder: Decimal


@dataclass(frozen=True, slots=True)
class CancelledPair:
    """The numbers of the two orders. :ivar freed: goods that others may have now."""

    purchase_order: str
    sales_order: str
    freed: Freed


def cancel_pair(connection: Connection, number: str, *, by: str, at: datetime) -> CancelledPair:
    """Cancel both orders of a pair; its goods are set aside for the customers' orders again, and wait to be ordered.

    :param number: of either order.
    :raises Problem: it is of no pair, was cancelled, or something of it has left; nothing may be written then.
    """
    pair = _called(connection, number)
    lock_parties(connection, [pair.customer_id])
    lines = connection.execute(_LINES, {"pair": pair.id}).all()
    orders = {line.order_id for line in lines if line.order_id is not None} | {pair.sales_order_id}
    lock_sales(connection, orders)
    lock_purchases(connection, [pair.purchase_order_id])
    pair, lines = _called(connection, number), connection.execute(_LINES, {"pair": pair.id}).all()
    sold = read_order_lines(connection, pair.sales_order_id)
    _check(pair, sold)
    bought = sorted(line.purchase_order_line_id for line in lines)
    inbound: dict[int, Decimal] = {}
    for row in connection.execute(_INBOUND, {"lines": bought}):
        inbound[row.purchase_order_line_id] = inbound.get(row.purchase_order_line_id, ZERO) + row.quantity
    back = given_back(lines, {line.id: line for line in sold}, inbound)
    changes = _changes(sold, back)
    slips = shrink_slips(connection, sold, [line.released() for line in sold])
    change_reserved(connection, changes)
    write_slips(connection, slips, by=by, at=at)
    _hand_back(connection, sold, bought, back, at)
    connection.execute(_UNTIE, {"pair": pair.id})
    detail = {"purchase_order": pair.purchase_order, "sales_order": pair.sales_order}
    who: Any = {"by": by, "at": at, "event_detail": detail}
    states.move(connection, states.PURCHASE_ORDER, [pair.purchase_order_id], "pair_cancel", **who, updated_at=at)
    states.move(connection, states.SALES_ORDER, [pair.sales_order_id], "pair_cancel", **who)
    free = sorted({product for product, _depot in changes})
    return CancelledPair(pair.purchase_order, pair.sales_order, Freed(products=tuple(free)))


def given_back(
    lines: Iterable[AnyRow], sold: Mapping[int, HeldLine], inbound: Mapping[int, Decimal]
) -> list[GivenBack]:
    """What goes back to whom: what lies in the allocation's own depot for the pair, up to what is still wanted. Pure.

    :param sold: the lines of the pair's sales order, by id; `inbound`: what is on its way, by purchase order line.
    """
    found = []
    for line in lines:
        if line.allocation_id is None:
            continue
        wanted = inbound.get(line.purchase_order_line_id, ZERO)
        held = sold[line.sales_order_line_id].holdings if line.sales_order_line_id in sold else ()
        there = sum((each.quantity for own in held for each in own.set_aside if each.depot_id == line.depot_id), ZERO)
        quantity = min(there, wanted)
        found.append(
            GivenBack(line.allocation_id, line.depot_id, line.product_id, quantity, remainder=wanted - quantity)
        )
    return found


def _called(connection: Connection, number: str) -> AnyRow:
    pair = connection.execute(_PAIR, {"number": number}).one_or_none()
    if pair is None:
        raise Problem(
            "{number} is of no pair of orders between agencies. Nothing was cancelled.",
            ProblemCode.NO_PAIR,
            (Act.LIST_PAIRS,),
            number=number,
        )
    return pair


def _check(pair: AnyRow, sold: Sequence[HeldLine]) -> None:
    if pair.state != PurchaseState.ACCEPTED:
        raise Problem(
            "{number} is in the state {state}: there is nothing to cancel.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_PAIRS,),
            number=pair.purchase_order,
            state=Word(pair.state),
        )
    left = [line.line_id for line in sold if line.delivered or line.is_ready]
    if left:
        raise Problem(
            "Nothing was cancelled: of {number} goods have left (lines {lines}).",
            ProblemCode.GOODS_LEFT,
            (Act.SHOW_TRANSIT,),
            number=pair.sales_order,
            lines=", ".join(left),
        )


def _changes(sold: Iterable[HeldLine], back: Iterable[GivenBack]) -> dict[tuple[int, int], Decimal]:
    """What is set aside less than before, by product and depot: goods that came for the pair from elsewhere."""
    found: dict[tuple[int, int], Decimal] = {}
    for line in sold:
        for held in line.holdings:
            for each in held.set_aside:
                key = (each.product_id, each.depot_id)
                found[key] = found.get(key, ZERO) - each.quantity
    for own in back:
        key = (own.product_id, own.depot_id)
        found[key] = found.get(key, ZERO) + own.quantity
    return {key: delta for key, delta in found.items() if delta}


def _hand_back(
    connection: Connection, sold: Sequence[HeldLine], bought: Sequence[int], back: Sequence[GivenBack], at: datetime
) -> None:
    allocations = [held.id for line in sold for held in line.holdings]
    connection.execute(_FORGET, {"allocations": allocations})
    connection.execute(_DROP, {"allocations": allocations})
    connection.execute(_RELEASE_INBOUND, {"lines": bought, "now": at})
    rows = [
        {
            "allocation_id": own.allocation_id,
            "depot_id": own.depot_id,
            "product_id": own.product_id,
            "kind": ReservationKind.STOCK,
            "quantity": own.quantity,
            "state": ReservationState.ACTIVE,
            "created_at": at,
        }
        for own in back
        if own.quantity
    ]
    insert_rows(connection, Reservation, rows)
    remain = [{"allocation": own.allocation_id, "more": own.remainder} for own in back if own.remainder]
    if remain:
        connection.execute(_LET_REMAIN, remain)
