"""Rows of the database as values: frozen dataclasses, one for each question, that command line, pages and API show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

View = TypeVar("View")

INSIDE: Final[Mapping[str, Any]] = {"inside": True}
"""The `metadata` of a field that programs need and nobody is shown: row ids, and what opens an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Who did what to a row, when; `Event` says what each is."""

    at: datetime
    who: str
    subject: str
    name: str
    old: str | None
    new: str | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeView:
    """A charge or allowance of a whole document; `amount` is signed, < 0 is an allowance."""

    reason: str | None
    amount: Decimal
    vat_category: str | None
    vat_rate: Decimal | None


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
