"""Values as people write them in the language of this process: amounts, days, instants, long rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from intergestan_erp.site.day import local
from intergestan_operations.language.language import _, spoken
from intergestan_runtime.visible_text import visible

_BREAKS = re.compile(r"[ \t\n\r\v\f]+")
"""What becomes one space in a cell; the no-break spaces of French are none of them."""

MOST_NUMBERS = 50
"""More numbers than this nobody reads in a sentence."""

_shown_in: tzinfo = UTC


def show_times_in(zone: tzinfo) -> None:
    """From now on, times are shown as the clocks of this zone have them; before that in UTC."""
    global _shown_in  # noqa: PLW0603 - one program, one site: like the language that it speaks
    _shown_in = zone


def cell(value: Any) -> str:
    """A value as people write it here: `1 234,56` and 15/11/2020 in French (D7)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, datetime):
        here = local(_shown_in, value)
        return day(here.date()) + here.strftime(" %H:%M:%S")
    if isinstance(value, date):
        return day(value)
    return visible(_BREAKS.sub(" ", str(value)).strip())


def amount(value: Decimal) -> str:
    """An amount, a price or a quantity, with two decimals or more where it has more."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.00####", locale=spoken())


def tenths(value: float) -> str:
    """A measure with one decimal."""
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0.0", locale=spoken())


def day(value: date) -> str:
    """A date, the French way or as ISO 8601."""
    return value.strftime("%d/%m/%Y") if spoken() == "fr" else value.isoformat()


def some_of(numbers: Sequence[str]) -> str:
    """Numbers for a sentence: all of them, or the first and the last of very many, and how many they are."""
    if len(numbers) <= MOST_NUMBERS:
        return ", ".join(numbers)
    return _("{first}, {second}, …, {last} ({count})").format(
        first=numbers[0], second=numbers[1], last=numbers[-1], count=len(numbers)
    )
