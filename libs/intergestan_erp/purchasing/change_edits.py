"""An order as it shall be: from what a person wants to be otherwise, and what of it is new. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.inputs.units import can_be
from intergestan_msg.change import ChangeCode
from intergestan_msg.money import MILLIONTH, ZERO, Price, fits, line_total, plain, totals_of
from intergestan_msg.order import Delivery, Order, OrderLine, Period
from intergestan_msg.peppol import PEPPOL_ADVANCED_ORDERING, PEPPOL_ORDER_CHANGE


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person wants to be otherwise, by line id; prices are for as many units as before."""

    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    deleted: Sequence[str] = ()
    wanted_date: date | None = None
    note: str | None = None


def edited(order: Order, edits: Edits) -> Order:
    """The order with these edits; its totals follow."""
    known = {line.id for line in order.lines}
    strange = [each for each in (*edits.quantities, *edits.prices, *edits.deleted) if each not in known]
    if strange:
        raise Problem(
            "Nothing was changed: {number} has no line {lines}; it has {known}.",
            ProblemCode.NO_LINE,
            number=order.id,
            lines=", ".join(strange),
            known=", ".join(line.id for line in order.lines),
        )
    lines = tuple(_edited(line, edits) for line in order.lines if line.id not in edits.deleted)
    changed = replace(order, lines=lines) if lines else order
    if not lines:
        raise Problem(
            "No line of {number} would be left; nothing was changed.",
            ProblemCode.NO_LINE_LEFT,
            (Act.CANCEL_ORDER,),
            number=order.id,
        )
    if edits.note is not None:
        changed = replace(changed, note=edits.note)
    if edits.wanted_date is not None:
        wanted = Period(None, edits.wanted_date)
        changed = replace(changed, delivery=replace(changed.delivery or Delivery(), wanted=wanted))
    return with_totals(changed)


def _edited(line: OrderLine, edits: Edits) -> OrderLine:
    quantity = edits.quantities.get(line.id, line.quantity)
    price = line.price
    for value in (edits.quantities.get(line.id), edits.prices.get(line.id)):
        if value is not None and (not fits(value, MILLIONTH) or value < 0):
            raise Problem(
                "Nothing was changed: {value} is too large, negative, or has more than 6 decimals.",
                ProblemCode.NO_VALUE,
                value=value,
            )
    if line.id in edits.quantities and not can_be(edits.quantities[line.id], line.unit or ""):
        raise Problem(
            "Nothing was changed: {quantity} is no number of pieces, and the unit {unit} of line {line} is counted.",
            ProblemCode.NO_VALUE,
            quantity=plain(edits.quantities[line.id]),
            unit=line.unit,
            line=line.id,
        )
    if quantity is None or quantity == 0:
        raise Problem(
            "Nothing was changed: a line of nothing is a line to delete: {line}.",
            ProblemCode.LINE_OF_NOTHING,
            (Act.REMOVE_LINE,),
            line=line.id,
        )
    if line.id in edits.prices and price is not None:
        price = replace(price, amount=edits.prices[line.id])
    return priced(replace(line, quantity=quantity, price=price))


def priced(line: OrderLine) -> OrderLine:
    """The line with the amount that follows from its quantity and price.

    :raises Problem: no file could state that amount again (`docs/files.md`).
    """
    price = line.price or Price(ZERO)
    total = line_total(line.quantity or ZERO, price.amount, price.base_quantity, line.allowances)
    if not fits(total, MILLIONTH):
        raise Problem(
            "Nothing was changed: line {line} would come to {amount}, and a figure here has at most 12 digits before "
            "its decimals.",
            ProblemCode.TOO_LARGE,
            line=line.id,
            amount=plain(total),
        )
    return replace(line, line_total=total)


def with_totals(order: Order) -> Order:
    """The order with the totals that follow from its lines and charges.

    :raises Problem: no file could state one of them again.
    """
    sums = totals_of(((line.line_total or ZERO, line.item.tax) for line in order.lines), order.allowances)
    if not fits(sums.largest, MILLIONTH):
        raise Problem(
            "Nothing was changed: a total of {number} would be {amount}, and a figure here has at most 12 digits "
            "before its decimals.",
            ProblemCode.TOO_LARGE,
            number=order.id,
            amount=plain(sums.largest),
        )
    return replace(order, tax_amount=sums.tax_amount, totals=sums.totals)


def as_change(order: Order) -> Order:
    """The order under the specification of changes."""
    return replace(order, customization_id=PEPPOL_ORDER_CHANGE, profile_id=PEPPOL_ADVANCED_ORDERING)


def compared(base: Order, shall_be: Order, touched: frozenset[str]) -> Iterable[tuple[ChangeCode, OrderLine]]:
    """Each line of either order with what becomes of it: matched by its id, never by its product."""
    before = {line.id: line for line in base.lines}
    for line in shall_be.lines:
        if line.id not in before:
            yield ChangeCode.ADDED, line
        elif line != before[line.id] or line.id in touched:
            yield ChangeCode.CHANGED, line
        else:
            yield ChangeCode.UNCHANGED, line
    stay = {line.id for line in shall_be.lines}
    yield from ((ChangeCode.DELETED, line) for line in base.lines if line.id not in stay)
