"""*Relever les commandes* (G21 to G24): the mailboxes, collecting from them, and what that brought.

A request asks in the database and rings; the pollers do the reading, whoever looks on.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.problem import Act, Problem
from intergestan_exchange.holds.holds import holds_called
from intergestan_exchange.listing.mailboxes import list_mailbox_page
from intergestan_exchange.mailboxes import poll_runs
from intergestan_exchange.tracing.brought import brought_by
from intergestan_operations.acting.collected import notes
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.filters import paging_of
from services.console.pages.mailbox_words import state_of
from services.console.visit import Visit

BOX: Final = "boite."
"""Before the name of a mailbox, as the name of the box that is ticked for it."""
ONLY: Final = "seule"
"""The button that collects from one mailbox alone, whatever is ticked."""
MOST_SHOWN: Final = 100
"""So many orders, answers and holds of one run are shown; all of them stand in their lists."""
_MOST_ID: Final = 2**63
_QUICK_S: Final = 60.0
_PATIENT_S: Final = 600.0


def show(visit: Visit) -> Response:
    """The mailboxes."""
    return _list(visit, 200)


def collect(visit: Visit) -> Response:
    """*Relever*: those that are ticked, or all."""
    only = visit.form.get(ONLY)
    ticked = [name.removeprefix(BOX) for name in visit.form if name.startswith(BOX)]
    names = ticked if only is None else [only]

    def do(connection: Connection) -> Done:
        asked = poll_runs.collect(connection, names, by=visit.who.login, at=visit.now)
        return Done(to=f"/relever/{asked.id}", bells=asked.bells)

    try:
        return once(visit, do)
    except Problem as problem:
        return _list(visit.with_kept(visit.form), faults.status_of(problem), problem)


def follow(visit: Visit) -> Response:
    """How far one *Relever* is, and what it brought; its address shows that whenever it is opened."""
    run = visit.params["run"]
    with visit.database.read() as connection:
        asked = poll_runs.find_asked(connection, run) if run < _MOST_ID else None
        if asked is None:
            return faults.page(visit, 404)
        progress = poll_runs.look(connection, asked)
        brought = brought_by(connection, sorted(progress.mails), asked.at)
        holds = holds_called(connection, brought.holds[:MOST_SHOWN])
    age = (visit.now - asked.at).total_seconds()
    again = 0 if progress.is_over or age > _PATIENT_S else 1000 if age < _QUICK_S else 5000
    said = () if again else notes(progress, brought, in_time=progress.is_over)
    return visit.html(
        "collecting/run.html",
        asked=asked,
        progress=progress,
        runs=[(run, run.error) for run in progress.runs],
        brought=brought,
        holds=[(hold, hold.what(visit.language), hold.advice(visit.language)) for hold in holds],
        most=MOST_SHOWN,
        again=again,
        notes=[
            sentence(note.said, visit.language)
            for note in said
            if isinstance(note.said, Said) and Act.SHOW_HOLD not in note.next  # the tables say the rest
        ],
    )


def _list(visit: Visit, status: int, problem: Problem | None = None) -> Response:
    paging = paging_of(visit, "/relever", ())
    with visit.database.read() as connection:
        page = list_mailbox_page(connection, visit.now, **paging.where)
        newest = poll_runs.newest_asked(connection)
    return visit.html(
        "collecting/list.html",
        status=status,
        page=page,
        boxes=[(box, state_of(box, visit.language), box.last_error) for box in page.rows],
        paging=paging,
        newest=newest,
        **faults.told(visit, problem),
        sets_accounts=may(Right.SET_ACCOUNTS, visit.person),
    )
