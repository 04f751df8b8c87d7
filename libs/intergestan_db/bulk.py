"""Many rows into one table, in the way that is quickest on either base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnDefault, Connection, CursorResult, String, insert
from sqlalchemy import Table as CoreTable
from sqlalchemy.engine import Dialect

from intergestan_db.tables import Table

Process = Callable[[Any], Any]


def insert_rows(connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; none is harmless.

    PostgreSQL gets one statement of always the same text, with an array for each column: that costs both sides of the
    connection a quarter to a third less than a statement for each row. SQLite gets plain rows from its driver: what
    SQLAlchemy does for each of them costs as much as writing it.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _insert_arrays(connection, table, rows)
        return
    prepared = _prepared(_core(table), tuple(rows[0]), connection.dialect)
    marks = ", ".join((*("?" for _ in prepared.columns), *prepared.computed))
    connection.exec_driver_sql(f"{prepared.into} VALUES ({marks})", list(zip(*prepared.arrays(rows), strict=True)))


def insert_rows_with_ids(
    connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]], by: str
) -> dict[Any, int]:
    """`insert_rows`, and the new rows' ids.

    :param by: a column that no two of these rows share; the ids are returned by its value.
    """
    if not rows:
        return {}
    if connection.dialect.name != "postgresql":
        columns = _core(table).columns
        made = connection.execute(insert(table).returning(columns[by], columns["id"]), rows)
    else:
        made = _insert_arrays(connection, table, rows, f" RETURNING {by}, id")
    return {row[0]: row[1] for row in made}


def _insert_arrays(
    connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]], returning: str = ""
) -> CursorResult[Any, Any]:
    prepared = _prepared(_core(table), tuple(rows[0]), connection.dialect)
    values = ", ".join(("*", *prepared.computed))
    statement = f"{prepared.into} SELECT {values} FROM unnest({prepared.unnested}){returning}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, prepared.arrays(rows))


@dataclass(frozen=True)
class _Prepared:
    """An INSERT.

    :ivar into: its beginning, with the names of all its columns.
    :ivar columns: name, and how its values are handed to the driver; `unnested`: all of them as PostgreSQL's arrays.
    :ivar computed: the expressions of the columns that the base computes, which come after these.
    """

    into: str
    columns: tuple[tuple[str, Process | None], ...]
    unnested: str
    computed: tuple[str, ...]
    defaults: Mapping[str, Any]

    def arrays(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], ...]:
        """The values of these rows, column by column."""
        return tuple(
            [row.get(name, default) if process is None else process(row.get(name, default)) for row in rows]
            for name, process in self.columns
            for default in (self.defaults.get(name),)
        )


@lru_cache(maxsize=200)
def _prepared(table: CoreTable, names: tuple[str, ...], dialect: Dialect) -> _Prepared:
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ColumnDefault) and column.default.is_scalar and column.name not in names
    }
    columns = [table.columns[name] for name in (*names, *defaults)]
    quote = dialect.identifier_preparer.quote
    computed = {
        column.name: str(column.default.arg)
        for column in table.columns
        if isinstance(column.default, ColumnDefault) and column.default.is_clause_element and column.name not in names
    }
    listed = ", ".join(quote(name) for name in (*(column.name for column in columns), *computed))
    kinds = (column.type.compile(dialect).partition(" COLLATE ")[0] for column in columns)  # an array has no order
    return _Prepared(
        f"INSERT INTO {quote(table.name)} ({listed})",
        tuple((column.name, _process(column.type, dialect)) for column in columns),
        ", ".join(f"%s::{kind}[]" for kind in kinds),
        tuple(computed.values()),
        defaults,
    )


def _process(kind: Any, dialect: Dialect) -> Process | None:
    if isinstance(kind, String):
        return _plain_text  # the driver takes no array of words of which some are members of an enumeration
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _plain_text(value: str | None) -> str | None:
    return None if value is None else str(value)


def _core(table: type[Table]) -> CoreTable:
    assert isinstance(table.__table__, CoreTable)
    return table.__table__
