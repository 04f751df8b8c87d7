"""`python -m tests.erp.selling.acting URL NOW ACT WHAT…`: a process that does one thing once it gets a line.

ACT is `deliver ORDER`, `invoice REF`, `accept QUOTE`, `enter CUSTOMER` (two CAS16) or `run ESTABLISHMENT` (deferred
invoicing, two invoices in a transaction). It prints `started`, waits for a line, then prints what it made, or why not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.deferred import in_batches
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.selling.quotes import accept_quote
from tests.at_once import at_once

Act = Callable[..., Any]
"""Of a connection and what it is about; it returns what was made."""


def told(database: Database, now: datetime, *acts: Sequence[object]) -> list[str]:
    """What each of these acts, done at once by a process of its own, was told; sorted."""
    url, day = database.url, now.isoformat()
    said = at_once("tests.erp.selling.acting", *((url, day, *act) for act in acts))
    return sorted(line for lines in said for line in lines)


def main(url: str, now: str, act: str, *what: str) -> None:
    at = datetime.fromisoformat(now)
    database = Database(url, lambda: at)
    print("started", flush=True)
    sys.stdin.readline()
    try:
        if act == "run":
            invoice_runs.in_batches = partial(in_batches, most_invoices=2)  # type: ignore[attr-defined]  # as it sees it
            print(len(list(invoice_runs.run(database, int(what[0]), NotesWanted(), by="m", at=at))), flush=True)
        else:
            with database.transaction() as connection:
                made = ACTS[act](connection, *what, by="m", at=at)
            print(made, flush=True)
    except Problem as problem:
        print(problem, flush=True)
    database.dispose()


def _enter(connection: Any, customer: str, *, by: str, at: datetime) -> str:
    typed = Typed(customer_id=int(customer), lines=(TypedLine("CAS16", Decimal(2)),))
    return enter_order(connection, typed, by=by, at=at).number


ACTS: dict[str, Act] = {
    "deliver": lambda connection, number, **who: deliver(connection, number, None, **who),
    "invoice": lambda connection, ref, **who: invoice(connection, [ref], **who),
    "accept": lambda connection, number, **who: accept_quote(connection, number, **who).number,
    "enter": _enter,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
