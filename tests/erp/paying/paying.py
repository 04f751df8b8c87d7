"""`python -m tests.erp.paying.paying URL COUNT WHAT`: a process that settles what a customer owes, as often as it can.

WHAT is `pay` (payments, the oldest first), `say` (payments for FA1) or `settle` (what lies on account of RG1), or
`credit` (credit notes of a hundredth of FA1). It prints `started`, waits for a line, then what each act settled, or
`refused`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.database import Database, utc_now
from intergestan_db.enums import PaymentMethod
from intergestan_db.problem import Problem
from intergestan_db.tables import Partner
from intergestan_erp.paying import payments
from intergestan_erp.paying.settling import Settled
from intergestan_erp.paying.shares import Share
from intergestan_erp.selling import credit_notes

SHARE = [Share("FA1", None, Decimal(7))]


def main(url: str, count: str, what: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        try:
            with database.transaction() as connection:
                settled = ACTS[what](connection)
            print(sum((part.amount for part in settled.parts), Decimal(0)), flush=True)
        except Problem:
            print("refused", flush=True)
    database.dispose()


def _pay(connection: Connection, shares: list[Share] | None = None) -> Settled:
    customer = connection.execute(select(Partner.party_id)).scalar_one()
    new = payments.NewPayment(amount=Decimal(7), method=PaymentMethod.CASH)
    return payments.add(connection, customer, new, shares, by="m", at=utc_now())


ACTS: dict[str, Callable[[Connection], Settled]] = {
    "pay": _pay,
    "say": lambda connection: _pay(connection, SHARE),
    "settle": lambda connection: payments.settle(connection, "RG1", SHARE, by="m", at=utc_now()),
    "credit": lambda connection: (
        credit_notes.credit(connection, "FA1", "Damaged", {1: Decimal("0.01")}, by="m", at=utc_now()).settled
    ),
}

if __name__ == "__main__":
    main(*sys.argv[1:])
