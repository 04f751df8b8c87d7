"""Picking slips, as programs are told of them (A34, A35, A52 to A54)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from intergestan_db.enums import SlipState
from intergestan_db.problem import Problem
from intergestan_erp.picking.entering import Finished, PreparedLine
from intergestan_erp.picking.listing import ListedSlip, ShownSlip
from intergestan_erp.picking.making import Missing
from intergestan_erp.picking.validating import Validated
from intergestan_msg.money import without_zeros

Say = Callable[[Problem], str]
"""Words a problem for whoever asks."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip. :ivar reason, code: why it could not become a delivery note."""

    slip: str
    state: SlipState
    depot: str
    order: str
    customer: str
    created_at: datetime
    delivery_note: str | None
    reason: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A line of a slip; what it was of is null when that is ordered no more."""

    position: int
    line: str | None
    product: str | None
    name: str | None
    unit: str | None
    proposed: Decimal
    prepared: Decimal | None


@dataclass(frozen=True, slots=True)
class WholeSlip(Slip):
    """A slip with its lines and where the goods go."""

    place: tuple[str, ...]
    lines: tuple[SlipLine, ...]


@dataclass(frozen=True, slots=True)
class EnteredLine:
    """A line of a slip, with what was found of it. :ivar prepared: null: nobody said."""

    position: int
    line: str | None
    product: str | None
    proposed: Decimal
    prepared: Decimal | None


@dataclass(frozen=True, slots=True)
class Entered:
    """A slip for which was entered what was found."""

    slip: str
    lines: tuple[EnteredLine, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A slip that is ready. :ivar missing: what was not found, by the slip's lines."""

    slip: str
    missing: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Left:
    """A slip that became a delivery note."""

    slip: str
    delivery_note: str


@dataclass(frozen=True, slots=True)
class InError:
    """A slip that could not become one, and why."""

    slip: str
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of slips that were ready."""

    done: tuple[Left, ...]
    error: tuple[InError, ...]


def slip(row: ListedSlip, say: Say) -> Slip:
    """A slip in a list."""
    problem = row.problem
    return Slip(
        *(row.number, row.state, row.depot, row.order, row.customer, row.created_at, row.delivery_note),
        reason=None if problem is None else say(problem),
        code=None if problem is None else problem.code,
    )


def whole_slip(shown: ShownSlip, say: Say) -> WholeSlip:
    """A slip as a whole."""
    lines = (
        SlipLine(
            *(line.position, line.line, line.product, line.name, line.unit),
            *(without_zeros(line.proposed), _figure(line.prepared)),
        )
        for line in shown.lines
    )
    own = slip(shown.slip, say)
    head = {name: getattr(own, name) for name in Slip.__dataclass_fields__}
    return WholeSlip(**head, place=shown.place, lines=tuple(lines))


def entered(number: str, lines: Iterable[PreparedLine]) -> Entered:
    """What was entered for a slip."""
    own = (
        EnteredLine(each.position, each.line, each.product, without_zeros(each.proposed), _figure(each.prepared))
        for each in lines
    )
    return Entered(number, tuple(own))


def ready(finished: Finished) -> Ready:
    """A slip that was finished."""
    return Ready(finished.slip, {str(line): without_zeros(rest) for line, rest in finished.missing.items()})


def ran(found: Iterable[Validated], say: Say) -> Ran:
    """What became of slips that were ready."""
    each_one = list(found)
    done = (Left(each.slip, each.note) for each in each_one if each.note is not None)
    wrong = (InError(each.slip, say(each.problem), each.problem.code) for each in each_one if each.problem is not None)
    return Ran(tuple(done), tuple(wrong))


def waiting(missing: Missing) -> dict[str, Any]:
    """So much of a product that is not where it is to leave, and from where it comes (`from`)."""
    own = {"order": missing.order, "line": missing.line, "product": missing.product}
    return {**own, "quantity": without_zeros(missing.quantity), "from": missing.source}


def _figure(value: Decimal | None) -> Decimal | None:
    return None if value is None else without_zeros(value)
