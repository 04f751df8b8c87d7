"""Picking slips of very many orders: made, entered as proposed, finished and validated, as the people of a depot do it.

Each order has eight lines of goods that are set aside in one depot. `make_all` and `validate` have a transaction for
each order, the two acts between them one each. The floor writes the rows that are there then, by the same means.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Any, Final

from sqlalchemy import select, update

from benchmarks import goods
from benchmarks.machine import alternate, ratio
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.tables import (
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Event,
    PickingSlip,
    PickingSlipLine,
    Reservation,
    SalesOrder,
    Stock,
    StockMove,
    Table,
)
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.picking import entering
from intergestan_erp.picking.making import MadeSlips, make_all
from intergestan_erp.picking.validating import validate
from tests.site_factories import make_site

ORDERS, LINES = 1_000, 8
_ONE: Final = Decimal(1)
_WRITTEN: Final[tuple[type[Table], ...]] = (
    *(DeliveryNote, PickingSlip, PickingSlipLine, DeliveryNoteLine, StockMove),
    Event,
)
"""The tables whose rows the acts add, in the order in which they refer to each other."""
_OF_LINES: Final = {PickingSlipLine, DeliveryNoteLine, StockMove}
_EVENTS: Final = 6
"""Of an order: its slip is made, entered, finished and validated, its note made, itself delivered."""


def measure(databases: Sequence[Database], rounds: int) -> dict[str, float]:
    """Orders per second on either kind of base, and how much longer it takes than writing the rows."""
    found: dict[str, float] = {}
    for ours, floor in zip(databases[::2], databases[1::2], strict=True):
        suffix = "_sqlite" if ours.is_sqlite else ""
        for database in (ours, floor):
            make_site(database)
            goods.fill(database)
        work, bare = alternate(rounds, lambda: _prepare(ours), lambda: _write(ours, floor))  # noqa: B023
        found[f"slips_orders_per_s{suffix}"] = ORDERS / median(work)
        found[f"slips_over_floor{suffix}"] = ratio(work, bare)
    return found


def _prepare(database: Database) -> float:
    """The seconds from orders to their delivery notes."""
    depot = _set_aside(database)
    with database.read() as connection:
        place = in_depot(connection, depot)
    began = time.perf_counter()
    deliver(database, place, ORDERS)
    return time.perf_counter() - began


def deliver(database: Database, place: Place, orders: int) -> None:
    """Let so many orders of a place become slips and delivery notes there."""
    who: dict[str, Any] = {"by": "bench", "at": database.now()}
    made: list[str] = []
    for each in make_all(database, place, **who):
        if not isinstance(each, MadeSlips):
            raise each.problem
        made += [slip.number for slip in each.slips]
    for number in made:
        with database.transaction() as connection:
            entering.enter(connection, number, place, {}, accept=True, **who)
        with database.transaction() as connection:
            entering.finish(connection, number, place, **who)
    notes = [each.note for each in validate(database, place, **who)]
    if (len(made), len(notes), None in notes) != (orders, orders, False):
        raise AssertionError(f"{len(made)} slips were made, and {len(notes)} became delivery notes")


def _set_aside(database: Database) -> str:
    """Enter orders whose goods are set aside in the first depot, as allocating them would; its code."""
    with database.transaction() as connection:
        depot_id, depot, place = connection.execute(
            select(Depot.id, Depot.code, Depot.establishment_id).order_by(Depot.id).limit(1)
        ).one()
        there = select(Stock.product_id).where(Stock.depot_id == depot_id, Stock.on_hand > Stock.reserved)
        products = list(connection.execute(there.order_by(Stock.product_id).limit(LINES)).scalars())
        seen = len(goods.read_ids(connection, SalesOrder))
        orders = goods.enter_orders(
            connection, database, [f"BENCH{seen + n + 1}" for n in range(ORDERS)], [place] * ORDERS
        )
        of = [(order, product, n) for order in orders for n, product in enumerate(products)]
        lines = goods.enter_lines(connection, of)
        allocated = [
            {"sales_order_line_id": line, "depot_id": depot_id, "route": "direct", "quantity": _ONE}
            | {"remainder": Decimal(0)}
            for line in lines
        ]
        insert_rows(connection, Allocation, allocated)
        allocations = goods.read_ids(connection, Allocation)[-len(lines) :]
        at = database.now()
        insert_rows(
            connection,
            Reservation,
            [
                {"allocation_id": allocation, "depot_id": depot_id, "product_id": product, "kind": "stock"}
                | {"quantity": _ONE, "state": "active", "created_at": at}
                for allocation, (_order, product, _n) in zip(allocations, of, strict=True)
            ],
        )
        mine = (Stock.depot_id == depot_id, Stock.product_id.in_(products))
        connection.execute(update(Stock).where(*mine).values(reserved=Stock.reserved + Decimal(ORDERS)))
    goods.analyse(database)
    return str(depot)


def _write(ours: Database, floor: Database) -> float:
    """The seconds of writing the rows that the acts have just written, in transactions of one order."""
    _set_aside(floor)
    rows = {table: _newest(ours, table) for table in _WRITTEN}
    began = time.perf_counter()
    for n in range(ORDERS):
        with floor.transaction() as connection:
            for table, of in rows.items():
                share = len(of) // ORDERS
                insert_rows(connection, table, of[n * share : (n + 1) * share])
    return time.perf_counter() - began


def _newest(database: Database, table: type[Table]) -> list[dict[str, Any]]:
    """The rows of a table that are of the newest orders."""
    count = ORDERS * (LINES if table in _OF_LINES else 1) * (_EVENTS if table is Event else 1)
    newest = select(table.__table__).order_by(table.__table__.c.id.desc()).limit(count)
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(newest).mappings()]
    if table is Event:
        rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    return rows[::-1]
