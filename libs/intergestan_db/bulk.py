"""Many rows of one table, in the way that is quickest on either base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnDefault, Connection, CursorResult, String, insert
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


def update_rows(
    connection: Connection, table: type[Table], by: Sequence[str], rows: Sequence[Mapping[str, Any]], only: str = "TRUE"
) -> int:
    """Set columns of many rows, each to values of its own; none is harmless.

    :param by: the columns by which a row is found. `rows` name these and those to set, all of them the same.
    :param only: SQL without parameters, its columns with the table's name: what must hold of a row besides.
    :returns: how many rows there were.
    """
    if not rows:
        return 0
    change = _prepared_change(_core(table), tuple(by), tuple(rows[0]), only, connection.dialect)
    arrays = change.arrays(rows)
    of_all = arrays if connection.dialect.name == "postgresql" else list(zip(*arrays, strict=True))
    return connection.exec_driver_sql(change.statement, of_all).rowcount


def _insert_arrays(
    connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]], returning: str = ""
) -> CursorResult[Any, Any]:
    prepared = _prepared(_core(table), tuple(rows[0]), connection.dialect)
    values = ", ".join(("*", *prepared.computed))
    statement = f"{prepared.into} SELECT {values} FROM unnest({prepared.unnested}){returning}"  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, prepared.arrays(rows))


@dataclass(frozen=True)
class _Columns:
    """What a statement is given. :ivar columns: name, and how its values are handed to the driver."""

    columns: tuple[tuple[str, Process | None], ...]
    defaults: Mapping[str, Any]

    def arrays(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], ...]:
        """The values of these rows, column by column."""
        return tuple(
            [row.get(name, default) if process is None else process(row.get(name, default)) for row in rows]
            for name, process in self.columns
            for default in (self.defaults.get(name),)
        )


@dataclass(frozen=True)
class _Prepared(_Columns):
    """An INSERT.

    :ivar into: its beginning, with the names of all its columns.
    :ivar unnested: all of them that are given, as PostgreSQL's arrays.
    :ivar computed: the expressions of the columns that the base computes, which come after these.
    """

    into: str
    unnested: str
    computed: tuple[str, ...]


@dataclass(frozen=True)
class _Change(_Columns):
    """An UPDATE of rows that get values of their own."""

    statement: str


@lru_cache(maxsize=200)
def _prepared_change(
    table: CoreTable, by: tuple[str, ...], names: tuple[str, ...], only: str, dialect: Dialect
) -> _Change:
    ordered = (*(name for name in names if name not in by), *by)
    columns = [table.columns[name] for name in ordered]
    quoted = {name: dialect.identifier_preparer.quote(name) for name in (*ordered, table.name)}
    own = quoted[table.name]
    if dialect.name == "postgresql":
        marks = {name: f"new.{quoted[name]}" for name in ordered}
        listed = ", ".join(quoted[name] for name in ordered)
        given = f" FROM unnest({_unnested(columns, dialect)}) AS new({listed})"
    else:
        marks, given = dict.fromkeys(ordered, "?"), ""
    sets = ", ".join(f"{quoted[name]} = {marks[name]}" for name in ordered if name not in by)
    found = " AND ".join(f"{own}.{quoted[name]} = {marks[name]}" for name in by)
    statement = f"UPDATE {own} SET {sets}{given} WHERE {found} AND {only}"  # noqa: S608 - our own names
    return _Change(_handed(columns, dialect), {}, statement)


def _unnested(columns: Iterable[Column[Any]], dialect: Dialect) -> str:
    """Columns as arrays of PostgreSQL; an array has no order of letters."""
    return ", ".join(f"%s::{column.type.compile(dialect).partition(' COLLATE ')[0]}[]" for column in columns)


def _handed(columns: Iterable[Column[Any]], dialect: Dialect) -> tuple[tuple[str, Process | None], ...]:
    return tuple((column.name, _process(column.type, dialect)) for column in columns)


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
    return _Prepared(
        _handed(columns, dialect),
        defaults,
        f"INSERT INTO {quote(table.name)} ({listed})",
        _unnested(columns, dialect),
        tuple(computed.values()),
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
