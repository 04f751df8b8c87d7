"""Column types that mean the same on SQLite and on PostgreSQL, and the base class of all tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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

RowId = Annotated[int, mapped_column(BigKey, primary_key=True, autoincrement=True)]
Amount = Annotated[Decimal, mapped_column(Scaled(2))]
Fine = Annotated[Decimal, mapped_column(Scaled(6))]
Instant = Annotated[datetime, mapped_column(UtcDateTime())]
LongText = Annotated[str, mapped_column(Text)]


class Table(DeclarativeBase):
    """Base of all tables. Rows are read and written with SQLAlchemy Core; there is no ORM session."""

    type_annotation_map: ClassVar = {int: BigInteger}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def one_of(column: str, words: type | tuple[str, ...]) -> str:
    """The SQL text of a CHECK that a column holds one of the words of an enumeration."""
    values = words if isinstance(words, tuple) else tuple(str(word) for word in words)  # type: ignore[attr-defined]
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
