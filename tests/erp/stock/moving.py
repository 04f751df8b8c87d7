"""`python -m tests.erp.stock.moving URL COUNT DEPOT`: a process that takes pieces out of AB into a depot, one by one.

It prints `started`, waits for a line, then `moved` or `refused` for each.
"""

from __future__ import annotations

import sys
from decimal import Decimal

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.stock.entry import Goods, transfer


def main(url: str, count: str, depot: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    codes = ("ALB0002", "ALB0003") if depot == "RD" else ("ALB0003", "ALB0002")
    for _ in range(int(count)):
        try:
            with database.transaction() as connection:
                goods = [Goods(code, Decimal(1)) for code in codes]
                transfer(connection, in_depot(connection, "AB"), goods, depot, by=depot, at=utc_now())
            print("moved", flush=True)
        except Problem:
            print("refused", flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
