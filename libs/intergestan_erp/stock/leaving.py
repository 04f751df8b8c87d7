"""Goods leave a depot by a picking slip: what is set aside for its lines first, what nobody set aside from the rest.

Stock is locked by one call, before anything is written; what is decided in between is decided under that lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from intergestan_db.among import among
from intergestan_db.enums import ReservationState, StockReason
from intergestan_db.tables import Reservation, SalesOrder, SalesOrderLine
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.stock.allocate import write_held
from intergestan_erp.stock.left import LEFT
from intergestan_erp.stock.levels import Key, Level, lock_levels
from intergestan_erp.stock.moves import Move, write_moves
from intergestan_erp.stock.order_lines import read_order_lines
from intergestan_msg.money import ZERO

_CONSUME: Final = (
    update(Reservation)
    .where(among(Reservation.picking_slip_line_id, "lines"), Reservation.state == ReservationState.ACTIVE)
    .values(state=ReservationState.CONSUMED, ended_at=bindparam("now", type_=UtcDateTime()))
)
_ALL_LEFT: Final = (
    update(SalesOrder)
    .where(
        among(SalesOrder.id, "orders"),
        SalesOrder.allocated_at.is_(None),
        ~select(SalesOrderLine.id)
        .where(SalesOrderLine.sales_order_id == SalesOrder.id, SalesOrderLine.quantity > func.coalesce(LEFT, ZERO))
        .exists(),
    )
    .values(allocated_at=bindparam("now", type_=UtcDateTime()))
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """So much of a product leaves a depot by a line of a slip. :ivar reserved: what of that is set aside for it."""

    slip_line_id: int
    depot_id: int
    product_id: int
    quantity: Decimal
    reserved: Decimal

    @property
    def key(self) -> Key:
        """Where it lies."""
        return self.depot_id, self.product_id


def lock_leaving(connection: Connection, leaving: Iterable[Leaving]) -> dict[Key, Level]:
    """What lies there of what is to leave, locked."""
    return lock_levels(connection, {each.key for each in leaving})


def after_leaving(levels: Mapping[Key, Level], leaving: Iterable[Leaving]) -> dict[Key, Level] | Leaving:
    """What is there once all of these left, or the first of them for which too little is there. Pure."""
    after = dict(levels)
    for each in leaving:
        level = after[each.key]
        free = level.available - (each.quantity - each.reserved)
        if (each.reserved > level.reserved or free < 0) and not level.negative_ok:
            return each
        after[each.key] = replace(level, on_hand=level.on_hand - each.quantity, reserved=level.reserved - each.reserved)
    return after


def leave(
    connection: Connection,
    levels: Mapping[Key, Level],
    leaving: Sequence[Leaving],
    document: str,
    *,
    by: str,
    at: datetime,
) -> None:
    """Let these leave with a delivery note.

    :param levels: what lies there, locked and enough. :param document: the number of the note.
    """
    quantities: dict[Key, Decimal] = {}
    reserved: dict[Key, Decimal] = {}
    for each in leaving:
        quantities[each.key] = quantities.get(each.key, ZERO) + each.quantity
        reserved[each.key] = reserved.get(each.key, ZERO) + each.reserved
    lighter = {key: replace(levels[key], reserved=levels[key].reserved - reserved[key]) for key in quantities}
    moves = [
        Move(depot, product, -quantity, StockReason.DELIVERY, document=document)
        for (depot, product), quantity in quantities.items()
    ]
    write_moves(connection, lighter, moves, by=by, at=at)
    lines = [each.slip_line_id for each in leaving if each.reserved]
    if lines:
        connection.execute(_CONSUME, {"lines": lines, "now": at})


def stop_waiting(connection: Connection, order_ids: Sequence[int], at: datetime) -> None:
    """Let orders of which nothing remains to leave wait for no allocation any more: goods left without one."""
    connection.execute(_ALL_LEFT, {"orders": sorted(order_ids), "now": at})


def settle_remainders(connection: Connection, order_id: int, at: datetime) -> None:
    """Let the remainders of an order follow what left of it without being set aside."""
    lines = read_order_lines(connection, order_id)
    write_held(connection, lines, {line.id: line.fitted() for line in lines}, {}, None, at)
