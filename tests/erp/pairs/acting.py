"""`python -m tests.erp.pairs.acting URL ACT [ARGUMENT…]`: a process that does an act of agencies once it gets a line.

It prints `started`, waits for a line, then prints the number of each document that it made, or `refused` and why. It
dies as if by kill -9 where INTERGESTAN_CRASH names a commit, or before the statement that DYING_AT counts.

ACT is `deliver ORDER DEPOT`, `receive NOTE DEPOT`, `order` (all that waits), `invoices` (a run at AB), `invoice NOTE…`,
`cancel ORDER` or `allocate ORDER`; of picking slips `make` (of all that is open at AB), `finish SLIP DEPOT`, `validate
DEPOT` (all that are ready) and `return NOTE DEPOT` (one of its first line, and its credit note).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection, event

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.pairs.receiving import receive
from intergestan_erp.picking import entering
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.making import MadeSlips, make_all
from intergestan_erp.picking.returning import enter_return
from intergestan_erp.picking.validating import validate
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.deferred import in_batches
from intergestan_erp.selling.invoice_runs import FutureInvoice
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.stock.allocate import allocate_order
from intergestan_runtime.crashpoint import dying_at_commit
from tests.site_factories import NOW

DYING_AT: Final = "DYING_AT"
WHO: Final[Mapping[str, Any]] = {"by": "marie"}


def main(url: str, act: str, *arguments: str) -> None:
    database = Database(url, lambda: NOW)
    if dying := dying_at_commit():
        database.at_commit = dying
    if number := os.environ.get(DYING_AT):
        _die_at(database, int(number))
    print("started", flush=True)
    sys.stdin.readline()
    try:
        for made in ACTS[act](database, *arguments):
            print(made, flush=True)
    except Problem as problem:
        print("refused", problem.code, flush=True)
    database.dispose()


def _die_at(database: Database, number: int) -> None:
    statements = count(1)

    @event.listens_for(database.engine, "before_cursor_execute")
    def die(*_told: Any) -> None:
        if next(statements) == number:
            os.kill(os.getpid(), signal.SIGKILL)


def _in_one(do: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """An act of one transaction."""

    def act(database: Database, *arguments: str) -> Iterator[Any]:
        with database.transaction() as connection:
            made = do(connection, *arguments)
        yield made

    return act


def _deliver(connection: Connection, order: str, depot: str) -> str:
    return deliver(connection, order, None, place=in_depot(connection, depot), at=NOW, **WHO)


def _receive(connection: Connection, note: str, depot: str) -> str:
    return receive(connection, in_depot(connection, depot), note, at=NOW, **WHO).number


def _invoice(connection: Connection, *notes: str) -> str:
    return invoice(connection, notes, at=NOW, **WHO)


def _cancel(connection: Connection, order: str) -> str:
    cancel_order(connection, order, None, at=NOW, **WHO)
    return order


def _allocate(connection: Connection, order: str) -> str:
    return "short" if allocate_order(connection, order, at=NOW, **WHO).short else "full"


def _order(database: Database) -> Iterable[str]:
    return (made.purchase_order for made in order_pairs(database, Wanted(), at=NOW, **WHO))


def _invoices(database: Database) -> Iterable[str]:
    """A run whose transactions have two invoices each."""
    vars(invoice_runs)["in_batches"] = lambda groups: in_batches(groups, most_invoices=2)
    with database.read() as connection:
        place = in_depot(connection, "AB").establishment_id
    for made in invoice_runs.run(database, place, NotesWanted(), at=NOW, **WHO):
        assert isinstance(made, FutureInvoice)
        yield str(made.number)


def _finish(connection: Connection, slip: str, depot: str) -> str:
    return entering.finish(connection, slip, in_depot(connection, depot), at=NOW, **WHO).slip


def _return(connection: Connection, note: str, depot: str) -> str:
    one = {1: Decimal(1)}
    return enter_return(connection, note, one, "Broken", in_depot(connection, depot), credit=True, at=NOW, **WHO).number


def _make(database: Database) -> Iterator[str]:
    with database.read() as connection:
        place = in_depot(connection, "AB")
    for made in make_all(database, place, at=NOW, **WHO):
        assert isinstance(made, MadeSlips)
        yield from (slip.number for slip in made.slips)


def _validate(database: Database, depot: str) -> Iterator[str]:
    with database.read() as connection:
        place = in_depot(connection, depot)
    return (f"{each.slip} {each.note}" for each in validate(database, place, at=NOW, **WHO))


ACTS: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "deliver": _in_one(_deliver),
    "receive": _in_one(_receive),
    "invoice": _in_one(_invoice),
    "cancel": _in_one(_cancel),
    "allocate": _in_one(_allocate),
    "finish": _in_one(_finish),
    "return": _in_one(_return),
    "make": _make,
    "validate": _validate,
    "order": _order,
    "invoices": _invoices,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
