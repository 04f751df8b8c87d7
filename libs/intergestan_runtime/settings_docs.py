"""docs/settings.md, written from the settings classes, so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from intergestan_runtime.settings import ENV_DELIMITER, ENV_PREFIX, Settings

_HEAD = "| key | type | default | environment | is |\n|---|---|---|---|---|"
_SIGNS = (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"))


def document(models: Iterable[type[Settings]]) -> str:
    """Every table that these settings read, once, as Markdown.

    :raises ValueError: where a section has no docstring or a key no description.
    """
    tables: dict[str, type[BaseModel]] = {}
    for model in models:
        for name, field in model.model_fields.items():
            tables.setdefault(name, _section(field))
    return "\n\n".join(_table(name, section) for name, section in tables.items()) + "\n"


def _table(name: str, section: type[BaseModel]) -> str:
    if not section.__doc__:
        raise ValueError(f"{section.__name__} has no docstring.")
    rows = "\n".join(_row(name, key, field) for key, field in section.model_fields.items())
    return f"## [{name}]\n\n{' '.join(section.__doc__.split())}\n\n{_HEAD}\n{rows}"


def _row(table: str, key: str, field: FieldInfo) -> str:
    if not field.description:
        raise ValueError(f"{table}.{key} has no description.")
    variable = f"{ENV_PREFIX}{table}{ENV_DELIMITER}{key}".upper()
    cells = (f"`{key}`", _type(field), _default(field), f"`{variable}`", field.description)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(field: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(limit, name)}" for limit in field.metadata for sign, name in _SIGNS if hasattr(limit, name)
    ]
    return ", ".join([" or ".join(_names(field.annotation)), *limits])


def _names(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (f"`{value}`" for value in get_args(annotation))
    elif annotation is Path:
        yield "path"
    elif annotation is str:
        yield "text"
    elif get_args(annotation):
        for inner in get_args(annotation):
            yield from _names(inner)
    elif isinstance(annotation, type) and annotation is not NoneType:
        yield annotation.__name__


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        value: Any = field.default_factory({"data_dir": Path("<data_dir>")})  # type: ignore[call-arg]
    else:
        value = field.default
    return "–" if value is None else f"`{value}`"


def _section(field: FieldInfo) -> type[BaseModel]:
    section = field.annotation
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        raise TypeError(f"A field of Settings is a Section, not {section}.")
    return section
