"""What a table of the configuration is: a class with a key for each of its values, and how a value becomes one.

A class is only looked at when it is first read, because every process imports many and most read few of their keys.
Strings are taken for numbers and truths, because the environment has nothing else. ADR 0022 says why this is ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NoReturn,
    Self,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from intergestan_runtime.said import Said, marked

Place = tuple[str, ...]
"""Where a value stands: table, key, and which of several values."""

Value = TypeVar("Value")
_REQUIRED: Any = object()
_NUMBER, _TEXT = marked("it has to be a number"), marked("it has to be a text")
_WHOLE = marked("it has to be a whole number")
_YES_OR_NO = marked("it has to be true or false")
_LIST = marked("it has to be a list")
_TRUTHS: Mapping[str, bool] = dict.fromkeys(("1", "on", "t", "true", "y", "yes"), True) | dict.fromkeys(
    ("0", "off", "f", "false", "n", "no"), False
)


class Key:
    """What a class says about one of its keys besides the type. Made by `key`."""

    __slots__ = ("default", "description", "factory", "limits")

    def __init__(
        self,
        default: Any = _REQUIRED,
        factory: Callable[[Mapping[str, Any]], Any] | None = None,
        description: str = "",
        limits: Mapping[str, Any] | None = None,
    ) -> None:
        self.default = default
        self.factory = factory
        self.description = description
        self.limits = limits or {}

    @property
    def is_required(self) -> bool:
        """Whether the configuration has to say it."""
        return self.default is _REQUIRED and self.factory is None


def key(
    default: Value = _REQUIRED,
    *,
    description: str,
    default_factory: Callable[[Mapping[str, Any]], Any] | None = None,
    **limits: Any,
) -> Value:
    """A key of a `Section`, which as a type checker sees it has its default.

    :param description: for docs/settings.md.
    :param default_factory: makes the default of the keys above, which it gets by name.
    :param limits: `gt`, `ge`, `lt`, `le` of a number; `pattern`, `min_length`, `max_length` of a text or a list.
    """
    return cast("Value", Key(default, default_factory, description, limits))


@dataclass(frozen=True)
class Wrong:
    """A value that cannot be, a key that there is not, or one that is missing.

    :ivar what: the sentence's end, such as "it has to be 1 or more".
    """

    kind: Literal["value", "unknown", "missing"]
    place: Place
    value: Any = None
    what: str = ""


class Invalid(ValueError):
    """What the code itself gave to a `Section` is wrong."""


class Section:
    """One TOML table. Its docstring and its keys' descriptions become docs/settings.md.

    An annotation may be `Annotated` with functions that take the value and give it back, changed perhaps; what they
    raise as ValueError is told.
    """

    keys: ClassVar[Mapping[str, Key]] = {}
    _types: ClassVar[Mapping[str, Any]]

    def __init_subclass__(cls) -> None:
        own = vars(cls)
        said = {name: own.get(name, _REQUIRED) for name in own.get("__annotations__", {})}
        cls.keys = {
            **cls.keys,
            **{name: value if isinstance(value, Key) else Key(value) for name, value in said.items()},
        }

    def __init__(self, **given: Any) -> None:
        wrong: list[Wrong] = []
        vars(self).update(_read(type(self), given, (), wrong))
        if not wrong:
            wrong += _disagreements(self, (), given)
        if wrong:
            raise Invalid("; ".join(f"{'.'.join(each.place)}: {each.what or each.kind}" for each in wrong))

    @classmethod
    def read(cls, given: Mapping[str, Any], place: Place, wrong: list[Wrong]) -> Self:
        """A table as it was configured. What is wrong with it is added to `wrong`; the result is then of no use."""
        made = cls.__new__(cls)
        before = len(wrong)
        vars(made).update(_read(cls, given, place, wrong))
        if len(wrong) == before:
            wrong += _disagreements(made, place, given)
        return made

    @classmethod
    def types(cls) -> Mapping[str, Any]:
        """The annotation of each key."""
        if "_types" not in vars(cls):
            hints = get_type_hints(cls, include_extras=True)
            cls._types = {name: hints[name] for name in cls.keys}
        return cls._types

    def check(self) -> None:
        """For keys that depend on each other: raise ValueError where their values do not go together."""

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed.")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class Settings:
    """All that one process reads: an annotation for each table. Made by `settings_load.load`."""

    _tables: ClassVar[Mapping[str, type[Section]]]

    def __init__(self, **tables: Section) -> None:
        vars(self).update(tables)

    @classmethod
    def tables(cls) -> Mapping[str, type[Section]]:
        """The class of each table."""
        if "_tables" not in vars(cls):
            cls._tables = {name: kind for name, kind in get_type_hints(cls).items() if _is_section(kind)}
        return cls._tables


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def takes_json(section: type[Section], name: str) -> bool:
    """Whether a key has several values, which the environment writes as JSON."""
    return name in section.keys and any(get_origin(kind) is tuple for kind in _alternatives(section.types()[name]))


def _read(section: type[Section], given: Mapping[str, Any], place: Place, wrong: list[Wrong]) -> dict[str, Any]:
    """The values of all keys, in their order; what is wrong is left out."""
    values: dict[str, Any] = {}
    kinds = section.types()
    before = len(wrong)
    for name, about in section.keys.items():
        at = (*place, name)
        if name in given:
            value = given[name]
        elif about.is_required:
            wrong.append(Wrong("missing", at))
            continue
        elif about.factory is None:
            value = about.default
        elif len(wrong) > before:
            continue  # made of another key, which may be the one that is wrong
        else:
            value = about.factory(values)
        try:
            values[name] = _value(kinds[name], value, about.limits, at)
        except _WrongValue as error:
            wrong.append(error.wrong)
    wrong += (Wrong("unknown", (*place, name), given[name]) for name in given if name not in kinds)
    return values


def _disagreements(table: Section, place: Place, given: Mapping[str, Any]) -> Iterator[Wrong]:
    try:
        table.check()
    except ValueError as error:
        yield Wrong("value", place, dict(given), error.args[0])


class _WrongValue(Exception):
    def __init__(self, place: Place, value: Any, what: str) -> None:
        super().__init__(what)
        self.wrong = Wrong("value", place, value, what)


def _value(kind: Any, value: Any, limits: Mapping[str, Any], at: Place) -> Any:
    functions: tuple[Any, ...] = ()
    while get_origin(kind) in {Annotated, Union, UnionType}:
        if get_origin(kind) is Annotated:
            kind, *metadata = get_args(kind)
            functions = (*metadata, *functions)
        elif value is None and NoneType in get_args(kind):
            return None
        else:
            (kind,) = _alternatives(kind)
    made = _read_as(kind, value, at)
    for problem in _beyond(made, limits):
        raise _WrongValue(at, value, problem)
    for function in functions:
        try:
            made = function(made)
        except ValueError as error:
            raise _WrongValue(at, value, error.args[0]) from error
    return made


def _alternatives(kind: Any) -> Iterable[Any]:
    """What a value may be besides None."""
    if get_origin(kind) in {Union, UnionType}:
        return [each for each in get_args(kind) if each is not NoneType]
    return [kind]


def _read_as(kind: Any, value: Any, at: Place) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise _WrongValue(at, value, Said(_LIST))
        return tuple(_value(get_args(kind)[0], each, {}, (*at, str(place))) for place, each in enumerate(value))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            expected = ", ".join(map(repr, get_args(kind)))
            raise _WrongValue(at, value, Said("it has to be one of {expected}", expected=expected))
        return value
    read, otherwise = _READERS[kind]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _WrongValue(at, value, Said(otherwise)) from error


def _whole(value: Any) -> int:
    if isinstance(value, str):
        return int(re.sub(r"\.0+\s*\Z", "", value))
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(_number(value)) if isinstance(value, float) else int(_plain(value, int))


def _number(value: Any) -> float:
    return float(value if isinstance(value, str) else _plain(value, int | float))


def _truth(value: Any) -> bool:
    return _TRUTHS[value.lower()] if isinstance(value, str) and value.lower() in _TRUTHS else _zero_or_one(value)


def _zero_or_one(value: Any) -> bool:
    if isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    raise ValueError(value)


def _plain(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


_READERS: Mapping[Any, tuple[Callable[[Any], Any], str]] = {
    int: (_whole, _WHOLE),
    float: (_number, _NUMBER),
    bool: (_truth, _YES_OR_NO),
    str: (lambda value: _plain(value, str), _TEXT),
    Path: (lambda value: Path(_plain(value, str | Path)), _TEXT),
}
"""How a value is read, and what is said of one that cannot be."""


def _beyond(value: Any, limits: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong by a limit."""
    for name, limit in limits.items():
        within, otherwise = _LIMITS[name]
        if not within(value, limit):
            yield Said(otherwise, **{name: Decimal(f"{limit:.15g}") if isinstance(limit, float) else limit})


_LIMITS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "gt": (lambda value, limit: value > limit, marked("it has to be more than {gt}")),
    "ge": (lambda value, limit: value >= limit, marked("it has to be {ge} or more")),
    "lt": (lambda value, limit: value < limit, marked("it has to be less than {lt}")),
    "le": (lambda value, limit: value <= limit, marked("it has to be {le} or less")),
    "min_length": (lambda value, limit: len(value) >= limit, marked("it has to have {min_length} values or more")),
    "max_length": (lambda value, limit: len(value) <= limit, marked("it has to have {max_length} characters or less")),
    "pattern": (
        lambda value, limit: re.search(limit, value) is not None,
        marked("it does not have the form that docs/settings.md asks for"),
    ),
}
