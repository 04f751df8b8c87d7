"""A page of any list, and any one order, beside 100 000 orders on each side: at most 50 ms of CPU each.

Purchase orders are plain rows of 200 suppliers, as many in each state; sales orders are those of `credit.py`, four of
each customer, delivered and invoiced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, func, insert, select

from benchmarks import credit
from benchmarks.machine import Servers, cpu_seconds
from intergestan_db.database import Database
from intergestan_db.enums import PurchaseState
from intergestan_db.tables import Event, Party, PurchaseOrder, PurchaseOrderLine
from intergestan_erp.listing.page import Page, mark
from intergestan_erp.listing.purchase import list_purchases
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.ordering.stored_order import read_stored
from intergestan_erp.purchasing.purchase_orders import Selection, show_order
from intergestan_erp.selling.sales import show_sales_order
from intergestan_exchange.holds.holds import list_holds_page
from intergestan_exchange.listing.events import list_events
from tests.databases import migrate_base
from tests.site_factories import make_site

SUPPLIERS = 200
ROUNDS = 20
"""The clock of other processes counts in hundredths of a second."""
_AT_ONCE = 2_000
_FIRST_SUPPLIER = 10_000_000
_STATES = tuple(PurchaseState)

Read = Callable[[Connection], object]


@contextmanager
def databases(machine: Servers) -> Iterator[list[Database]]:
    """A migrated base of either kind."""
    with TemporaryDirectory() as folder:
        urls = (machine.postgres.create_database(), f"sqlite:///{folder}/lists.db")
        made = [Database(url) for url in urls]
        for url in urls:
            migrate_base(url)
        for database in made:
            make_site(database)  # its dossier is where orders belong
        yield made
        for database in made:
            database.dispose()


def measure(databases: Sequence[Database], servers: Sequence[int], orders: int) -> dict[str, float]:
    """The CPU ms, with that of these servers, of the dearest page and of the dearest order; and of each by name."""
    found: dict[str, float] = {"lists_orders": float(orders)}
    for database in databases:
        fill(database, orders)
        suffix = "_sqlite" if database.is_sqlite else ""
        with database.read() as connection:
            pages = {name: _ms(connection, read, servers) for name, read in _pages(connection).items()}
            shown = {name: _ms(connection, read, servers) for name, read in _orders(orders).items()}
        found |= {f"lists_{name}_ms{suffix}": value for name, value in (pages | shown).items()}
        found[f"lists_page_ms{suffix}"] = max(pages.values())
        found[f"lists_order_ms{suffix}"] = max(shown.values())
    return found


def _ms(connection: Connection, read: Read, servers: Sequence[int]) -> float:
    read(connection)  # the first one builds its statements
    before = cpu_seconds(servers)
    for _ in range(ROUNDS):
        read(connection)
    return (cpu_seconds(servers) - before) * 1000 / ROUNDS


def _pages(connection: Connection) -> Mapping[str, Read]:
    every, confirmed = Selection(everything=True), Selection()
    days = connection.execute(select(func.min(PurchaseOrder.issue_date), func.max(PurchaseOrder.issue_date))).one()
    middle, last = (mark([day, 0]) for day in (days[0] + (days[1] - days[0]) / 2, days[1] - timedelta(days=7)))
    return {
        "purchases_first": lambda base: _full(list_purchases(base, every)),
        "purchases_middle": lambda base: _full(list_purchases(base, every, after=middle)),
        "purchases_last": lambda base: _full(list_purchases(base, every, after=last)),
        "purchases_confirmed": lambda base: _full(list_purchases(base, confirmed)),
        "purchases_drafts_newest": lambda base: _full(
            list_purchases(base, every, states=[PurchaseState.DRAFT], newest_first=True)
        ),
        "sales_first": lambda base: _full(list_sales_page(base, WhichSales())),
        "sales_open": lambda base: _full(list_sales_page(base, WhichSales(settled=False), newest_first=False)),
        "events": lambda base: _full(list_events(base)),
        "holds": list_holds_page,
    }


def _orders(orders: int) -> Mapping[str, Read]:
    return {
        "one_purchase": lambda base: show_order(base, f"CFR{orders // 2}"),
        "one_draft_to_edit": lambda base: read_stored(base, f"CFR{orders // 2}"),
        "one_sale": lambda base: show_sales_order(base, f"CCL{orders // 2 + 3}"),
    }


def _full(page: Page[Any]) -> Page[Any]:
    if len(page.rows) != 50:
        raise AssertionError(f"{len(page.rows)} rows instead of 50")
    return page


def fill(database: Database, orders: int) -> None:
    """As many purchase orders as sales orders, over three years."""
    credit.fill(database, orders // credit.ORDERS)
    at, begin = database.now(), date(2024, 1, 1)
    with database.transaction() as connection:
        connection.execute(
            insert(Party),
            [
                {"id": _FIRST_SUPPLIER + place, "code": f"F{place}", "name": f"F {place}", "is_supplier": True}
                for place in range(SUPPLIERS)
            ],
        )
    sums = {"currency": "EUR", "total_ht": Decimal(200), "total_vat": Decimal(40), "total_ttc": Decimal(240)}
    goods = {"name": "G", "unit": "C62", "price": Decimal(10), "base_quantity": Decimal(1), "vat_category": "S"}
    goods |= {"vat_rate": Decimal(20), "quantity": Decimal(10), "allowance": Decimal(0), "total": Decimal(100)}
    for first in range(1, orders + 1, _AT_ONCE):
        some = range(first, min(first + _AT_ONCE, orders + 1))
        heads = [
            {
                "id": order,
                "number": f"CFR{order}",
                "issue_date": begin + timedelta(days=order * 1000 // orders),
                "supplier_id": _FIRST_SUPPLIER + order % SUPPLIERS,
                "state": _STATES[order % len(_STATES)],
                "created_at": at,
                "updated_at": at,
                **sums,
            }
            for order in some
        ]
        lines = [
            {"purchase_order_id": order, "line_id": str(place), "position": place, **goods}
            for order in some
            for place in (1, 2)
        ]
        events = [
            {
                "at": at,
                "who": "bench",
                "subject": "purchase_order",
                "subject_id": order,
                "name": "enter",
                "new": "draft",
            }
            for order in some
        ]
        with database.transaction() as connection:
            for table, rows in ((PurchaseOrder, heads), (PurchaseOrderLine, lines), (Event, events)):
                connection.execute(insert(table), rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
