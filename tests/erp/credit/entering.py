"""`python -m tests.erp.credit.entering URL CUSTOMER PRICE`: a process that enters one order once it gets a line.

It prints `started`, waits for a line, then prints the number of the order, or `blocked`.
"""

from __future__ import annotations

import sys
from decimal import Decimal

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order


def main(url: str, customer: str, price: str) -> None:
    database = Database(url)
    typed = Typed(customer_id=int(customer), lines=(TypedLine("CAS16", Decimal(1), Decimal(price)),))
    print("started", flush=True)
    sys.stdin.readline()
    try:
        with database.transaction() as connection:
            print(enter_order(connection, typed, by="marie", at=utc_now()).number, flush=True)
    except Problem as problem:
        if problem.code is not ProblemCode.CREDIT_BLOCKED:
            raise
        print("blocked", flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
