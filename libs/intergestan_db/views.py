"""Rows of the database as values: frozen dataclasses, one for each question, that command line, pages and API show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar

View = TypeVar("View")

INSIDE: Final[Mapping[str, Any]] = {"inside": True}
"""The `metadata` of a field that programs need and nobody is shown: row ids, and what opens an account."""


_NAMES: dict[Any, tuple[str, ...]] = {}


def viewed(kind: type[View], row: Mapping[Any, Any], /, **others: object) -> View:
    """The view whose fields are columns of a row, which may have more.

    :param others: fields that it has not, or has otherwise.
    """
    return kind(**{**{name: row[name] for name in _names(kind) if name not in others}, **others})


def shown(value: object) -> dict[str, object]:
    """The fields of a view that anybody may see; what lies in them is as it is."""
    assert is_dataclass(value)
    return {each.name: getattr(value, each.name) for each in fields(value) if not each.metadata.get("inside")}


def _names(kind: Any) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(each.name for each in fields(kind))
    return _NAMES[kind]
