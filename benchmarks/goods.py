"""Choosing depots for very many lines, and ordering what waits between agencies, beside writing such rows alone.

50 depots of three establishments hold 2 000 products. An order of 10 000 lines is allocated; the floor takes each from
`stock` by a conditional update and inserts a row, in one transaction (A05). Then each of 10 000 customers' orders
waits for one of six pairs of establishments; the floor inserts the lines of both sides, three rows of reservations for
each, and twelve heads (A41, A43).
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from benchmarks.machine import alternate, ratio
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.tables import (
    Allocation,
    Depot,
    Dossier,
    Establishment,
    Party,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
    Table,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.listing import list_stock
from tests.site_factories import make_site

DEPOTS, PRODUCTS, LINES, ORDERS = 50, 2_000, 10_000, 10_000
ESTABLISHMENTS: Final = 3
DAY: Final = date(2026, 11, 2)
SHOWN: Final = 100
SHARE: Final = 10
"""Of so many products one lies in a depot."""
_PILE: Final = Decimal(1_000_000)
_ONE: Final = Decimal(1)
_GOODS: Final = {"unit": "C62", "price": Decimal(10), "base_quantity": _ONE, "vat_category": "S"}
_AMOUNTS: Final = {"vat_rate": Decimal(20), "allowance": Decimal(0), "quantity": _ONE, "total": Decimal(10)}
_NOTHING: Final = {"currency": "EUR", "total_ht": Decimal(10), "total_vat": Decimal(2), "total_ttc": Decimal(12)}
_TAKE: Final = (
    update(Stock)
    .where(
        Stock.depot_id == bindparam("depot"),
        Stock.product_id == bindparam("product"),
        Stock.on_hand - Stock.reserved >= bindparam("more", type_=Scaled(6)),
    )
    .values(reserved=Stock.reserved + bindparam("more", type_=Scaled(6)))
)


def measure(databases: Sequence[Database], rounds: int) -> dict[str, float]:
    """Seconds of both acts and of their floors, the milliseconds of showing a product's stock, and memory."""
    found: dict[str, float] = {}
    for ours, floor in zip(databases[::2], databases[1::2], strict=True):
        suffix = "_sqlite" if ours.is_sqlite else ""
        for database in (ours, floor):
            make_site(database)
            fill(database)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for name, work, bare in (("allocate", _allocate, _take), ("pairs", _pair_up, _insert_pairs)):
            prepare = _one_large_order if name == "allocate" else _many_orders
            work_s, floor_s = alternate(
                rounds,
                lambda: _timed(ours, prepare, work),  # noqa: B023
                lambda: _timed(floor, prepare, bare),  # noqa: B023
            )
            found |= {f"{name}_s{suffix}": median(work_s), f"{name}_floor_s{suffix}": median(floor_s)}
            found[f"{name}_over_floor{suffix}"] = ratio(work_s, floor_s)
        found[f"stock_show_ms{suffix}"] = _show_ms(ours)
        found[f"goods_grew_mib{suffix}"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return found


def _timed(database: Database, prepare: Any, act: Any) -> float:
    prepared = prepare(database)
    began = time.perf_counter()
    act(database, prepared)
    return time.perf_counter() - began


def fill(database: Database) -> None:
    """Depots by turns of three establishments, a tenth of the products in each."""
    with database.transaction() as connection:
        connection.execute(update(Dossier).values(manage_stock=True, manage_reservations=True, arbitrate="never"))
        dossier = connection.execute(select(Dossier.id)).scalar_one()
        own = connection.execute(select(Establishment.id)).scalar_one()
        extra = [{"dossier_id": dossier, "number": n, "name": f"Agence {n}"} for n in range(2, ESTABLISHMENTS + 1)]
        connection.execute(insert(Establishment), extra)
        places = connection.execute(select(Establishment.id).order_by(Establishment.number)).scalars().all()
        parties = [
            {"code": f"AG{n}", "name": f"Agence {n}", "is_customer": True, "is_supplier": True}
            for n in range(1, ESTABLISHMENTS + 1)
        ]
        connection.execute(
            insert(Party), [*parties, {"code": "C1", "name": "Client", "is_customer": True, "is_supplier": False}]
        )
        of_agency = (
            connection.execute(select(Party.id).where(Party.code.like("AG%")).order_by(Party.code)).scalars().all()
        )
        first = {"manage_reservations": True, "customer_party_id": of_agency[0], "supplier_party_id": of_agency[0]}
        connection.execute(update(Depot).where(Depot.establishment_id == own).values(**first))
        insert_rows(
            connection,
            Depot,
            [
                {"code": f"D{n}", "name": f"D{n}", "establishment_id": places[n % ESTABLISHMENTS]}
                | {"manage_reservations": True}
                | dict.fromkeys(("customer_party_id", "supplier_party_id"), of_agency[n % ESTABLISHMENTS])
                for n in range(1, DEPOTS)
            ],
        )
        products = [
            {"code": f"P{n}", "name": f"Produit {n}", "unit": "C62", "sale_price": Decimal(10), "vat_rate": Decimal(20)}
            for n in range(PRODUCTS)
        ]
        connection.execute(insert(Product), products)
        depots, ids = read_ids(connection, Depot), read_ids(connection, Product)
        rows = [
            {"depot_id": depot, "product_id": product, "on_hand": _PILE if (n + m) % SHARE == 0 else Decimal(0)}
            for n, depot in enumerate(depots)
            for m, product in enumerate(ids)
        ]
        insert_rows(connection, Stock, rows)
    analyse(database)


def _one_large_order(database: Database) -> str:
    """Its number."""
    with database.transaction() as connection:
        number = f"BENCH{len(read_ids(connection, SalesOrder)) + 1}"
        order = enter_orders(connection, database, [number], read_ids(connection, Establishment)[:1])[0]
        products = read_ids(connection, Product)
        enter_lines(connection, [(order, products[n % PRODUCTS], n) for n in range(LINES)])
    return number


def _many_orders(database: Database) -> int:
    """Orders of each establishment that wait for each other one, their goods set aside there; the first one's id."""
    with database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="cancelled"))  # what a round before left
        seen = len(read_ids(connection, SalesOrder))
        places = read_ids(connection, Establishment)
        depot_of = {place: _depots_of(connection, place) for place in places}
        ways = [(a, b) for a in places for b in places if a != b]
        chosen = [ways[n % len(ways)] for n in range(ORDERS)]
        orders = enter_orders(
            connection, database, [f"BENCH{seen + n + 1}" for n in range(ORDERS)], [a for a, _b in chosen]
        )
        products = read_ids(connection, Product)
        lines = enter_lines(connection, [(order, products[n % PRODUCTS], 1) for n, order in enumerate(orders)])
        at = database.now()
        insert_rows(
            connection,
            Allocation,
            [
                {"sales_order_line_id": line, "depot_id": depot_of[b][0], "route": "indirect"}
                | {"quantity": _ONE, "remainder": Decimal(0)}
                for line, (_a, b) in zip(lines, chosen, strict=True)
            ],
        )
        held = connection.execute(
            select(Allocation.id, Allocation.depot_id, SalesOrderLine.product_id)
            .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
            .where(SalesOrderLine.id >= lines[0])
        ).all()
        insert_rows(
            connection,
            Reservation,
            [
                {"allocation_id": row.id, "depot_id": row.depot_id, "product_id": row.product_id, "kind": "stock"}
                | {"quantity": _ONE, "state": "active", "created_at": at}
                for row in held
            ],
        )
    analyse(database)
    return orders[0]


def enter_orders(
    connection: Connection, database: Database, numbers: Sequence[str], places: Sequence[int]
) -> list[int]:
    """Accepted orders with these numbers, each of one of these establishments; their ids."""
    customer = connection.execute(select(Party.id).where(Party.code == "C1")).scalar_one()
    depots = {place: _depots_of(connection, place)[0] for place in set(places)}
    at = database.now()
    rows = [
        {"number": number, "issue_date": DAY, "customer_id": customer, "state": "accepted", "created_at": at}
        | {"allocated_at": at, "establishment_id": place, "depot_id": depots[place], **_NOTHING}
        for number, place in zip(numbers, places, strict=True)
    ]
    insert_rows(connection, SalesOrder, rows)
    return read_ids(connection, SalesOrder)[-len(rows) :]


def enter_lines(connection: Connection, of: Sequence[tuple[int, int, int]]) -> list[int]:
    """A line of each order and product, and at which place less one; their ids."""
    rows = [
        {"sales_order_id": order, "position": n + 1, "line_id": f"L{n + 1}", "product_id": product, **_GOODS}
        | {"product_code": "P", "name": "Produit", **_AMOUNTS}
        for order, product, n in of
    ]
    insert_rows(connection, SalesOrderLine, rows)
    return read_ids(connection, SalesOrderLine)[-len(rows) :]


def _allocate(database: Database, number: str) -> None:
    with database.transaction() as connection:
        made = allocate_order(connection, number, by="bench", at=database.now())
    if (made.lines, made.short) != (LINES, 0):
        raise AssertionError(f"{made.lines} lines were allocated, {made.short} of them not wholly")


def _take(database: Database, _number: str) -> None:
    with database.transaction() as connection:
        depots, products = read_ids(connection, Depot), read_ids(connection, Product)
        lines = read_ids(connection, SalesOrderLine)[-LINES:]
        taken = [(depots[(10 - n % 10) % 10], products[n % PRODUCTS]) for n in range(LINES)]
        rows = [{"depot": depot, "product": product, "more": _ONE} for depot, product in taken]
        connection.execute(_TAKE, rows)
        insert_rows(
            connection,
            Allocation,
            [
                {"sales_order_line_id": line, "depot_id": depot, "route": "direct"}
                | {"quantity": _ONE, "remainder": Decimal(0)}
                for line, (depot, _product) in zip(lines, taken, strict=True)
            ],
        )


def _pair_up(database: Database, _first: int) -> None:
    made = list(order_pairs(database, Wanted(), by="bench", at=database.now()))
    wanted = ESTABLISHMENTS * (ESTABLISHMENTS - 1)
    if (len(made), sum(len(pair.lines) for pair in made)) != (wanted, ORDERS):
        raise AssertionError(f"{len(made)} pairs were made instead of {wanted}")


def _insert_pairs(database: Database, first: int) -> None:
    """The rows that six pairs make, for lines that are there: heads, both sides' lines, and three reservations each."""
    at = database.now()
    with database.transaction() as connection:
        parties = read_ids(connection, Party)
        depot, place = read_ids(connection, Depot)[0], read_ids(connection, Establishment)[0]
        seen = len(read_ids(connection, PurchaseOrder))
        where = {"establishment_id": place, "depot_id": depot, "issue_date": DAY, **_NOTHING}
        pairs = ESTABLISHMENTS * (ESTABLISHMENTS - 1)
        bought = [
            {"number": f"BUY{seen + n}", "supplier_id": parties[0], "state": "accepted", "operation_code_id": 3}
            | {"created_at": at, "updated_at": at, **where}
            for n in range(pairs)
        ]
        insert_rows(connection, PurchaseOrder, bought)
        sold = [
            {"number": f"PAIR{seen + n}", "customer_id": parties[0], "state": "accepted", "created_at": at, **where}
            for n in range(pairs)
        ]
        insert_rows(connection, SalesOrder, sold)
        heads = {
            PurchaseOrderLine: read_ids(connection, PurchaseOrder),
            SalesOrderLine: read_ids(connection, SalesOrder),
        }
        for table, key in ((PurchaseOrderLine, "purchase_order_id"), (SalesOrderLine, "sales_order_id")):
            of = heads[table][-pairs:]
            rows = [
                {key: of[n % pairs], "position": n + 1, "line_id": f"{n + 1}", "product_code": "P", "name": "Produit"}
                | {**_GOODS, **_AMOUNTS}
                for n in range(ORDERS)
            ]
            insert_rows(connection, table, rows)
        held = connection.execute(
            select(Allocation.id)
            .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
            .where(SalesOrderLine.sales_order_id >= first)
        ).scalars()
        product = read_ids(connection, Product)[0]
        reserved = [
            {"allocation_id": each, "depot_id": depot, "product_id": product, "kind": "stock", "quantity": _ONE}
            | {"state": "released", "created_at": at, "ended_at": at}
            for each in held
            for _ in range(3)
        ]
        insert_rows(connection, Reservation, reserved)


def _show_ms(database: Database) -> float:
    """The median of showing one product in all depots, among all that lies there."""
    seconds = []
    for n in range(SHOWN):
        began = time.perf_counter()
        with database.read() as connection:
            page = list_stock(connection, product=f"P{n}")
        seconds.append(time.perf_counter() - began)
        if len(page.rows) != DEPOTS:
            raise AssertionError(f"{len(page.rows)} depots instead of {DEPOTS}")
    return median(seconds) * 1000


def read_ids(connection: Connection, table: type[Table]) -> list[int]:
    """All ids of a table, in their order."""
    column = table.__table__.c.id
    return list(connection.execute(select(column).order_by(column)).scalars())


def _depots_of(connection: Connection, place: int) -> list[int]:
    return list(
        connection.execute(select(Depot.id).where(Depot.establishment_id == place).order_by(Depot.id)).scalars()
    )


def analyse(database: Database) -> None:
    """Let the base know how much is in it now."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
