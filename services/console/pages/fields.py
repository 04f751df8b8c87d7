"""Fields that a person fills in: whole numbers, and what is said where one is not filled in as it must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from intergestan_runtime.said import marked

NEEDED: Final = marked("This is needed.")
TOO_LONG: Final = marked("This is too long.")
NO_NUMBER: Final = marked("Write a whole number that is possible here.")


@dataclass(frozen=True, slots=True)
class Number:
    """A field that holds a whole number. `empty`: what it means where nothing is typed."""

    least: int
    most: int
    empty: int | None


def read_number(text: str, number: Number, wrong: dict[str, str], name: str) -> int | None:
    """A number that was typed; what is wrong with it stands in `wrong` then."""
    if not text:
        return number.empty
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
    if not number.least <= value <= number.most:
        wrong[name] = NO_NUMBER
    return value
