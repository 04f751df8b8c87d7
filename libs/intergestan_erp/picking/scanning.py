"""What a person or a reader of barcodes scans is counted onto a slip's lines, one after the other (A35)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, update

from intergestan_db.database import AnyRow
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import PickingSlipLine
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.folding import name_key
from intergestan_erp.picking.entering import move
from intergestan_erp.picking.slips import lock_slips, refuse_state, slip_called, slip_lines
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain

MOST: Final = 1000
"""So many scans are counted at once."""
_TYPED: Final = re.compile(r"\s*(?:([0-9]{1,9}(?:[.,][0-9]{1,6})?)\s*[*x×]\s*)?(\S.*?)\s*", re.IGNORECASE)
_COUNT: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.id == bindparam("line"))
    .values(prepared=bindparam("found", type_=Scaled(6)))
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A product's code or GTIN, and how many of it."""

    code: str
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What came of a scan. :ivar problem: why nothing was counted.

    :ivar prepared: of all lines of the product together, as `proposed`.
    """

    code: str
    product: str | None
    prepared: Decimal
    proposed: Decimal
    problem: Problem | None = None


def read_scan(text: str) -> Scan | None:
    """`ALB0002` is one of it, `3*ALB0002` are three; None: nothing is there."""
    typed = _TYPED.fullmatch(text)
    if typed is None:
        return None
    return Scan(typed[2], Decimal(typed[1].replace(",", ".")) if typed[1] else Decimal(1))


def scan(
    connection: Connection, number: str, place: Place, scans: Sequence[Scan], *, by: str, at: datetime
) -> list[Scanned]:
    """Count scans onto a slip, in their order. Several people may do so at once: each adds to what is there.

    What cannot be counted is said by itself and keeps back none of the others.

    :raises Problem: the slip is of another depot or not to be entered, or these are too many; nothing is changed.
    """
    if len(scans) > MOST:
        raise Problem("At most {most} scans are counted at once; none was.", ProblemCode.TOO_MANY, most=MOST)
    slip = slip_called(connection, number, place)
    (slip,) = lock_slips(connection, [slip.id])
    refuse_state(slip, "enter")
    lines = slip_lines(connection, [slip.id])
    prepared: dict[int, Decimal] = {line.id: line.prepared or ZERO for line in lines}
    before = dict(prepared)
    found = [_count(number, lines, prepared, each) for each in scans]
    changed = [{"line": line, "found": count} for line, count in prepared.items() if count != before[line]]
    if changed:
        connection.execute(_COUNT, changed)
        move(connection, [slip.id], "enter", old={slip.id: slip.state}, by=by, at=at)
    return found


def _count(number: str, lines: Sequence[AnyRow], prepared: dict[int, Decimal], one: Scan) -> Scanned:
    own = [line for line in lines if _is_meant(line, one.code)]
    room = sum((line.proposed - prepared[line.id] for line in own), ZERO)
    problem = _fault(number, own, room, one)
    rest = ZERO if problem else one.quantity
    for line in own:
        share = min(rest, line.proposed - prepared[line.id])
        prepared[line.id] += share
        rest -= share
    return Scanned(
        one.code,
        own[0].product_code if own else None,
        sum((prepared[line.id] for line in own), ZERO),
        sum((line.proposed for line in own), ZERO),
        problem,
    )


def _is_meant(line: AnyRow, code: str) -> bool:
    """By the product's code in any case, or by its GTIN, of which readers leave out zeros in front."""
    if line.product_code is not None and name_key(line.product_code) == name_key(code):
        return True
    return line.gtin is not None and code.isdecimal() and line.gtin.lstrip("0") == code.lstrip("0")


def _fault(number: str, own: Sequence[AnyRow], room: Decimal, one: Scan) -> Problem | None:
    if not own:
        return Problem("{slip} has no line with {code}.", ProblemCode.NO_LINE, slip=number, code=one.code)
    proposed = sum((line.proposed for line in own), ZERO)
    fine = fits(one.quantity, MILLIONTH) and one.quantity > 0
    if not fine or not (one.quantity == room or can_be(one.quantity, own[0].unit or "")) or one.quantity > room:
        return Problem(
            "{slip} proposes {proposed} {code}, of which {left} are still to be prepared: {quantity} were not counted.",
            ProblemCode.NO_VALUE,
            slip=number,
            proposed=plain(proposed),
            code=own[0].product_code,
            left=plain(room),
            quantity=plain(one.quantity),
        )
    return None
