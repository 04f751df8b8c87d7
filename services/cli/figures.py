"""Days and figures as people write them on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import typer

from intergestan_operations.language.language import _

Value = TypeVar("Value")


def day_of(text: str | None) -> date | None:
    """A day as people write it; BadParameter for what is none."""
    return None if text is None else a_day(text)


def a_day(text: str) -> date:
    """A day as people write it; BadParameter for what is none."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a plain date has no time zone
        except ValueError:
            continue
    raise typer.BadParameter(_("«{text}» is not a date: write it like 15/11/2020 or 2020-11-15.").format(text=text))


def a_figure(text: str) -> Decimal:
    """A quantity or a price, with a comma or a point; BadParameter for what is none."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise typer.BadParameter(_("«{text}» is no line with a quantity: write L1=2.").format(text=text))
    return value


def by_line(texts: Sequence[str] | None) -> dict[str, Decimal]:
    """`L1=2`, `L3=0,5`: figures by line id; BadParameter for what is none, or a line that stands twice."""
    return values_by_line(texts, a_figure)


def values_by_line(texts: Sequence[str] | None, read: Callable[[str], Value]) -> dict[str, Value]:
    """`ID=VALUE` as values by line id; BadParameter for what is none, or a line that stands twice."""
    found: dict[str, Value] = {}
    for text in texts or ():
        line_id, _equals, value = text.rpartition("=")
        if not line_id:
            raise typer.BadParameter(_("«{text}» is no line with a quantity: write L1=2.").format(text=text))
        if line_id in found:
            raise typer.BadParameter(_("A line stands twice: give it one quantity."))
        found[line_id] = read(value)
    return found
