"""`python -m tests.erp.selling.invoicing_process URL ORDER`: a process that invoices an order where it is to be.

It prints `started`, waits for a line, then prints the invoice's number.
"""

from __future__ import annotations

import sys

from intergestan_db.database import Database, utc_now
from intergestan_erp.selling.invoicing import invoice


def main(url: str, order: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    with database.transaction() as connection:
        print(invoice(connection, [order], by="m", at=utc_now()), flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
