"""`python -m tests.erp.books.closing URL WHAT`: a process that works at the end of 2026.

WHAT is `bill` (delivers and invoices each order by itself) or `close` (closes the year in the midst of it). It prints
`started`, waits for a line, then what each act did.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from sqlalchemy import func, select

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import Invoice, SalesOrder
from intergestan_erp.books.closing import close_year
from intergestan_erp.books.folders import folder_called
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from tests.patience import eventually

LAST_EVENING = datetime(2026, 12, 31, 18, tzinfo=UTC)


def main(url: str, what: str) -> None:
    database = Database(url, lambda: LAST_EVENING)
    print("started", flush=True)
    sys.stdin.readline()
    if what == "close":
        _close(database)
    else:
        _bill(database)
    database.dispose()


def _bill(database: Database) -> None:
    with database.read() as connection:
        numbers = connection.execute(select(SalesOrder.number).order_by(SalesOrder.id)).scalars().all()
    for number in numbers:
        try:
            with database.transaction() as connection:
                deliver(connection, number, None, by="m", at=LAST_EVENING)
                made = invoice(connection, [number], by="m", at=LAST_EVENING)
            print(made, flush=True)
        except Problem:
            print("refused", flush=True)


def _close(database: Database) -> None:
    def are_three() -> bool:
        with database.read() as connection:
            return bool(connection.execute(select(func.count()).select_from(Invoice)).scalar_one() >= 3)

    eventually(are_three)
    with database.transaction() as connection:
        close_year(connection, folder_called(connection, None), "2026", by="marie", at=LAST_EVENING)
    print("closed", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
