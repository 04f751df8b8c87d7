"""`python -m tests.pipeline.making_room URL NOW ACT ABOUT WHAT`: a process that lets an order that waits go on.

By `release REF REASON` a person lets it pass, by `pay CUSTOMER AMOUNT` there is room. It prints `started`, waits for a
line, does it, and prints `done`.
"""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_erp.paying.payments import NewPayment
from intergestan_exchange.credit_holds import acts
from intergestan_exchange.holds import hold_acts


def main(url: str, now: str, act: str, about: str, what: str) -> None:
    database, at = Database(url), datetime.fromisoformat(now)
    print("started", flush=True)
    sys.stdin.readline()
    with database.transaction() as connection:
        if act == "release":
            hold_acts.release(connection, [about], by="anne", at=at, override=what)
        else:
            new = NewPayment(amount=Decimal(what), method=PaymentMethod.TRANSFER)
            acts.add_payment(connection, int(about), new, by="test", at=at)
    print("done", flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
