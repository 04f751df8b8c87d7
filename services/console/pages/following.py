"""What the pages share that ask something of a running service and follow it until it is over: a look, then the act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_exchange.listing.mailboxes import ListedMailbox, list_mailbox_page
from services.console import faults
from services.console.acting import Done, once
from services.console.visit import Visit

NEWEST: Final = 10
"""So many of those that were asked for last are listed."""
_MOST_BOXES: Final = 200
_MOST_ID: Final = 2**63
_QUICK_MS: Final = 1000
_LONG_MS: Final = 5000
_QUICK: Final = timedelta(minutes=2)


class NotThere(Exception):
    """There is nothing of the number in the address."""


def run_of(visit: Visit) -> int | None:
    """The number in the address; None: no row has such a one."""
    run: int = visit.params["run"]
    return run if run < _MOST_ID else None


def read_boxes(connection: Connection, visit: Visit) -> Sequence[ListedMailbox]:
    """The mailboxes to choose from."""
    return list_mailbox_page(connection, visit.now, size=_MOST_BOXES).rows


def again_after(age: timedelta, *, is_over: bool) -> int:
    """After so many milliseconds the page looks again; 0: no more."""
    return 0 if is_over else _QUICK_MS if age < _QUICK else _LONG_MS


def act(visit: Visit, do: Callable[[Connection], Done], refused: Callable[[Problem], Response]) -> Response:
    """Do it once. :param refused: the page that says a problem. :param do: raises `NotThere` where there is none."""
    try:
        return once(visit, do)
    except NotThere:
        return faults.page(visit, 404)
    except Problem as problem:
        return refused(problem)
