"""Deferred invoicing of very many delivery notes (A25 to A31), beside writing the same rows and nothing else.

Each customer has orders that left on one delivery note each; all of a customer's make one invoice. The floor inserts
the rows of the invoices that the run has made, by the same means, in transactions of the same size.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import func, insert, select

from benchmarks.machine import Servers
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Dossier,
    Entry,
    EntryLine,
    Event,
    Invoice,
    InvoiceDue,
    InvoiceLine,
    InvoiceVat,
    Party,
    SalesOrder,
    SalesOrderLine,
    Table,
)
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.open_goods import NotesWanted
from tests.databases import migrate_base
from tests.site_factories import make_site

LINES: Final = 3
DAY: Final = date(2026, 11, 2)
_AT_ONCE: Final = 2_000
_BATCH: Final = 5_000
_MADE: Final[tuple[tuple[type[Table], str], ...]] = (
    *((Invoice, "id"), (InvoiceLine, "id"), (InvoiceVat, "id"), (InvoiceDue, "id")),
    *((Entry, "id"), (EntryLine, "entry_id"), (Event, "id")),
)
"""The tables that a run writes, each with the number by which its rows are read back."""


@contextmanager
def databases(machine: Servers) -> Iterator[list[Database]]:
    """A migrated base of either kind, and another one for the floor."""
    with TemporaryDirectory() as folder:
        urls = [
            *(machine.postgres.create_database() for _ in range(2)),
            *(f"sqlite:///{folder}/{name}.db" for name in ("run", "floor")),
        ]
        for url in urls:
            migrate_base(url)
        made = [Database(url) for url in urls]
        yield made
        for database in made:
            database.dispose()


def measure(databases: Sequence[Database], notes: int, customers: int) -> dict[str, float]:
    """The seconds of preview, run and floor, and the memory of the run."""
    found: dict[str, float] = {"invoice_run_notes": float(notes)}
    for ours, floor in zip(databases[::2], databases[1::2], strict=True):
        suffix = "_sqlite" if ours.is_sqlite else ""
        for database in (ours, floor):
            make_site(database)
            fill(database, notes, customers)
        place = _establishment(ours)
        began = time.perf_counter()
        shown = sum(1 for _ in invoice_runs.preview(ours, place, NotesWanted()))
        found[f"invoice_preview_s{suffix}"] = time.perf_counter() - began
        began = time.perf_counter()
        run = invoice_runs.run(ours, place, NotesWanted(), by="bench", at=ours.now())
        made = sum(1 for _ in run)
        seconds = time.perf_counter() - began
        bare = write_bare(ours, floor)
        if (shown, made) != (customers, customers):
            raise AssertionError(f"{shown} invoices were shown, and {made} made")
        found |= {f"invoice_run_s{suffix}": seconds, f"invoice_run_floor_s{suffix}": bare}
        found[f"invoice_run_over_floor{suffix}"] = seconds / bare
    found["invoice_run_peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def write_bare(ours: Database, floor: Database) -> float:
    """The seconds of inserting the rows that a run has made, and nothing else; only some of them are in memory."""
    seconds = 0.0
    for table, key in _MADE:
        column = table.__table__.c[key]
        after = _newest(floor, column) if table is Event else 0
        last = _newest(ours, column)
        while after < last:
            rows = _rows(ours, select(table.__table__).where(column > after, column <= after + _BATCH).order_by(column))
            after += _BATCH
            began = time.perf_counter()
            with floor.transaction() as connection:
                insert_rows(connection, table, rows)
            seconds += time.perf_counter() - began
    return seconds


def _newest(database: Database, column: Any) -> int:
    with database.read() as connection:
        return connection.execute(select(func.max(column))).scalar() or 0


def _rows(database: Database, query: Any) -> list[dict[str, Any]]:
    with database.read() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    return [row | ({"invoice_run_id": None} if "invoice_run_id" in row else {}) for row in found]


def fill(database: Database, notes: int, customers: int) -> None:
    """Plain rows: what they say adds up as the acts would have written it."""
    place = _establishment(database)
    with database.read() as connection:
        depot = connection.execute(select(Depot.id)).scalar_one()
        code = connection.execute(select(Dossier.customer_op_billable_id)).scalar_one()
    where = {"establishment_id": place, "depot_id": depot, "operation_code_id": code}
    at = database.now()
    with database.transaction() as connection:
        connection.execute(
            insert(Party),
            [
                {
                    "id": n,
                    "code": f"C{n:06}",
                    "name": f"Client {n}",
                    "is_customer": True,
                    "invoice_grouping": "customer",
                }
                for n in range(1, customers + 1)
            ],
        )
    sums = {"currency": "EUR", "total_ht": Decimal(30), "total_vat": Decimal(6), "total_ttc": Decimal(36)}
    goods = {"product_code": "G", "name": "Goods", "unit": "C62", "quantity": Decimal(1)}
    price = {"price": Decimal(10), "base_quantity": Decimal(1), "vat_category": "S", "vat_rate": Decimal(20)}
    for first in range(1, notes + 1, _AT_ONCE):
        tables: dict[type[Table], list[dict[str, Any]]] = {
            table: [] for table in (SalesOrder, SalesOrderLine, DeliveryNote, DeliveryNoteLine)
        }
        for n in range(first, min(first + _AT_ONCE, notes + 1)):
            head = {"id": n, "issue_date": DAY, "customer_id": n % customers + 1, "created_at": at, **where}
            tables[SalesOrder].append({**head, **sums, "number": f"CCL{n}", "state": "accepted"})
            tables[DeliveryNote].append(
                {**head, "number": f"BL{n}", "created_by": "bench", "invoicing_establishment_id": place}
            )
            for position in range(1, LINES + 1):
                own = {"id": n * LINES + position, "position": position, **goods}
                tables[SalesOrderLine].append(
                    {
                        **own,
                        **price,
                        "sales_order_id": n,
                        "line_id": f"L{position}",
                        "allowance": Decimal(0),
                        "total": Decimal(10),
                    }
                )
                tables[DeliveryNoteLine].append({**own, "delivery_note_id": n, "sales_order_line_id": own["id"]})
        with database.transaction() as connection:
            for table, rows in tables.items():
                insert_rows(connection, table, rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _establishment(database: Database) -> int:
    with database.read() as connection:
        place = connection.execute(select(Dossier.default_establishment_id)).scalar_one()
    assert place is not None
    return place
