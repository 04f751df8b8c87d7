"""`python -m tests.erp.selling.typing_process URL DEPOT`: a process in which somebody who is there types an entry.

It prints `started`, waits for a line, then prints the number of the accounting folder whose books the entry is in.
"""

from __future__ import annotations

import sys
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.database import Database, utc_now
from intergestan_db.enums import Journal
from intergestan_db.tables import AccountingFolder
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.books.folders import folder_at
from intergestan_erp.books.typed import TypedEntry, TypedLine, enter

ENTRY = TypedEntry(
    journal=Journal.OTHER,
    lines=(TypedLine("606100", Decimal(40)), TypedLine("512000", Decimal(-40))),
    piece="F42",
    label="Supplies",
    titles={"606100": "Fournitures"},
)


def type_entry(connection: Connection, depot: str) -> int:
    """Type it; the number of the folder."""
    written = enter(connection, folder_at(connection, in_depot(connection, depot)), ENTRY, by="marie", at=utc_now())
    number: int = connection.execute(
        select(AccountingFolder.number).where(AccountingFolder.id == written.folder_id)
    ).scalar_one()
    return number


def main(url: str, depot: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    with database.transaction() as connection:
        number = type_entry(connection, depot)
    print(number, flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
