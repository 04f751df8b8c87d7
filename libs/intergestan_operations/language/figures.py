"""Values as people write them: amounts, days, instants, long rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from intergestan_erp.site.day import local
from intergestan_operations.language.wording import translated
from intergestan_runtime.visible_text import visible

_BREAKS = re.compile(r"[ \t\n\r\v\f]+")
"""What becomes one space in a cell; the no-break spaces of French are none of them."""

MOST_NUMBERS = 50
"""More numbers than this nobody reads in a sentence."""


def cell(value: Any, language: str, zone: tzinfo) -> str:
    """A value as people write it here: `1 234,56` and 15/11/2020 in French (D7)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return translated("yes", language) if value else translated("no", language)
    if isinstance(value, Decimal):
        return amount(value, language)
    if isinstance(value, datetime):
        here = local(zone, value)
        return day(here.date(), language) + here.strftime(" %H:%M:%S")
    if isinstance(value, date):
        return day(value, language)
    return visible(_BREAKS.sub(" ", str(value)).strip())


def amount(value: Decimal, language: str) -> str:
    """An amount, a price or a quantity, with two decimals or more where it has more."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.00####", locale=language)


def tenths(value: float, language: str) -> str:
    """A measure with one decimal."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.0", locale=language)


def day(value: date, language: str) -> str:
    """A date, the French way or as ISO 8601."""
    return value.strftime("%d/%m/%Y") if language == "fr" else value.isoformat()


def some_of(numbers: Sequence[str], language: str) -> str:
    """Numbers for a sentence: all of them, or the first and the last of very many, and how many they are."""
    if len(numbers) <= MOST_NUMBERS:
        return ", ".join(numbers)
    return translated("{first}, {second}, …, {last} ({count})", language).format(
        first=numbers[0], second=numbers[1], last=numbers[-1], count=len(numbers)
    )
