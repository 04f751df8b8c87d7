"""Column types that mean the same on SQLite and on PostgreSQL, and how a class becomes a table (ADR 0002)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache, partial
from inspect import get_annotations
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar
from zlib import compress, decompress

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnClause,
    ColumnElement,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    or_,
    text,
    type_coerce,
)
from sqlalchemy import Table as CoreTable
from sqlalchemy.schema import SchemaItem
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
        return None if value is None else _scaled(value, self.places)

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[int | None], Decimal | None]:
        """The same without SQLAlchemy's steps in between: lists and runs read a million of these."""
        places = self.places
        return lambda value: None if value is None else _scaled(value, places)


@lru_cache(maxsize=4096)
def _scaled(value: int, places: int) -> Decimal:
    """Quantities, rates and prices come again and again."""
    return Decimal(value).scaleb(-places)


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


_COMPRESSED = b"\0z"
"""What compressed bytes begin with: no mail does."""
_LEVEL = 2
"""More than it saves another half at twice the time; both are less than it costs to write all of it."""


class Compressed(TypeDecorator[bytes]):
    """The bytes of a mail, kept by zlib in a tenth of their room. What an older release wrote is read as it stands."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else _COMPRESSED + compress(value, _LEVEL)

    def process_result_value(self, value: bytes | None, dialect: Any) -> bytes | None:
        if value is None:
            return None
        kept = bytes(value)
        return decompress(kept[len(_COMPRESSED) :]) if kept.startswith(_COMPRESSED) else kept


BigKey = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared INTEGER."""

WORD = String(60).with_variant(String(60, collation="C"), "postgresql")
"""A folded word by which rows are found: in the order of its characters on either base, whatever its locale."""

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


def earlier(instant: ColumnElement[Any], span: timedelta) -> ColumnElement[Any]:
    """An instant of a column, so much earlier."""
    return type_coerce(type_coerce(instant, BigInteger()) - span // _MICROSECOND, UtcDateTime())


def is_far(instant: ColumnElement[Any], now: datetime, span: timedelta) -> ColumnElement[bool]:
    """Whether something happened at least so long ago; or so far in the future that a clock was set back since."""
    return or_(instant <= now - span, instant >= now + span)


class _Options:
    """What is said of a column besides its annotation. Asked for on the class of a table, it is the column."""

    def __init__(self, kind: TypeEngine[Any] | None, references: str | None, others: Mapping[str, Any]) -> None:
        self.kind = kind
        self.references = references
        self.others = others

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, _instance: object, owner: _TableClass) -> Any:
        return owner.__table__.columns[self._name]


def column(kind: TypeEngine[Any] | None = None, *, references: str | None = None, **others: Any) -> Any:
    """What a column's annotation does not say.

    :param kind: its type; `references`: the column of another table whose value it holds.
    :param others: as `sqlalchemy.Column` has them; with `references` also `use_alter`, where two tables refer to each
        other, and `ondelete`, what becomes of the value when that row goes.
    """
    return _Options(kind, references, others)


Rule = Callable[[], SchemaItem]
"""A constraint or an index, made when somebody asks for it: only who creates or compares tables does."""

_RESERVED = frozenset({"right"})
"""Names of columns that are words of SQL."""

_OF_RULES = frozenset({"index", "unique", "use_alter", "ondelete"})
"""What is said of a column that becomes a rule of its table."""

_MAKING = RLock()
_WHOLE: set[str] = set()
"""The tables that have their rules."""


class _TableClass(type):
    """Makes a table of a class with a `__tablename__`: of its annotations, and of those of the classes it extends.

    Wherever SQLAlchemy takes a table, it takes the class. The table is made when it is first used: every process
    imports all of them, and works with some.
    """

    __table__: CoreTable
    __tablename__: str
    __table_args__: tuple[Rule, ...]
    __options__: dict[str, _Options]

    def __clause_element__(cls) -> CoreTable:
        return cls.__table__

    @property
    def metadata(cls) -> MetaData:
        """All tables with all their rules."""
        with _MAKING:
            for each in Table.__subclasses__():
                name = each.__table__.name
                if name not in _WHOLE:
                    rules = (*(rule() for rule in each.__table_args__), *_rules_of_columns(each))
                    CoreTable(name, METADATA, *rules, extend_existing=True)
                    _WHOLE.add(name)
        return METADATA

    if not TYPE_CHECKING:  # a type checker would believe in every column

        def __getattr__(cls, name: str) -> Any:
            if "__tablename__" in vars(cls):
                with _MAKING:
                    if "__table__" not in vars(cls):
                        _make(cls)
                if name in vars(cls):
                    return vars(cls)[name]
            raise AttributeError(f"{cls.__name__} has no {name}.")


def _make(cls: _TableClass) -> None:
    annotated = [
        (name, annotation.removeprefix("Typed[").removesuffix("]"), vars(origin).get(name) or _Options(None, None, {}))
        for origin in cls.__mro__
        for name, annotation in get_annotations(origin).items()
        if annotation.startswith("Typed[")
    ]
    cls.__options__ = {name: options for name, _value, options in annotated}
    columns = [_column(*each) for each in annotated]
    table = CoreTable(cls.__tablename__, METADATA, *columns)
    for each in columns:
        setattr(cls, each.name, each)
    cls.__table__ = table


def _column(name: str, value: str, options: _Options) -> Column[Any]:
    kind = options.kind or (BigKey if options.references else _KINDS[value.removesuffix(" | None")])
    others = {"primary_key": True} if value == "RowId" else {"nullable": value.endswith(" | None")}
    own = {key: said for key, said in options.others.items() if key not in _OF_RULES}
    return Column(name, kind, **{**others, **own})


def _rules_of_columns(cls: _TableClass) -> Iterator[SchemaItem]:
    for name, options in cls.__options__.items():
        if options.references:
            how = {key: options.others[key] for key in ("use_alter", "ondelete") if key in options.others}
            yield ForeignKeyConstraint([name], [options.references], **how)
        if options.others.get("index"):
            yield Index(None, name)
        if options.others.get("unique"):
            yield UniqueConstraint(name)


class Table(metaclass=_TableClass):
    """Base of all tables: `PurchaseOrder.number` is a typed column, `PurchaseOrder.__table__` all of them."""

    __table_args__: ClassVar[tuple[Rule, ...]] = ()


def one_of(column: str, words: type[StrEnum] | tuple[str, ...]) -> Rule:
    """A column holds one of the words of an enumeration."""
    values = ", ".join(repr(str(word)) for word in words)
    named = f'"{column}"' if column in _RESERVED else column
    return lambda: CheckConstraint(f"{named} IN ({values})", column)


def holds(name: str, condition: str) -> Rule:
    """An SQL condition holds for every row; one of NULL does."""
    return lambda: CheckConstraint(condition, name)


def unique(*columns: str) -> Rule:
    """No two rows have the same values in these columns."""
    return partial(UniqueConstraint, *columns)


def index(*columns: str) -> Rule:
    """An index to search by these columns."""
    return partial(Index, None, *columns)


def index_where(condition: str, *columns: str, name: str, unique: bool = False) -> Rule:
    """An index of those rows alone for which an SQL condition holds; `unique`: no two of them have the same values."""
    return lambda: Index(name, *columns, unique=unique, sqlite_where=text(condition), postgresql_where=text(condition))
