"""`python -m tests.erp.picking.slip_process URL ACT ARGUMENT…`: a process that acts on slips once it gets a line.

It prints `started`, waits for a line, then does it and prints what became of it, a line each: `validate` all slips of
AB that are ready, `make` slips of orders, `leave` with a slip that is entered, `go` with one that is ready, `cancel` an
order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.picking import entering
from intergestan_erp.picking.listing import show_slip
from intergestan_erp.picking.making import make_slips
from intergestan_erp.picking.validating import validate
from intergestan_erp.selling.cancelling import cancel_order


def main(url: str, act: str, *arguments: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    acts: dict[str, Callable[..., Iterator[str]]] = {
        "validate": validated,
        "make": made,
        "leave": left,
        "go": gone,
        "cancel": cancelled,
    }
    for line in acts[act](database, *arguments):
        print(line, flush=True)
    database.dispose()


def validated(database: Database, *_arguments: str) -> Iterator[str]:
    """Each slip with its note."""
    with database.read() as connection:
        place = in_depot(connection, "AB")
    for each in validate(database, place, by="paul", at=utc_now()):
        yield f"{each.slip} {each.note}"


def gone(database: Database, slip: str) -> Iterator[str]:
    """A slip that is ready, with its note."""
    with database.read() as connection:
        place = in_depot(connection, show_slip(connection, slip).slip.depot)
    for each in validate(database, place, [slip], by="paul", at=utc_now()):
        yield f"{each.slip} {each.note}"


def made(database: Database, *orders: str) -> Iterator[str]:
    """The slips of these orders."""
    for number in orders:
        with database.transaction() as connection:
            found = make_slips(connection, number, in_depot(connection, "AB"), by="marie", at=utc_now())
        yield from (slip.number for slip in found.slips)


def left(database: Database, slip: str) -> Iterator[str]:
    """The note of a slip that is finished and validated; or that it is not there any more."""
    try:
        with database.transaction() as connection:
            place = in_depot(connection, show_slip(connection, slip).slip.depot)
            entering.finish(connection, slip, place, by="paul", at=utc_now())
    except Problem:
        yield "refused"
        return
    yield from gone(database, slip)


def cancelled(database: Database, number: str) -> Iterator[str]:
    """Whether the order could be cancelled."""
    try:
        with database.transaction() as connection:
            cancel_order(connection, number, None, by="marie", at=utc_now())
    except Problem:
        yield "refused"
    else:
        yield "cancelled"


if __name__ == "__main__":
    main(*sys.argv[1:])
