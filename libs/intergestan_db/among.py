"""Whether a column, or several, hold one of many values, asked with one parameter for all of them.

The text of the statement is the same for one value and for ten thousand: SQLAlchemy need not write it anew, and
PostgreSQL plans it once. It does not look into the values when it plans, so that it looks each up by an index: that is
right for a page of a large table, and what it guesses from the number of parameters of a long IN is not. SQLite looks
through the whole table for a list of rows that is written out, and uses an index for the same list from a statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, String, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Many(TypeDecorator[Sequence[Any]]):
    """Values of one type as one parameter: an array of PostgreSQL, JSON for SQLite, which has no arrays."""

    impl = String
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> _Among:  # noqa: ARG002 — as SQLAlchemy calls it
        """As it stands: SQLAlchemy would write it as a number for SQLite (… = 1), which then uses no index."""
        return self


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column of whole numbers or texts holds one of the values of the parameter of this name, a sequence."""
    return _Among(column, bindparam(name, type_=_Many(column.type)))


class _Rows(TypeDecorator[Sequence[Sequence[Any]]]):
    """Rows as one parameter, as JSON on either base."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[Sequence[Any]] | None, _dialect: Dialect) -> str:
        return json.dumps([list(row) for row in value or ()])


class _RowAmong(_Among):
    inherit_cache = True


def row_among(columns: Sequence[ColumnElement[Any]], name: str) -> ColumnElement[bool]:
    """Whether columns of whole numbers or texts hold one of the rows of the parameter of this name, a sequence."""
    return _RowAmong(*columns, bindparam(name, type_=_Rows()))


@compiles(_RowAmong)
def _as_rows(element: _RowAmong, compiler: SQLCompiler, **options: Any) -> str:
    *columns, rows = element.clauses
    held = ", ".join(compiler.process(each, **options) for each in columns)
    given = compiler.process(rows, **options)
    if compiler.dialect.name == "postgresql":
        kinds = enumerate(each.type.compile(compiler.dialect).partition(" COLLATE ")[0] for each in columns)
        values = ", ".join(f"(given.value ->> {place})::{kind}" for place, kind in kinds)
        return f"({held}) IN (SELECT {values} FROM jsonb_array_elements(({given})::jsonb) AS given(value))"  # noqa: S608
    values = ", ".join(f"json_extract(value, '$[{place}]')" for place, _each in enumerate(columns))
    return f"({held}) IN (SELECT {values} FROM json_each({given}))"  # noqa: S608 — what SQLAlchemy wrote


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT unnest({values})))"


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 — what SQLAlchemy wrote
