"""The rows of purchase orders, as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from intergestan_db import numbers, states
from intergestan_db.enums import PurchaseState
from intergestan_db.fresh_ids import with_fresh_ids
from intergestan_db.tables import PurchaseOrder, PurchaseOrderCharge, PurchaseOrderLine
from intergestan_erp.agencies.belonging import at_place
from intergestan_erp.agencies.places import Place
from intergestan_erp.order_files.order_values import OrderValues


def write_orders(
    connection: Connection,
    orders: Sequence[OrderValues],
    state: PurchaseState,
    place: Place | None,
    *,
    event: str,
    by: str,
    at: datetime,
) -> list[str]:
    """Insert orders sorted by number, those without one last; returns the numbers.

    :param event: how they came here, `import` or `enter`; what has no column is kept with it.
    """
    if not orders:
        return []
    _number(connection, [order for order in orders if order.head["number"] is None])
    ordered = sorted(orders, key=lambda order: order.head["number"])
    common = {"state": state, "created_at": at, "updated_at": at, **at_place(place)}
    ids = connection.execute(
        insert(PurchaseOrder).returning(PurchaseOrder.id, sort_by_parameter_order=True),
        with_fresh_ids(connection, states.PURCHASE_ORDER, [order.head | common for order in ordered]),
    ).scalars()
    by_id = dict(zip(ids, ordered, strict=True))
    write_parts(connection, by_id)
    moves = [(order_id, None, str(state)) for order_id in by_id]
    details = {order_id: order.kept for order_id, order in by_id.items()}
    states.record(connection, states.PURCHASE_ORDER.name, moves, event, by=by, at=at, details=details)
    return [order.head["number"] for order in orders]


def write_parts(connection: Connection, orders: Mapping[int, OrderValues]) -> None:
    """Insert the lines and charges of orders by their id."""
    for table, rows in ((PurchaseOrderLine, "lines"), (PurchaseOrderCharge, "charges")):
        values = [
            row | {"purchase_order_id": order_id} for order_id, order in orders.items() for row in getattr(order, rows)
        ]
        if values:
            connection.execute(insert(table), values)


def _number(connection: Connection, orders: Iterable[OrderValues]) -> None:
    """Give the next numbers of the site, past those that files brought along."""
    waiting = list(orders)
    while waiting:
        taken = numbers.take(connection, numbers.PURCHASE_ORDERS, len(waiting))
        used = select(PurchaseOrder.number).where(PurchaseOrder.number.in_(taken))
        there = set(connection.execute(used).scalars())
        for number in taken:
            if number not in there:
                waiting.pop(0).head["number"] = number
