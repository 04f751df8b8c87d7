"""What a change starts from, compared with what we have (`design.md` §16.9). Pure.

A change is a full document: what it states of a line that stays as it is must be what we booked. Where the buyer
cannot know or has not agreed to what we booked (a price of ours, a change that was refused, a line of which goods
have left), it may also be what they last stated; the ledger keeps that (`Ledger.stated`) where it is not what we
booked. Anything else is another history than ours: their database came back from a backup, say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from intergestan_db.enums import LedgerOutcome
from intergestan_erp.catalogue.unit_conversion import converted, costs_the_same, is_in
from intergestan_erp.selling.booked_lines import BookedLine
from intergestan_exchange.inbox.facts import DocumentKey, Facts
from intergestan_msg.answer import ANSWER_LINE, AnswerLine, LineCode
from intergestan_msg.money import ROUNDED, ZERO, Price, plain
from intergestan_msg.order import OrderLine, one_day
from intergestan_msg.shapes import Shape

_Same = Callable[["Figures", "Figures"], bool]
OPEN = frozenset({LineCode.ADDED, LineCode.CHANGED, LineCode.NOT_ACCEPTED})
"""Codes of lines that are not as the buyer ordered them, until the buyer agrees."""
_NOTHING = {"S", "Z"}
"""Categories that mean the same at 0 %: releases before wrote either, and Peppol allows Z alone."""
_APPLIED = (LedgerOutcome.CREATED, LedgerOutcome.APPLIED)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is said of a line, in one unit; None where nothing is said."""

    quantity: Decimal | None
    unit: str | None
    price: Decimal | None
    base_quantity: Decimal
    allowance: Decimal
    vat_category: str | None
    vat_rate: Decimal | None
    total: Decimal | None
    date: date | None

    def __str__(self) -> str:
        quantity = "?" if self.quantity is None else plain(self.quantity)
        text = f"{quantity} {self.unit or ''}".rstrip()
        if self.price is not None:
            per = "" if self.base_quantity == 1 else f"/{plain(self.base_quantity)}"
            text += f" × {plain(self.price)}{per}"
        if self.allowance:
            text += f" {'+' if self.allowance > 0 else '-'} {plain(abs(self.allowance))}"
        if self.total is not None:
            text += f" = {self.total:f}"
        details = [f"{self.vat_category or ''} {plain(self.vat_rate)} %".strip()] if self.vat_rate is not None else []
        details += [self.date.isoformat()] if self.date else []
        return f"{text} ({', '.join(details)})" if details else text


FIGURES = Shape(Figures)
Stated = Mapping[str, Mapping[str, Any] | None]
"""By line id, the `Figures` (as plain values) that a buyer stated and we did not book; None of a line of ours that they
deleted and that stays."""


def stated_figures(line: OrderLine, unit: str | None) -> Figures:
    """What the buyer states of a line: in our unit, where it can be said in it exactly."""
    ours = converted(line, unit or line.unit or "") if line.quantity is not None else None
    quantity: Decimal | None
    price: Price | None
    if ours is not None:
        quantity, its_unit, price = ours.quantity, unit or line.unit, ours.price
    else:
        quantity, its_unit = line.quantity, line.unit
        price = line.price if line.price is not None and is_in(line, unit or line.unit or "") else None
    tax = line.item.tax
    return Figures(
        quantity=quantity,
        unit=its_unit,
        price=price.amount if price else None,
        base_quantity=price.base_quantity if price else Decimal(1),
        allowance=sum((each.signed for each in line.allowances), ZERO),
        vat_category=(tax.code or None) if tax else None,
        vat_rate=tax.percent if tax else None,
        total=line.line_total,
        date=one_day(line.wanted),
    )


def booked_figures(line: BookedLine, promised: date | None) -> Figures:
    """What we have of a line."""
    return Figures(
        *(line.quantity, line.unit, line.price, line.base_quantity, line.allowance),
        *(line.vat_category or None, line.vat_rate, line.total, promised),
    )


def is_one_of(stated: Figures, ours: Iterable[Figures], compared: tuple[_Same, ...] | None = None) -> bool:
    """Whether each figure that is stated is that of one of ours.

    :param compared: what is looked at, if not all: `QUANTITY_ONLY`.
    """
    known = tuple(ours)
    if not all(any(same(stated, each) for each in known) for same in compared or _SAME):
        return False
    dates = {each.date for each in known} - {None}
    return stated.date is None or not dates or stated.date in dates  # a line of ours need not have a date


def _same_quantity(stated: Figures, ours: Figures) -> bool:
    if stated.quantity is None:
        return True
    return stated.quantity == ours.quantity and (stated.unit is None or stated.unit == ours.unit)


def _same_price(stated: Figures, ours: Figures) -> bool:
    if stated.price is None:
        return True
    if ours.price is None:
        return False
    return costs_the_same(Price(stated.price, stated.base_quantity), Price(ours.price, ours.base_quantity))


def _same_allowance(stated: Figures, ours: Figures) -> bool:
    return stated.allowance == ours.allowance


def _same_vat(stated: Figures, ours: Figures) -> bool:
    if stated.vat_rate is None:
        return True
    if stated.vat_rate != ours.vat_rate or not (stated.vat_category and ours.vat_category):
        return stated.vat_rate == ours.vat_rate
    categories = {stated.vat_category, ours.vat_category}
    return len(categories) == 1 or (not stated.vat_rate and categories == _NOTHING)


def _same_total(stated: Figures, ours: Figures) -> bool:
    if stated.total is None:
        return True
    return ours.total is not None and abs(stated.total - ours.total) <= ROUNDED


_SAME = (_same_quantity, _same_price, _same_allowance, _same_vat, _same_total)
QUANTITY_ONLY = (_same_quantity,)


def beside_booked(lines: Iterable[OrderLine], booked: Mapping[str, tuple[BookedLine, date | None]]) -> Stated:
    """What of these lines is not what we have, for the ledger to keep; `booked` has ours with their dates."""
    return dict(_beside(tuple(lines), booked))


def _beside(
    lines: Sequence[OrderLine], booked: Mapping[str, tuple[BookedLine, date | None]]
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    yield from ((line_id, None) for line_id in booked.keys() - {line.id for line in lines})
    for line in lines:
        ours = booked.get(line.id)
        if ours is not None and _is_as_asked(line, ours[0]):
            continue
        stated = stated_figures(line, ours[0].unit if ours else None)
        is_dated_alone = ours is not None and stated.date is not None and ours[1] is None
        if ours is None or is_dated_alone or not is_one_of(stated, [booked_figures(*ours)]):
            yield line.id, kept(stated)


def kept(figures: Figures) -> Mapping[str, Any]:
    """Figures as the ledger keeps them."""
    values: Mapping[str, Any] = msgspec.to_builtins(figures)
    return values


def _is_as_asked(line: OrderLine, ours: BookedLine) -> bool:
    """The usual case, which costs little: what we booked is to the letter what was asked."""
    price, tax = line.price, line.item.tax
    return (
        line.wanted is None
        and line.quantity == ours.quantity
        and (line.unit is None or line.unit == ours.unit)
        and price is not None
        and (price.amount, price.base_quantity) == (ours.price, ours.base_quantity)
        and is_in(line, ours.unit)
        and (line.line_total is None or line.line_total == ours.total)
        and (tax is None or tax.percent is None or (tax.code, tax.percent) == (ours.vat_category, ours.vat_rate))
    )


def open_words(lines: Iterable[Mapping[str, Any]], stated: Stated | None) -> dict[str, AnswerLine]:
    """What the buyer was told of lines that the policy booked otherwise than ordered, and has not agreed to.

    :param lines: of the newest answer to the order that says anything of its lines.
    :param stated: what the buyer stated last and we did not book.
    """
    waiting = stated or {}
    return {line["id"]: ANSWER_LINE.convert(line) for line in lines if line["code"] in OPEN and line["id"] in waiting}


def stated_before(key: DocumentKey, facts: Facts) -> Stated | None:
    """What the buyer stated before this document and we did not book, of each line the last word.

    The last document that was booked says all of it; what was refused after it adds to that. All of an earlier series
    came before: a buyer that was restored and counts anew knows of it what its backup knew, and we compare with what we
    were told last (`design.md` §16.9).

    :returns: None when that document was booked by a release that kept nothing.
    """
    _, number, revision = key
    earlier = sorted(
        (
            ((row.epoch, its_revision), row)
            for (kind, its_number, its_revision), row in facts.rows()
            if its_number == number
            and (row.epoch, its_revision) < (facts.epoch, revision)
            and kind in {"order", "change"}
            and row.is_settled
        ),
        key=lambda each: each[0],
    )
    stated: Stated | None = None
    for _, row in earlier:
        if row.outcome in _APPLIED:
            stated = row.stated
        elif row.stated is not None and stated is not None:
            stated = {**stated, **row.stated}
    return stated
