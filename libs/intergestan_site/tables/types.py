"""Column types that mean the same on SQLite and on PostgreSQL, and how a class becomes a table (ADR 0002)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from inspect import get_annotations
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, Column, ColumnClause, Date, ForeignKey, Integer, MetaData
from sqlalchemy import Table as CoreTable
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Scaled(TypeDecorator[Decimal]):
    """A `Decimal` with a fixed number of decimals, stored as BIGINT: SQLite's NUMERIC would be a float.

    A value with more decimals than the column is rounded half up when written.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        if value is None:
            return None
        return int(value.scaleb(self.places).to_integral_value(ROUND_HALF_UP))

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant, stored as integer microseconds since 1970. A naive datetime is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A stored instant needs a time zone.")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


BigKey = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared INTEGER."""

Typed = ColumnClause
"""A column of a class below, as a type checker sees it; `Typed[… | None]` may be NULL."""

RowId = int
Amount = Decimal
Fine = Decimal
Instant = datetime

_KINDS: dict[str, TypeEngine[Any]] = {
    "RowId": BigKey,
    "Amount": Scaled(2),
    "Fine": Scaled(6),
    "Instant": UtcDateTime(),
    "int": BigInteger(),
    "bool": Boolean(),
    "date": Date(),
}
"""The type of a column by what its annotation names, where it gives none itself."""


@dataclass(frozen=True, slots=True)
class _Options:
    kind: TypeEngine[Any] | None
    references: str | None
    others: Mapping[str, Any]


def column(kind: TypeEngine[Any] | None = None, *, references: str | None = None, **others: Any) -> Any:
    """What a column's annotation does not say.

    :param kind: its type; `references`: the column of another table whose value it holds.
    :param others: as `sqlalchemy.Column` has them.
    """
    return _Options(kind, references, others)


class _TableClass(type):
    """Makes a table of a class with a `__tablename__`: of its annotations, and of those of the classes it extends.

    Wherever SQLAlchemy takes a table, it takes the class.
    """

    __table__: CoreTable

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _TableClass:
        made = super().__new__(cls, name, bases, body)
        if "__tablename__" in body:
            columns = [
                _column(column_name, annotation, vars(origin).get(column_name, _Options(None, None, {})))
                for origin in made.__mro__
                for column_name, annotation in get_annotations(origin).items()
                if annotation.startswith("Typed[")
            ]
            made.__table__ = CoreTable(body["__tablename__"], METADATA, *columns, *body.get("__table_args__", ()))
            for each in columns:
                setattr(made, each.name, each)
        return made

    def __clause_element__(cls) -> CoreTable:
        return cls.__table__


def _column(name: str, annotation: str, options: _Options) -> Column[Any]:
    value = annotation.removeprefix("Typed[").removesuffix("]")
    kind = options.kind or (BigKey if options.references else _KINDS[value.removesuffix(" | None")])
    foreign = [ForeignKey(options.references)] if options.references else []
    others = {"primary_key": True} if value == "RowId" else {"nullable": value.endswith(" | None")}
    return Column(name, kind, *foreign, **{**others, **options.others})


class Table(metaclass=_TableClass):
    """Base of all tables: `PurchaseOrder.number` is a typed column, `PurchaseOrder.__table__` all of them."""

    metadata: ClassVar = METADATA
    __tablename__: ClassVar[str]


def one_of(column: str, words: type | tuple[str, ...]) -> str:
    """The SQL text of a CHECK that a column holds one of the words of an enumeration."""
    values = words if isinstance(words, tuple) else tuple(str(word) for word in words)  # type: ignore[attr-defined]
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
