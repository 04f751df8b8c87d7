"""A draft as it shall be: from what a person wants to be otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.ordering.typed_order import TypedCharge, TypedLine, TypedOrder

_OF_HEAD = ("supplier", "issue_date", "wanted_date", "followed_by", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEdits:
    """What shall be otherwise; None stays as it is. Lines are named by their ids.

    :ivar charges: each in the place of the one that has its reason; one of nothing takes that one away.
    :ivar added: new lines, behind those that are there.
    """

    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    removed: Sequence[str] = ()
    added: tuple[TypedLine, ...] = ()
    charges: tuple[TypedCharge, ...] = ()
    supplier: str | None = None
    issue_date: date | None = None
    wanted_date: date | None = None
    followed_by: str | None = None
    note: str | None = None


def edited(number: str, typed: TypedOrder, edits: DraftEdits) -> TypedOrder:
    """The order with these edits.

    A day on which the whole order is wanted is that of all its lines.

    :raises Problem: it has no such line.
    """
    known = [line.line_id for line in typed.lines]
    strange = [each for each in (*edits.quantities, *edits.prices, *edits.removed) if each not in known]
    if strange:
        raise Problem(
            "Nothing was changed: {number} has no line {lines}; it has {known}.",
            ProblemCode.NO_LINE,
            number=number,
            lines=", ".join(strange),
            known=", ".join(filter(None, known)),
        )
    stay = tuple(_line(line, edits) for line in typed.lines if line.line_id not in edits.removed)
    given = {name: value for name in _OF_HEAD if (value := getattr(edits, name)) is not None}
    charges = _charges(number, typed.charges, edits.charges)
    added = _numbered(edits.added, filter(None, known))
    return replace(typed, lines=(*stay, *added), charges=charges, **given)


def _numbered(added: Sequence[TypedLine], known: Iterable[str]) -> Iterator[TypedLine]:
    """New lines with ids that no line of the draft has had, not even one that goes away."""
    last = max((int(each) for each in known if each.isascii() and each.isdigit()), default=0)
    for line_id, line in enumerate(added, start=last + 1):
        yield replace(line, line_id=str(line_id))


def _charges(number: str, there: tuple[TypedCharge, ...], edits: tuple[TypedCharge, ...]) -> tuple[TypedCharge, ...]:
    charges = list(there)
    for edit in edits:
        same = [place for place, charge in enumerate(charges) if (charge.reason or "") == (edit.reason or "")]
        if len(same) > 1:
            raise Problem(
                "Nothing was changed: {number} has several charges «{reason}».",
                ProblemCode.NO_CHARGE,
                number=number,
                reason=edit.reason or "",
            )
        if not same:
            charges.append(edit)
            continue
        before = charges[same[0]]
        if edit.vat_category is None and edit.vat_rate is None:
            charges[same[0]] = replace(before, amount=edit.amount)
        else:
            charges[same[0]] = edit
    return tuple(charge for charge in charges if charge.amount)


def _line(line: TypedLine, edits: DraftEdits) -> TypedLine:
    line_id = line.line_id or ""
    if edits.wanted_date is not None:
        line = replace(line, wanted_date=None)
    quantity, price = edits.quantities.get(line_id), edits.prices.get(line_id)
    return replace(
        line,
        quantity=line.quantity if quantity is None else quantity,
        price=line.price if price is None else price,
    )
