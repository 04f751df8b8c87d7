"""Databases on PostgreSQL that one test after another uses: each finds the state of the template.

To copy the template costs a third of a second of CPU, because a migrated base is some eight hundred files; to take out
what a test put in costs a tenth of that. What a test did to the tables themselves is not repaired: such a database is
dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row
from sqlalchemy import make_url

from tests.servers import PostgresServer

USES, ROWS = 60, 2000
"""After so many tests, or so many rows of one test, a database is dropped: what is deleted still takes up space."""

FIRST_OF_OURS = 16384
"""Below, the object ids are PostgreSQL's own."""

CATALOGS = {
    **dict.fromkeys(["pg_class", "pg_constraint", "pg_proc", "pg_trigger", "pg_type", "pg_attrdef"], "oid"),
    "pg_attribute": "attrelid",
    "pg_index": "indexrelid",
}
"""What makes up a schema, and the column that tells ours from PostgreSQL's own."""

SHAPE = " UNION ALL ".join(
    [
        *(
            f"SELECT '{catalog}' AS kind, count(*) AS many, sum(hashtext(ctid::text || ' ' || xmin)::bigint) AS shape"
            f" FROM {catalog} WHERE {column} >= {FIRST_OF_OURS}"
            for catalog, column in CATALOGS.items()
        ),
        "SELECT 'pg_namespace', count(*), sum(hashtext(oid || ' ' || xmin)::bigint) FROM pg_namespace",
    ]
)
"""Changes with every change of a table, an index, a right: each writes a new version of a row of a catalog."""

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
SEQUENCES = (
    "SELECT quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
)
END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class State:
    """What a new copy of the template holds.

    :ivar rows: of each table that has some, as COPY writes them.
    :ivar sequences: the value of each, and whether it was given out.
    """

    shape: list[tuple[str, int, int]]
    tables: list[str]
    rows: Mapping[str, bytes]
    sequences: Mapping[str, tuple[int, bool]]


class KeptDatabases:
    """Of one server, all from one template."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[str] = []
        self._uses: dict[str, int] = {}
        self._connections: dict[str, psycopg.Connection] = {}

    def take(self) -> str:
        """The URL of a database in the state of the template, until it is given back."""
        url = self._free.pop() if self._free else self._server.create_database(self._template)
        self._uses[url] = self._uses.get(url, 0) + 1
        return url

    def give_back(self, url: str) -> None:
        """Whoever is still connected is cut off."""
        state = self._state
        if self._uses[url] < USES and self._restore(url, state):
            self._free.append(url)
        else:
            del self._uses[url]
            self._disconnect(url)
            self._server.drop_database(url)

    def let_go(self, url: str) -> None:
        """Who took it has it for good."""
        del self._uses[url]
        self._disconnect(url)

    def close(self) -> None:
        """Close what is connected."""
        for url in [*self._connections]:
            self._disconnect(url)

    def _restore(self, url: str, state: State) -> bool:
        """Put a database back in the state of the template; whether that is so.

        The connection is kept: what a new one has to learn about the tables costs more than all else.
        """
        if url in self._connections:
            try:
                return _restored(self._connections[url], state)
            except psycopg.OperationalError:
                self._disconnect(url)  # the test cut it, or restarted the server
        self._connections[url] = _connect(url)
        return _restored(self._connections[url], state)

    def _disconnect(self, url: str) -> None:
        connection = self._connections.pop(url, None)
        if connection is not None:
            connection.close()

    @cached_property
    def _state(self) -> State:
        url = self._server.create_database(self._template)
        with _connect(url) as connection:
            tables = connection.cursor(row_factory=scalar_row).execute(TABLES).fetchall()
            state = State(
                shape=connection.execute(SHAPE).fetchall(),
                tables=tables,
                rows={table: _copied(connection, table) for table in _filled(connection, tables)},
                sequences={name: (value, given) for name, value, given in connection.execute(SEQUENCES)},
            )
        self._server.drop_database(url)
        return state


def _restored(connection: psycopg.Connection, state: State) -> bool:
    """Take out what is not of the template; whether that was little and all."""
    connection.execute(END_OTHERS)
    if connection.execute(SHAPE).fetchall() != state.shape:
        return False
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")  # no foreign key looks
        deleted = 0
        for table in _filled(connection, state.tables):
            deleted += connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table))).rowcount
        for table, rows in state.rows.items():
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                copy.write(rows)
        for name, *value in connection.execute(SEQUENCES).fetchall():
            if tuple(value) != state.sequences[name]:
                connection.execute("SELECT setval(%s, %s, %s)", [name, *state.sequences[name]])
    return deleted <= ROWS


def _filled(connection: psycopg.Connection, tables: list[str]) -> list[str]:
    """Those of the tables that have rows."""
    asked = sql.SQL(", ").join(
        sql.SQL("CASE WHEN EXISTS (SELECT 1 FROM {}) THEN {} END").format(sql.Identifier(table), sql.Literal(table))
        for table in tables
    )
    query = sql.SQL("SELECT array_remove(ARRAY[{}]::text[], NULL)").format(asked)
    found: list[str] = connection.cursor(row_factory=scalar_row).execute(query).fetchone() or []
    return found


def _copied(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(map(bytes, copy))


def _connect(url: str) -> psycopg.Connection:
    at = make_url(url)
    return psycopg.connect(host=at.host, port=at.port, user=at.username, dbname=at.database, autocommit=True)
