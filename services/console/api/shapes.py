"""What OpenAPI says of answers, made of the values of the libraries: a field that is added there is told here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from services.console.api.values import is_public

Item = TypeVar("Item")

Figure = Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$", examples=["180.00"])]
"""An amount, a price or a quantity: a text, never a floating point number."""
_SAYABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]*$"
"""What XML has a place for (XML 1.0 §2.2), as the documents in which a partner reads it."""
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=_SAYABLE)]
Long = Annotated[str, Field(min_length=1, max_length=2000, pattern=_SAYABLE)]
STRICT = ConfigDict(extra="forbid", strict=True)
"""Of what a call says: nothing is taken that is not known, and nothing is made of something else."""


class Items(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next: str | None = Field(description="What `cursor` takes for the following page; null: this is the last one.")


class Fault(BaseModel):
    """What is wrong with one field, or with one row of a file."""

    model_config = ConfigDict(extra="allow")

    detail: str
    pointer: str | None = Field(None, description="Of a JSON body: where (RFC 6901).")


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="The address of a page about problems of this kind.")
    title: str
    status: int
    detail: str = Field(description="What happened, for a person, in the language that was asked for.")
    code: str = Field(description="What kind it is: a word that stays the same.")
    next: str | None = Field(None, description="What may be done about it, the likeliest.")
    errors: list[Fault] | None = None
    trace: str | None = Field(None, description="Of a fault of ours: the number by which our log has it.")


@cache
def shape_of(cls: type[Any], **more: Any) -> type[BaseModel]:
    """What is told of a value of this class. :param more: further fields, with their types."""
    hints = get_type_hints(cls)
    told = {field.name: (_told(hints[field.name]), ...) for field in fields(cls) if is_public(field.name)}
    every: dict[str, Any] = {**{name: (kind, ...) for name, kind in more.items()}, **told}
    made: type[BaseModel] = create_model(cls.__name__, __doc__=_first_line(cls), **every)
    return made


def _told(hint: Any) -> Any:
    """The type of a field, as JSON has it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return Union[tuple(_told(each) for each in arguments)]  # noqa: UP007 - made of values
    if origin is not None and issubclass(origin, Mapping):
        return dict[str, _told(arguments[1])]  # type: ignore[misc]
    if origin is not None:
        return list[_told(arguments[0])]  # type: ignore[misc]
    if hint is Decimal:
        return Figure
    if hint is object:
        return Any
    if hint is Any or hint in {NoneType, bool, int, date, datetime}:
        return hint
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        return shape_of(hint)
    return str


def _first_line(cls: type[Any]) -> str:
    return (cls.__doc__ or cls.__name__).strip().splitlines()[0]
