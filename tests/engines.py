"""What all engines of a test process share, and what SQLite does not do for them.

SQLAlchemy keeps what it compiled with the engine. A program of ours has one engine and compiles a statement once; tests
make an engine each, and to compile the same statements for each of them took longer than to run them. What is compiled
is the same for every engine of one dialect, driver and version of the server: the cache is looked up by these in place
of the engine's own dialect.

SQLite does not wait for the disk at each commit, as the PostgreSQL of the tests does not: what that is for, a cut of
the power, no test makes. The processes that tests start do wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterator, MutableMapping
from contextlib import closing, suppress
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

MOST = 5000
"""Statements that are kept: more than the product has."""

_compiled: LRUCache[tuple[Any, ...], Any] = LRUCache(MOST)


class SharedCache(MutableMapping[tuple[Any, ...], Any]):
    """The cache, as one dialect sees it. SQLAlchemy's keys are tuples whose first item is the engine's dialect."""

    def __init__(self, kind: Hashable) -> None:
        self._kind = kind

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return _compiled[self._kind, *key[1:]]

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        _compiled[self._kind, *key[1:]] = compiled

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        del _compiled[self._kind, *key[1:]]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (key for key in _compiled if isinstance(key, tuple) and key[0] == self._kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def cheap() -> None:
    """Make all engines of this process so."""
    event.listen(Engine, "engine_connect", _prepare)


def _prepare(connection: Connection) -> None:
    dialect = connection.dialect
    kind = (dialect.name, dialect.driver, dialect.server_version_info, dialect.paramstyle)
    connection.execution_options(compiled_cache=SharedCache(kind))
    if dialect.name == "sqlite" and "waits" not in connection.info:
        with closing(connection.connection.cursor()) as cursor, suppress(sqlite3.DatabaseError):
            cursor.execute("PRAGMA synchronous=OFF")  # of what is no base, the test's own statement says so
        connection.info["waits"] = False
