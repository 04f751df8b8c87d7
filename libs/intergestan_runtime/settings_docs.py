"""docs/settings.md, written from the settings classes, so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from intergestan_runtime.sections import Key, Section
from intergestan_runtime.settings import ENV_DELIMITER, ENV_PREFIX, Settings

_HEAD = "| key | type | default | environment | is |\n|---|---|---|---|---|"
_SIGNS = (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"))


def document(models: Iterable[type[Settings]]) -> str:
    """Every table that these settings read, once, as Markdown.

    :raises ValueError: where a section has no docstring or a key no description.
    """
    tables: dict[str, type[Section]] = {}
    for model in models:
        for name, section in model.tables().items():
            tables.setdefault(name, section)
    return "\n\n".join(_table(name, section) for name, section in tables.items()) + "\n"


def _table(name: str, section: type[Section]) -> str:
    if not section.__doc__:
        raise ValueError(f"{section.__name__} has no docstring.")
    kinds = section.types()
    rows = "\n".join(_row(name, key, about, kinds[key]) for key, about in section.keys.items())
    return f"## [{name}]\n\n{' '.join(section.__doc__.split())}\n\n{_HEAD}\n{rows}"


def _row(table: str, key: str, about: Key, kind: Any) -> str:
    if not about.description:
        raise ValueError(f"{table}.{key} has no description.")
    variable = f"{ENV_PREFIX}{table}{ENV_DELIMITER}{key}".upper()
    cells = (f"`{key}`", _type(kind, about), _default(about), f"`{variable}`", about.description)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(kind: Any, about: Key) -> str:
    limits = [f"{sign} {about.limits[name]}" for sign, name in _SIGNS if name in about.limits]
    return ", ".join([" or ".join(_names(kind)), *limits])


def _names(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (f"`{value}`" for value in get_args(annotation))
    elif get_origin(annotation) is Annotated:
        yield from _names(get_args(annotation)[0])
    elif annotation is Path:
        yield "path"
    elif annotation is str:
        yield "text"
    elif get_args(annotation):
        for inner in get_args(annotation):
            yield from _names(inner)
    elif isinstance(annotation, type) and annotation is not NoneType:
        yield annotation.__name__


def _default(about: Key) -> str:
    if about.is_required:
        return "required"
    value = about.factory({"data_dir": Path("<data_dir>")}) if about.factory else about.default
    return "–" if value is None else f"`{value}`"
