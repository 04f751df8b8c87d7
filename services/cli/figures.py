"""Days and figures as people write them on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_operations.language.language import _
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_erp.inputs.vat import StatedVat

Value = TypeVar("Value")

DecimalMark = Annotated[
    Mark | None,
    typer.Option(
        "--decimal-mark", help="What stands before the decimals of all numbers, where 1.234 or 1,234 may be either."
    ),
]


class Dates(StrEnum):
    """Which dates orders may have."""

    PLAUSIBLE = "plausible"
    ANY = "any"


AnyDates = Annotated[
    Dates,
    typer.Option(
        "--dates", help="Take any date; else an order is at most a year old, and wanted or promised within two years."
    ),
]


@contextmanager
def as_typed() -> Iterator[None]:
    """What a library cannot read in an option is an error of usage, as if it were read here.

    :raises BadParameter: in place of `Unreadable`.
    """
    from intergestan_erp.inputs.unreadable import Unreadable

    try:
        yield
    except Unreadable as bad:
        raise typer.BadParameter(sentence(bad)) from bad


def day_of(text: str | None) -> date | None:
    """A day as people write it; BadParameter for what is none."""
    return None if text is None else a_day(text)


def a_day(text: str) -> date:
    """A day as people write it; BadParameter for what is none."""
    from intergestan_erp.inputs.days import read_day

    with as_typed():
        return read_day(text)


def a_figure(text: str, mark: Mark | None = None) -> Decimal:
    """A quantity, as people write it in files too; BadParameter for what is none."""
    return _figure(text, Figure.QUANTITY, mark)


def a_price(text: str, mark: Mark | None = None) -> Decimal:
    """A price, without a currency: that is the order's; BadParameter for what is none."""
    return _figure(text, Figure.AMOUNT, mark)


def a_rate(text: str, mark: Mark | None = None) -> Decimal:
    """A rate in percent; BadParameter for what is none."""
    return _figure(text, Figure.RATE, mark)


def an_amount(text: str, mark: Mark | None = None) -> Decimal:
    """An amount of money, not below 0 and with 2 decimals at most; BadParameter for what is none."""
    from intergestan_erp.inputs.amounts import read_amount

    with as_typed():
        return read_amount(text, mark)


def a_vat(text: str) -> StatedVat:
    """A VAT category with its rate, such as S:20; BadParameter for what is none."""
    from intergestan_erp.inputs.vat import read_vat

    with as_typed():
        return read_vat(text)


def a_key(text: str) -> str:
    """A code or a number of ours or theirs, in the encoding in which keys are kept; BadParameter for an empty one."""
    from intergestan_erp.inputs.typed_figures import read_key

    with as_typed():
        return read_key(text)


def _figure(text: str, figure: Figure, mark: Mark | None) -> Decimal:
    from intergestan_erp.inputs.typed_figures import read_figure

    with as_typed():
        return read_figure(text, figure, mark)


def by_line(texts: Sequence[str] | None, mark: Mark | None = None) -> dict[str, Decimal]:
    """`L1=2`, `L3=0,5`: quantities by line id; BadParameter for what is none, or a line that stands twice."""
    from intergestan_erp.inputs.typed_figures import quantities_by_line

    with as_typed():
        return quantities_by_line(texts or (), mark)


def by_place(texts: Sequence[str] | None, mark: Mark | None = None) -> dict[int, Decimal]:
    """`1=2`: quantities by a line's place in a document; BadParameter for what is none, or a line that stands twice."""
    return {_place(line): quantity for line, quantity in by_line(texts, mark).items()}


def prices_by_line(texts: Sequence[str] | None, mark: Mark | None = None) -> dict[str, Decimal]:
    """`L1=4,50`: prices by line id; BadParameter for what is none, or a line that stands twice."""
    from intergestan_erp.inputs import typed_figures

    with as_typed():
        return typed_figures.prices_by_line(texts or (), mark)


def values_by_line(texts: Sequence[str] | None, read: Callable[[str], Value]) -> dict[str, Value]:
    """`ID=VALUE` as values by line id; BadParameter for what is none, or a line that stands twice."""
    from intergestan_erp.inputs import typed_figures

    with as_typed():
        return typed_figures.values_by_line(texts or (), read)


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(_("«{text}» is no number of a line: `sales show` shows them.").format(text=text))
    return int(text)
