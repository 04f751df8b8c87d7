"""An importer looks at what a replay would change, a few mails at a time, as somebody asked for it in the browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import structlog

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import choose, count_chosen
from intergestan_exchange.inbox.replay_runs import MOST, Seen, choice_of, note, open_look, place_of, read_look
from intergestan_exchange.keys.keys import public_keys
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_operations.opening.outage import ANY_REFUSAL
from intergestan_operations.replaying.plan import Readers, foresee_mail, why_not
from intergestan_runtime.archive import Archive, Unreachable

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 20
"""So many mails are read between two looks whether we are to stop; more would keep the next person waiting."""
LONGEST: Final = timedelta(days=1)
"""A look that takes longer is given up: something in it keeps failing, and the log says what."""


def look_on(
    database: Database, archive: Archive, pool: ReaderPool, bounce_key: BounceKey | None, stopping: Callable[[], bool]
) -> bool:
    """Read some mails of the oldest look that is not over, and note what would become of them; whether there was one.

    Whoever dies in between has noted nothing, and the next one reads them again; of two at once one notes it.

    :raises Unreachable: the archive does not answer; the look goes on later.
    """
    with database.read() as connection:
        run = open_look(connection)
        if run is None:
            return False
        choice = choice_of(run)
        try:
            mails = choose(connection, choice, place_of(run), AT_ONCE)
            total = run.total if run.total is not None else count_chosen(connection, choice)
        except Problem as gone:  # one of them was deleted since: nobody may choke on this look for ever
            return _give_up(database, run, gone)
        found = read_look(connection, run.id)
        readers = Readers(archive, pool, public_keys(connection), bounce_key)
    seen, skipped = [], 0
    for mail in mails:
        if stopping():
            return False
        if why_not(mail, archive) is not None:
            skipped += 1
            continue
        try:
            planned = foresee_mail(database, readers, mail)
        except (*ANY_REFUSAL, Unreachable):
            raise
        except Exception as error:  # noqa: BLE001 - told; the importer goes on, whatever is in one mail
            _log.exception("What a replay would make of a mail cannot be told.", mail=mail.sha256, kind=str(error))
            skipped += 1
            continue
        if planned.changes:
            seen.append(Seen(mail, planned.then))
    is_full = found is not None and found.changes + len(seen) >= MOST
    now = database.now()
    is_late = now - run.requested_at > LONGEST
    is_through = len(mails) < AT_ONCE or is_full
    ends: Any = now if is_through or is_late else None
    given_up = None if is_through or not is_late else "late"
    last = mails[-1] if mails else None
    with database.transaction() as connection:
        counted = {"total": total, "looked": len(mails), "skipped": skipped}
        noted = note(connection, run, last, seen, **counted, at=ends, error=given_up)
    if noted and ends is not None:
        _log.info("A look at what a replay would change is over.", run=run.id, by=run.requested_by)
    return True


def _give_up(database: Database, run: Any, why: Problem) -> bool:
    _log.warning("A look at what a replay would change is given up.", run=run.id, why=str(why))
    with database.transaction() as connection:
        note(connection, run, None, (), total=run.total or 0, looked=0, skipped=0, at=database.now(), error="gone")
    return True
