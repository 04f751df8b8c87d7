"""What a connection asks its base, so that a test may count it; and a transaction that leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from intergestan_db.database import Database


@contextmanager
def noted(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run meanwhile, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
        if not statement.startswith("BEGIN"):
            found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that anybody runs on this base meanwhile, whoever's connection it is."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@contextmanager
def rolled_back(database: Database) -> Iterator[Connection]:
    """A writing transaction that is undone at its end, for one of many examples on one base."""
    with database.engine.connect().execution_options(intergestan_write=True) as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()
