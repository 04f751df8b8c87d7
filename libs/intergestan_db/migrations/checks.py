"""Changing what every row of a table must fulfil, on both bases."""

from alembic import op


def replace_check(table: str, name: str, old: str, new: str) -> None:
    """Put another condition in the place of `old`; both as the base holds them."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    _replace(table, f"CONSTRAINT {name} CHECK ({old})", f"CONSTRAINT {name} CHECK ({new})")


def forbid_null(table: str, column: str, kind: str) -> None:
    """Let a column that was added, and filled since, have no NULL.

    :param kind: its type, as it was added.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, nullable=False)
        return
    _replace(table, f", {column} {kind}", f", {column} {kind} NOT NULL")


def _replace(table: str, old: str, new: str) -> None:
    """Put another condition into the text of a table.

    SQLite cannot alter a constraint, and copying a table that others refer to is refused while foreign keys are on.
    A constraint changes nothing in the file's rows, so its text may be replaced (sqlite.org/lang_altertable.html §7).
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (old, new, table, old),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"The table {table} does not say «{old}».")
    connection.exec_driver_sql(f"PRAGMA schema_version={int(version) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")
