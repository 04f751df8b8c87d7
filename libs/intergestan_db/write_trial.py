"""Whether the base takes a write. A standby, a full disk, a session that may only read: all of them answer reads."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, insert, text
from sqlalchemy.exc import ProgrammingError

from intergestan_db.database import AWAY, Database, first_line, is_conflict
from intergestan_db.tables import Worker

_ENTER = insert(Worker)
_LEAVE = delete(Worker).where(Worker.name == bindparam("who"))
_SERVICE = "dispatcher"
"""The only service that tries; its role may enter workers of its own service alone."""
_FILL = text(
    "CREATE TEMPORARY TABLE intergestan_trial ON COMMIT DROP AS"
    " SELECT repeat(md5(n::text), 50) AS filler FROM generate_series(1, 100) AS n"
)
"""Needs twenty new pages: where there is no room, a small row may still fit into the space of one that was deleted."""


def try_writing(database: Database) -> None:
    """Write a row and take it away again in one commit; nobody takes it for a worker that lives.

    Raises what the driver does, one of `AWAY`, where the base takes no writes.
    """
    name = f"trial-{os.getpid()}-{secrets.token_hex(4)}"
    past = database.now() - timedelta(days=1)
    with database.transaction() as connection:
        row = {"name": name, "service": _SERVICE, "started_at": past, "alive_until": past}
        connection.execute(_ENTER, row)
        if not database.is_sqlite:
            _try_room(connection)
        connection.execute(_LEAVE, {"who": name})


def refusal(database: Database) -> str | None:
    """Why the base takes no writes, found by trying one; None where it does."""
    try:
        try_writing(database)
    except AWAY as error:
        return None if is_conflict(error) else first_line(error)
    return None


def _try_room(connection: Connection) -> None:
    """Make a table of this transaction; a role that may not do so tries the row alone."""
    try:
        with connection.begin_nested():
            connection.execute(_FILL)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
