"""`python -m tests.erp.pairs.ordering_process URL ORDER`: a process that orders what waits, of one order or of all (-).

It prints `started`, waits for a line, then prints the numbers of the orders that it made.
"""

from __future__ import annotations

import sys

from intergestan_db.database import Database, utc_now
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted


def main(url: str, order: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    wanted = Wanted() if order == "-" else Wanted(order=order)
    for made in order_pairs(database, wanted, by="marie", at=utc_now()):
        print(made.purchase_order, made.sales_order, flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
