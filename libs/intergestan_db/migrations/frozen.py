"""What is written once only: the triggers that hold it on both databases, and how a migration gets past them (D39).

Columns may be frozen, or whole rows, which then nobody changes or deletes. PostgreSQL's triggers call the function
`frozen()`, which migration 0018 makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

_JSON = {"document", "detail"}
"""Columns whose values PostgreSQL compares only as texts."""
_DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = :of AND name LIKE 'frozen%'",
    "postgresql": "SELECT tgname AS name, pg_get_triggerdef(oid) AS sql FROM pg_trigger"
    " WHERE tgrelid = to_regclass(:of) AND tgname LIKE 'frozen%'",
}


def freeze_columns(table: str, columns: Sequence[str], since: str | None = None) -> None:
    """Refuse other values in these columns.

    :param since: an SQL condition of the old row, from which on they are frozen.
    """
    is_sqlite = _dialect() == "sqlite"
    changed = _differ(columns, "IS NOT") if is_sqlite else _differ(columns, "IS DISTINCT FROM", cast="::text")
    when = f"({changed})" if since is None else f"{since} AND ({changed})"
    _refuse("frozen", table, f"UPDATE OF {', '.join(columns)}", when)


def freeze_once(table: str, column: str) -> None:
    """Refuse another value in a column that has one; it may be filled once."""
    differs = _differ([column], "IS NOT" if _dialect() == "sqlite" else "IS DISTINCT FROM")
    _refuse("frozen_once", table, f"UPDATE OF {column}", f"OLD.{column} IS NOT NULL AND ({differs})")


def freeze_rows(table: str, columns: Sequence[str] | None = None, since: str | None = None) -> None:
    """Refuse to change or delete rows.

    :param columns: those that nobody changes; None: all.
    :param since: as in `freeze_columns`; rows are never deleted all the same.
    """
    if columns is None:
        _refuse("frozen", table, "UPDATE")
    else:
        freeze_columns(table, columns, since)
    _refuse("frozen_rows", table, "DELETE")


def thaw(table: str) -> dict[str, str]:
    """Drop the triggers of a table; their definitions by name."""
    connection = op.get_bind()
    found = connection.execute(sa.text(_DEFINITIONS[_dialect()]), {"of": table})
    triggers = {row.name: row.sql for row in found}
    if not triggers:
        raise RuntimeError(f"{table} is not frozen.")
    for name in triggers:
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if _dialect() == "postgresql" else ""))
    return triggers


@contextmanager
def thawed(*tables: str) -> Iterator[None]:
    """Let a migration alter or fill tables; afterwards they are frozen as before, in the migration's transaction.

    SQLite drops the triggers of a table that is copied, and refuses to copy one whose triggers name a lost column.
    """
    triggers = [definition for table in tables for definition in thaw(table).values()]
    yield
    for definition in triggers:
        op.get_bind().exec_driver_sql(definition)


def _refuse(name: str, table: str, event: str, when: str | None = None) -> None:
    condition = f" WHEN ({when})" if when else ""
    if _dialect() == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name}_{table} BEFORE {event} ON {table}{condition}"
            f" BEGIN SELECT RAISE(ABORT, 'what is frozen in {table} cannot be changed'); END"
        )
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION frozen()")


def _differ(columns: Sequence[str], operator: str, cast: str = "") -> str:
    casts = {name: cast if name in _JSON else "" for name in columns}
    return " OR ".join(f"NEW.{name}{how} {operator} OLD.{name}{how}" for name, how in casts.items())


def _dialect() -> str:
    return op.get_bind().dialect.name
