"""Goods as people type or paste them: a line each, of a product, a quantity and what one costs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.typed_figures import read_figure

_MOST = 5000
_CELLS = ("\t", ";")


@dataclass(frozen=True, slots=True)
class TypedGoods:
    """A line. :ivar depot: its code, where lines name one. :ivar cost: of one unit, without VAT; None: as usual."""

    depot: str
    product: str
    quantity: Decimal
    cost: Decimal | None


def read_goods(text: str, *, with_depot: bool) -> list[TypedGoods]:
    """The lines of a text, empty ones left out.

    :param with_depot: the first cell of each names a depot.
    :raises Problem: for the first line that is none, with its number.
    """
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > _MOST:
        raise Problem(
            "These are {count} lines, and at most {most} are taken at once. Nothing was changed.",
            ProblemCode.NO_VALUE,
            count=len(lines),
            most=_MOST,
        )
    return [_line(n, _cells(line), with_depot=with_depot) for n, line in lines]


def _cells(line: str) -> list[str]:
    mark = next((each for each in _CELLS if each in line), None)
    return [cell.strip() for cell in (line.split(mark) if mark else line.split())]


def _line(n: int, cells: Sequence[str], *, with_depot: bool) -> TypedGoods:
    depot, rest = (cells[0], cells[1:]) if with_depot else ("", cells)
    try:
        product, quantity, *costs = [*rest, ""] if len(rest) == 2 else rest
        (cost,) = costs
    except ValueError:
        cost = product = ""
    if not product:
        raise _wrong(n, Problem("It is no product with a quantity, and perhaps what one costs.", ProblemCode.NO_VALUE))
    try:
        price = read_figure(cost, Figure.AMOUNT) if cost else None
        return TypedGoods(depot, product, read_figure(quantity, Figure.QUANTITY), price)
    except Problem as problem:
        raise _wrong(n, problem) from problem


def _wrong(n: int, reason: Problem) -> Problem:
    return Problem("Line {line}: {reason} Nothing was changed.", ProblemCode.NO_VALUE, line=n, reason=reason)
