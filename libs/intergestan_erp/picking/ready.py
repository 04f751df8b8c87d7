"""Slips that are ready become one delivery note, in a transaction of the caller (A35, A52, A53)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, select, type_coerce

from intergestan_db import numbers
from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationState, SalesState, SlipFault, SlipState, Stage, Supply
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Depot,
    Dossier,
    Establishment,
    PickingSlipLine,
    Product,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.credit.gate import Gate, Passing, close_gate, let_pass, open_gate
from intergestan_erp.picking.entering import move
from intergestan_erp.picking.faults import Fault
from intergestan_erp.picking.slips import lock_slips
from intergestan_erp.selling.deliveries import NoteLine, as_sold, write_note
from intergestan_erp.site.zone import today
from intergestan_erp.stock.leaving import Leaving, after_leaving, leave, lock_leaving, settle_remainders, stop_waiting
from intergestan_erp.stock.left import LEFT
from intergestan_erp.stock.levels import Key, Level
from intergestan_msg.money import ZERO, plain

_ORDERS: Final = (
    select(SalesOrder.__table__).where(among(SalesOrder.id, "orders")).order_by(SalesOrder.id).with_for_update()
)
_RESERVED: Final = (
    select(type_coerce(func.sum(Reservation.quantity), Scaled(6)))
    .where(Reservation.picking_slip_line_id == PickingSlipLine.id, Reservation.state == ReservationState.ACTIVE)
    .scalar_subquery()
)
_LINES: Final = (
    select(
        *(PickingSlipLine.slip_id, PickingSlipLine.id.label("slip_line_id"), PickingSlipLine.position),
        *(PickingSlipLine.prepared, SalesOrderLine.id, SalesOrderLine.sales_order_id, SalesOrderLine.line_id),
        *(SalesOrderLine.product_id, SalesOrderLine.product_code, SalesOrderLine.name, SalesOrderLine.unit),
        *(SalesOrderLine.quantity, Product.supply, LEFT.label("delivered"), _RESERVED.label("reserved")),
    )
    .select_from(PickingSlipLine.__table__)
    .outerjoin(SalesOrderLine, SalesOrderLine.id == PickingSlipLine.sales_order_line_id)
    .outerjoin(Product, Product.id == SalesOrderLine.product_id)
    .where(among(PickingSlipLine.slip_id, "slips"))
    .order_by(PickingSlipLine.slip_id, PickingSlipLine.position)
)
_DEPOT: Final = (
    select(
        *(Depot.code, and_(Depot.active, Establishment.active).label("active")),
        and_(Depot.manage_reservations, Dossier.manage_reservations).label("reserves"),
    )
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .where(Depot.id == bindparam("depot"))
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of slips. :ivar notes: the delivery note of each, by its number; `faults`: why not, of the others."""

    notes: Mapping[str, str]
    faults: Mapping[str, Fault]


def deliver_ready(
    connection: Connection,
    customer_id: int,
    order_ids: Iterable[int],
    slip_ids: Sequence[int],
    *,
    by: str,
    at: datetime,
) -> Delivered:
    """Let slips of one customer and depot, whose orders are delivered and invoiced alike, become a delivery note.

    Those that cannot be are in error afterwards, and the others go. One that is not ready any more is left out.
    """
    gate = open_gate(connection, customer_id, at)
    orders = {order.id: order for order in connection.execute(_ORDERS, {"orders": sorted(set(order_ids))})}
    slips = [slip for slip in lock_slips(connection, slip_ids) if slip.state == SlipState.READY]
    if not slips:
        return Delivered({}, {})
    return deliver_locked(connection, gate, orders, slips, by=by, at=at)


def deliver_locked(
    connection: Connection,
    gate: Gate,
    orders: Mapping[int, AnyRow],
    slips: Sequence[AnyRow],
    *,
    passed: Mapping[int, Passing] | None = None,
    note: str | None = None,
    by: str,
    at: datetime,
) -> Delivered:
    """The same of slips that are locked, as their orders are.

    :param passed: the orders that passed their customer's credit maximum already. :param note: a remark on the note.
    """
    rows: dict[int, list[AnyRow]] = {slip.id: [] for slip in slips}
    for row in connection.execute(_LINES, {"slips": list(rows)}):
        rows[row.slip_id].append(row)
    depot = connection.execute(_DEPOT, {"depot": slips[0].depot_id}).one()
    faults: dict[int, Fault] = {}
    passing = dict(passed or {})
    left: dict[int, Decimal] = {}
    for slip in slips:
        found = _fault(depot, orders[slip.sales_order_id], rows[slip.id], left) or _passes(
            connection, gate, orders[slip.sales_order_id], slip, passing, by
        )
        if isinstance(found, Fault):
            faults[slip.id] = found
    leaving = {slip.id: _leaving(slip, rows[slip.id]) for slip in slips if slip.id not in faults}
    levels = lock_leaving(connection, (each for own in leaving.values() for each in own))
    faults |= _short(levels, leaving, rows, depot.code)
    good = [slip for slip in slips if slip.id not in faults]
    for slip in slips:
        if slip.id in faults:
            fault = faults[slip.id]
            values = {"fault": fault.code, "fault_values": dict(fault.values)}
            move(connection, [slip.id], "fail", by=by, at=at, event_detail={"fault": fault.code}, **values)
    notes: dict[str, str] = {}
    if good:
        number = _deliver(connection, orders, good, rows, leaving, levels, note=note, by=by, at=at)
        notes = {slip.number: number for slip in good}
        for order_id in dict.fromkeys(slip.sales_order_id for slip in good):
            close_gate(connection, gate, passing[order_id], number, by=by, at=at)
    return Delivered(notes, {slip.number: faults[slip.id] for slip in slips if slip.id in faults})


def _fault(depot: AnyRow, order: AnyRow, lines: Sequence[AnyRow], left: dict[int, Decimal]) -> Fault | None:
    """Why a slip cannot be delivered. :param left: what slips before it take of each line of an order."""
    if order.state != SalesState.ACCEPTED:
        return Fault(SlipFault.ORDER_STATE, {"order": order.number, "state": order.state})
    if not depot.active:
        return Fault(SlipFault.DEPOT_CLOSED, {"depot": depot.code})
    if not any(line.prepared for line in lines):
        return Fault(SlipFault.NOTHING)
    taken = dict(left)
    for line in lines:
        if not line.prepared:
            continue
        if line.id is None:
            return Fault(SlipFault.LINE_GONE, {"line": line.position})
        taken[line.id] = taken.get(line.id, ZERO) + line.prepared
        rest = line.quantity - (line.delivered or ZERO)
        if taken[line.id] > rest:
            values = {"line": line.position, "rest": plain(max(ZERO, rest)), "quantity": plain(taken[line.id])}
            return Fault(SlipFault.DELIVERED, values)
        reserved = line.reserved or ZERO
        if depot.reserves and line.supply == Supply.GOODS and reserved != line.prepared:
            values = {"line": line.position, "reserved": plain(reserved), "quantity": plain(line.prepared)}
            return Fault(SlipFault.NOT_RESERVED, values)
    left |= taken
    return None


def _passes(
    connection: Connection, gate: Gate, order: AnyRow, slip: AnyRow, passing: dict[int, Passing], by: str
) -> Fault | None:
    """Let the order pass its customer's credit maximum (A21), once for all of its slips."""
    if order.id in passing:
        return None
    try:
        passing[order.id] = let_pass(
            *(connection, gate, Stage.DELIVERY),
            total_ttc=order.total_ttc,
            establishment_id=order.establishment_id,
            comes_from=[as_sold(order)],
            by=by,
        )
    except Problem as refused:
        values: dict[str, Any] = {name: str(value) for name, value in refused.values.items()}
        return Fault(SlipFault.CREDIT, {**values, "slip": slip.number})
    return None


def _leaving(slip: AnyRow, lines: Sequence[AnyRow]) -> list[Leaving]:
    return [
        Leaving(line.slip_line_id, slip.depot_id, line.product_id, line.prepared, line.reserved or ZERO)
        for line in lines
        if line.prepared and line.supply == Supply.GOODS
    ]


def _short(
    levels: Mapping[Key, Level],
    leaving: Mapping[int, Sequence[Leaving]],
    rows: Mapping[int, Sequence[AnyRow]],
    depot: str,
) -> dict[int, Fault]:
    """The slips for which too little is there, after those before them."""
    faults, there = {}, dict(levels)
    for slip_id, own in leaving.items():
        after = after_leaving(there, own)
        if isinstance(after, Leaving):
            line = next(row for row in rows[slip_id] if row.slip_line_id == after.slip_line_id)
            values = {
                "product": line.product_code,
                "depot": depot,
                "left": plain(there[after.key].available + after.reserved),
                "quantity": plain(after.quantity),
            }
            faults[slip_id] = Fault(SlipFault.NOT_IN_STOCK, values)
        else:
            there = after
    return faults


def _deliver(
    connection: Connection,
    orders: Mapping[int, AnyRow],
    slips: Sequence[AnyRow],
    rows: Mapping[int, Sequence[AnyRow]],
    leaving: Mapping[int, Sequence[Leaving]],
    levels: Mapping[Key, Level],
    *,
    note: str | None,
    by: str,
    at: datetime,
) -> str:
    """The number of the delivery note of these slips."""
    going = [each for slip in slips for each in leaving[slip.id]]
    left = {"establishment_id": slips[0].establishment_id, "depot_id": slips[0].depot_id}
    taken = numbers.take_dated(connection, numbers.DELIVERY_NOTES, today(connection, at))
    leave(connection, levels, going, taken.number, by=by, at=at)
    lines = [NoteLine(row, row.prepared, row.slip_line_id) for slip in slips for row in rows[slip.id] if row.prepared]
    note_id = write_note(connection, taken, orders[slips[0].sales_order_id], left, lines, note=note, by=by, at=at)
    unreserved = {each.slip_line_id for each in going if each.reserved < each.quantity}
    for order_id in sorted({line.row.sales_order_id for line in lines if line.slip_line_id in unreserved}):
        settle_remainders(connection, order_id, at)
    unallocated = [slip.sales_order_id for slip in slips if orders[slip.sales_order_id].allocated_at is None]
    if unallocated:
        stop_waiting(connection, unallocated, at)
    detail = {"delivery_note": taken.number}
    ids = [slip.id for slip in slips]
    move(connection, ids, "validate", by=by, at=at, event_detail=detail, delivery_note_id=note_id)
    return taken.number
