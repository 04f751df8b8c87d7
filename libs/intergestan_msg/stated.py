"""The totals that a document states, beside those that its own lines come to.

Both doors compare the same figures: a file of our own orders is refused for a difference, an order that came by mail
gets a finding. How far two figures may lie apart is the door's own matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from intergestan_msg.money import ZERO, Sums, TaxCategory, Vat


class Figure(StrEnum):
    """What a stated total is a total of."""

    LINES = "lines"
    EXCLUSIVE = "ht"
    ALLOWANCES = "allowances"
    CHARGES = "charges"
    TAXABLE = "taxable"
    TAX_OF = "vat_of"
    TAX = "vat"
    INCLUSIVE = "ttc"
    PAYABLE = "payable"


@dataclass(frozen=True, slots=True)
class Subtotal:
    """What a document states of one category and rate: `base` is taxed, `amount` is the tax."""

    category: TaxCategory | None
    base: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The totals that a document states; None is not stated."""

    lines: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    tax_exclusive: Decimal | None = None
    tax: Decimal | None = None
    subtotals: tuple[Subtotal, ...] = ()
    tax_inclusive: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None


NOTHING_STATED: Final = Stated()


@dataclass(frozen=True, slots=True)
class Compared:
    """A stated total and what the document comes to; `category` is that of a subtotal."""

    figure: Figure
    stated: Decimal
    due: Decimal
    category: TaxCategory | None = None


def compared(stated: Stated, sums: Sums, *, with_tax: bool) -> Iterator[Compared]:
    """Each total that a document states with its due figure, what others follow from first.

    :param with_tax: whether the document says anything of tax. The amount to pay of one that does not may have it
        in it or not.
    """
    due = sums.totals
    exclusive, inclusive = due.tax_exclusive or ZERO, due.tax_inclusive or ZERO
    first = (
        (Figure.LINES, stated.lines, due.lines),
        (Figure.EXCLUSIVE, stated.tax_exclusive, exclusive),
        (Figure.ALLOWANCES, stated.allowances, due.allowances or ZERO),
        (Figure.CHARGES, stated.charges, due.charges or ZERO),
    )
    last = (
        (Figure.TAX, stated.tax, sums.tax_amount),
        (Figure.INCLUSIVE, stated.tax_inclusive, inclusive),
        (Figure.PAYABLE, stated.payable, _payable(stated, exclusive, inclusive, with_tax=with_tax)),
    )
    yield from (Compared(figure, said, ours) for figure, said, ours in first if said is not None)
    yield from _subtotals(stated, sums.vat)
    yield from (Compared(figure, said, ours) for figure, said, ours in last if said is not None)


def _payable(stated: Stated, exclusive: Decimal, inclusive: Decimal, *, with_tax: bool) -> Decimal:
    step = (stated.rounding or ZERO) - (stated.prepaid or ZERO)
    if with_tax or stated.payable is None:
        return inclusive + step
    asked = stated.payable
    return min(inclusive + step, exclusive + step, key=lambda due: abs(due - asked))


def _subtotals(stated: Stated, vat: tuple[Vat, ...]) -> Iterator[Compared]:
    for subtotal in stated.subtotals:
        category = subtotal.category
        if category is None:
            continue  # it is of no rate: the total has it
        same = [each for each in vat if _fits(category, each.category)]
        for figure, said, ours in (
            (Figure.TAXABLE, subtotal.base, sum((each.base for each in same), ZERO)),
            (Figure.TAX_OF, subtotal.amount, sum((each.amount for each in same), ZERO)),
        ):
            if said is not None:
                yield Compared(figure, said, ours, category)


def _fits(stated: TaxCategory, ours: TaxCategory) -> bool:
    """Whether they are of one rate and category, as far as the document says them."""
    return stated.code in {"", ours.code} and (
        stated.percent is None or stated.percent == (ours.percent if ours.percent is not None else ZERO)
    )
