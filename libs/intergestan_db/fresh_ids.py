"""Ids of rows that no row had before, of those that may be deleted and leave a history behind.

PostgreSQL never gives an id again. SQLite gives that of the last row again once it is deleted
(https://www.sqlite.org/autoinc.html), and the new row would have the history of the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, union_all

from intergestan_db.states import Machine
from intergestan_db.tables import Event


def with_fresh_ids(
    connection: Connection, machine: Machine, rows: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Rows to insert, on SQLite with an `id` each; its one writer is whoever asks, in a writing transaction."""
    if connection.dialect.name != "sqlite" or not rows:
        return rows
    table = machine.table
    in_history = select(func.max(Event.subject_id)).where(Event.subject == machine.name)
    last = connection.execute(union_all(select(func.max(table.id)), in_history)).scalars().all()
    first = max((each for each in last if each is not None), default=0) + 1
    return [{**row, "id": row_id} for row_id, row in enumerate(rows, start=first)]
