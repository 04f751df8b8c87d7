"""`python -m tests.erp.stock.allocating URL CHOICE ORDER…`: a process that allocates these orders once it gets a line.

It prints `started`, waits for a line, then prints for each order `full`, `short` or `refused`, on one line. A choice of
`-` takes the proposal.
"""

from __future__ import annotations

import sys

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.typed_shares import read_shares


def main(url: str, choice: str, *orders: str) -> None:
    database = Database(url)
    choices = {} if choice == "-" else {"L1": read_shares(choice)}
    print("started", flush=True)
    sys.stdin.readline()
    said = []
    for order in orders:
        try:
            with database.transaction() as connection:
                found = allocate_order(connection, order, choices, by="marie", at=utc_now())
            said.append("short" if found.short else "full")
        except Problem as problem:
            if problem.code is not ProblemCode.NOT_LEFT:
                raise
            said.append("refused")
    print(" ".join(said), flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
