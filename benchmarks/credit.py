"""What 10 000 customers owe, read from a year's orders, deliveries, invoices and payments (T22).

Each customer has an order that is open, one of which half has left, and two that were invoiced and paid; a tenth of
them are above their maximum.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, select

from benchmarks.machine import Servers, cpu_seconds
from intergestan_db.database import Database
from intergestan_db.tables import (
    AccountingFolder,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Establishment,
    Invoice,
    InvoiceDue,
    InvoiceLine,
    OperationCode,
    Party,
    Payment,
    SalesOrder,
    SalesOrderLine,
    Settlement,
)
from intergestan_erp.credit.exposure import read_delivered
from intergestan_erp.credit.listing import count_over, list_credit
from intergestan_erp.site.credit_rules import CreditRules
from tests.databases import migrate_base
from tests.site_factories import make_site

ORDERS = 4
LINES = 2
DAY = date(2026, 11, 30)
_RULES = CreditRules()
_AT_ONCE = 500


@contextmanager
def databases(machine: Servers) -> Iterator[list[Database]]:
    """A migrated base of either kind."""
    with TemporaryDirectory() as folder:
        urls = (machine.postgres.create_database(), f"sqlite:///{folder}/credit.db")
        made = [Database(url) for url in urls]
        for url in urls:
            migrate_base(url)
        for database in made:
            make_site(database)  # its dossier is where orders belong
        yield made
        for database in made:
            database.dispose()


def measure(databases: Sequence[Database], servers: Sequence[int], customers: int) -> dict[str, float]:
    """The seconds of the list of all, page by page, and of counting who is above the maximum; each beside its CPU time,
    with that of these servers, which tells more than the clock on a machine that does other things, too.
    """
    found: dict[str, float] = {"credit_customers": float(customers)}
    for database in databases:
        fill(database, customers)
        suffix = "_sqlite" if database.is_sqlite else ""
        for name, work, wanted in (("list", _list, customers), ("over", _count, customers // 10)):
            cpu, began = cpu_seconds(servers), time.perf_counter()
            counted = work(database)
            found[f"credit_{name}_s{suffix}"] = time.perf_counter() - began
            found[f"credit_{name}_cpu_s{suffix}"] = cpu_seconds(servers) - cpu
            if counted != wanted:
                raise AssertionError(f"{name}: {counted} customers instead of {wanted}")
    return found


def _list(database: Database) -> int:
    """All customers with all parts of what they owe, as `credit list --json` reads them."""
    rows, after = 0, None
    while True:
        with database.read() as connection:
            page = list_credit(connection, DAY, _RULES, size=1000, after=after)
            read_delivered(connection, [each.id for each in page.rows])
        rows, after = rows + len(page.rows), page.after
        if after is None:
            return rows


def _count(database: Database) -> int:
    with database.read() as connection:
        return count_over(connection, DAY, _RULES)


def fill(database: Database, customers: int) -> None:
    """Plain rows: what they say adds up as the acts would have written it."""
    at = database.now()
    with database.read() as connection:
        place, depot, folder, code = (
            connection.execute(select(table.id).order_by(table.id).limit(1)).scalar_one()
            for table in (Establishment, Depot, AccountingFolder, OperationCode)
        )
    notes = {"depot_id": depot, "operation_code_id": code, "invoicing_establishment_id": place}
    where: dict[Any, dict[str, int]] = {
        DeliveryNote: {"establishment_id": place, **notes},
        Invoice: {"establishment_id": place, "accounting_folder_id": folder},
        Payment: {"establishment_id": place},
    }
    for first in range(1, customers + 1, _AT_ONCE):
        tables: dict[Any, list[dict[str, Any]]] = {
            table: []
            for table in (
                *(Party, SalesOrder, SalesOrderLine, DeliveryNote, DeliveryNoteLine),
                *(Invoice, InvoiceDue, InvoiceLine, Payment, Settlement),
            )
        }
        for customer in range(first, min(first + _AT_ONCE, customers + 1)):
            _customer(tables, customer, at)
        with database.transaction() as connection:
            for table, rows in tables.items():
                connection.execute(insert(table), [row | where.get(table, {}) for row in rows])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _customer(tables: dict[Any, list[dict[str, Any]]], customer: int, at: Any) -> None:
    most = Decimal(100 if customer % 10 == 0 else 10_000)
    made = {"created_at": at, "created_by": "bench"}
    tables[Party].append({"id": customer, "code": f"C{customer}", "name": "C", "is_customer": True, "credit_max": most})
    sums = {"currency": "EUR", "total_ht": Decimal(200), "total_vat": Decimal(40), "total_ttc": Decimal(240)}
    for place in range(ORDERS):
        order = customer * ORDERS + place
        head = {"id": order, "number": f"CCL{order}", "issue_date": DAY, "customer_id": customer, **sums}
        mark = "none" if place <= 1 else "all"
        tables[SalesOrder].append({**head, "state": "accepted", "invoiced": mark, "created_at": at})
        lines = [order * LINES + each for each in range(LINES)]
        goods = {"name": "G", "unit": "C62"}
        price = {"price": Decimal(10), "base_quantity": Decimal(1), "vat_category": "S", "vat_rate": Decimal(20)}
        for position, line in enumerate(lines, start=1):
            own = {
                "id": line,
                "sales_order_id": order,
                "line_id": f"L{position}",
                "position": position,
                **goods,
                **price,
            }
            tables[SalesOrderLine].append(
                {**own, "quantity": Decimal(10), "allowance": Decimal(0), "total": Decimal(100)}
            )
        if place == 0:
            continue
        left = Decimal(5 if place == 1 else 10)
        tables[DeliveryNote].append(
            {"id": order, "number": f"BL{order}", "issue_date": DAY, "customer_id": customer, **made}
        )
        for position, line in enumerate(lines, start=1):
            own = {"id": line, "delivery_note_id": order, "position": position, "sales_order_line_id": line, **goods}
            tables[DeliveryNoteLine].append({**own, "quantity": left})
        if place == 1:
            continue
        head |= {"number": f"FA{order}", "due_date": DAY, **made}
        tables[Invoice].append(head)
        tables[InvoiceDue].append({"id": order, "invoice_id": order, "n": 1, "due_date": DAY, "amount": Decimal(240)})
        for position, line in enumerate(lines, start=1):
            own = {"invoice_id": order, "position": position, "delivery_note_line_id": line, **goods, **price}
            tables[InvoiceLine].append({**own, "quantity": left, "total": Decimal(100)})
        paid = {"id": order, "number": f"RG{order}", "party_id": customer, "received_on": DAY, "due_date": DAY}
        tables[Payment].append({**paid, "amount": Decimal(240), "method": "transfer", "state": "entered", **made})
        own = {"payment_id": order, "invoice_due_id": order, "amount": Decimal(240)}
        tables[Settlement].append({**own, "settled_on": DAY, "created_at": at})
