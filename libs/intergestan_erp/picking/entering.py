"""A depot prepares a slip: quantities are entered, the slip is finished, opened again or cancelled (A35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationState, Supply
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import PickingSlip, PickingSlipLine, Reservation, SalesOrder
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.freed import Freed
from intergestan_erp.picking.slips import lock_slips, refuse_state, slip_called, slip_lines
from intergestan_erp.stock.letting_go import let_go
from intergestan_erp.stock.on_slips import drop_lines
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain

_LOCK_ORDER: Final = select(SalesOrder.__table__).where(SalesOrder.id == bindparam("order")).with_for_update()
_PREPARE: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.id == bindparam("line"))
    .values(prepared=bindparam("found", type_=Scaled(6)))
)
_SET_ASIDE: Final = (
    select(func.sum(Reservation.quantity))
    .where(Reservation.picking_slip_line_id == PickingSlipLine.id, Reservation.state == ReservationState.ACTIVE)
    .correlate(PickingSlipLine.__table__)
    .scalar_subquery()
)
_PROPOSE_ANEW: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.slip_id == bindparam("slip"), PickingSlipLine.prepared <= _SET_ASIDE, _SET_ASIDE > ZERO)
    .values(proposed=_SET_ASIDE)
)
"""What was not found the first time is set aside no more."""
_ACCEPT: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.slip_id == bindparam("slip"), PickingSlipLine.prepared.is_(None))
    .values(prepared=PickingSlipLine.proposed)
)


@dataclass(frozen=True, slots=True)
class PreparedLine:
    """A line of a slip. :ivar prepared: what was found; None: nobody said."""

    position: int
    line: str | None
    product: str | None
    proposed: Decimal
    prepared: Decimal | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A slip that is ready. :ivar missing: what was not found, by the slip's lines; `freed`: goods for others."""

    slip: str
    missing: Mapping[int, Decimal]
    freed: Freed


def enter(
    connection: Connection,
    number: str,
    place: Place,
    found: Mapping[int, Decimal],
    *,
    accept: bool = False,
    version: int | None = None,
    by: str,
    at: datetime,
) -> list[PreparedLine]:
    """Enter what was found of lines of a slip, by their positions.

    :param accept: of all lines of which nothing was said, all that is proposed was found.
    :param version: of the slip as it was seen; None: whatever it is now.
    :raises Problem: the slip is of another depot or not to be entered, somebody else changed it meanwhile, or a
        quantity cannot be; nothing is changed.
    """
    slip = slip_called(connection, number, place)
    (slip,) = lock_slips(connection, [slip.id])
    refuse_state(slip, "enter")
    if version is not None and slip.version != version:
        raise Problem(
            "Somebody else entered quantities of {slip} meanwhile, so nothing was stored. Below is what they said "
            "beside what you typed.",
            ProblemCode.CHANGED_MEANWHILE,
            (Act.SHOW_SLIP,),
            slip=number,
        )
    lines = {line.position: line for line in slip_lines(connection, [slip.id])}
    strange = [position for position in found if position not in lines]
    if strange:
        raise Problem(
            "{number} has no line {lines}; it has {known}. Nothing was changed.",
            ProblemCode.NO_LINE,
            (Act.SHOW_SLIP,),
            number=number,
            lines=", ".join(map(str, strange)),
            known=", ".join(map(str, lines)),
        )
    for position, quantity in found.items():
        _check(number, lines[position], quantity)
    if found:
        rows = [{"line": lines[position].id, "found": quantity} for position, quantity in found.items()]
        connection.execute(_PREPARE, rows)
    if accept:
        connection.execute(_ACCEPT, {"slip": slip.id})
    move(connection, [slip.id], "enter", old={slip.id: slip.state}, by=by, at=at)
    return [_prepared(line, found, accept=accept) for line in lines.values()]


def finish(connection: Connection, number: str, place: Place, *, by: str, at: datetime) -> Finished:
    """Let a slip be ready: from now on it is read only and counts as left.

    What was not found is set aside no more and remains of the order.

    :raises Problem: the slip is of another depot or not to be finished, of a line nobody said what was found, or more
        was found than is still to leave; nothing is changed.
    """
    slip, order, lines = _locked(connection, number, place, "finish")
    unsaid = [line.position for line in lines if line.prepared is None]
    if unsaid:
        raise Problem(
            "Of lines {lines} of {slip} nobody said what was found. Nothing was changed.",
            ProblemCode.NOT_PREPARED,
            (Act.ENTER_SLIP,),
            slip=number,
            lines=", ".join(map(str, unsaid)),
        )
    held = {line.id: line for line in read_order_lines(connection, order.id)}
    reserved: dict[int, Decimal] = {}
    for each in (each for line in held.values() for own in line.holdings for each in own.set_aside):
        if each.slip_line_id is not None:
            reserved[each.slip_line_id] = reserved.get(each.slip_line_id, ZERO) + each.quantity
    for line in lines:
        _refuse_more(number, line, held, reserved.get(line.id))
    missing = {line.position: line.proposed - line.prepared for line in lines if line.prepared < line.proposed}
    not_found = {
        line.id: reserved[line.id] - line.prepared
        for line in lines
        if line.id in reserved and line.prepared < reserved[line.id]
    }
    freed = let_go(connection, order, list(held.values()), not_found, by=by, at=at)
    detail = {"missing": {str(position): plain(quantity) for position, quantity in missing.items()}}
    move(connection, [slip.id], "finish", by=by, at=at, event_detail=detail if missing else None)
    return Finished(number, missing, freed)


def reopen(connection: Connection, number: str, place: Place, *, by: str, at: datetime) -> None:
    """Let a slip that could not be delivered be entered again.

    :raises Problem: the slip is of another depot or in no error; nothing is changed.
    """
    slip = slip_called(connection, number, place)
    (slip,) = lock_slips(connection, [slip.id])
    refuse_state(slip, "reopen")
    connection.execute(_PROPOSE_ANEW, {"slip": slip.id})
    move(connection, [slip.id], "reopen", by=by, at=at, fault=None, fault_values=None)


def cancel(connection: Connection, number: str, place: Place, *, by: str, at: datetime) -> None:
    """Cancel a slip: what stands on it stays set aside for its order, and may stand on another one.

    :raises Problem: the slip is of another depot, ready or delivered; nothing is changed.
    """
    slip, _order, lines = _locked(connection, number, place, "cancel")
    detail = {"lines": {line.product_code or str(line.position): plain(line.proposed) for line in lines}}
    drop_lines(connection, [line.id for line in lines])
    values: dict[str, Any] = {"fault": None, "fault_values": None}
    move(connection, [slip.id], "cancel", old={slip.id: slip.state}, by=by, at=at, event_detail=detail, **values)


def move(connection: Connection, slip_ids: Sequence[int], event: str, *, at: datetime, **others: Any) -> None:
    """Move locked slips into another state, and count that."""
    states.move(
        *(connection, states.PICKING_SLIP, slip_ids, event),
        at=at,
        version=PickingSlip.version + 1,
        changed_at=at,
        **others,
    )


def _locked(connection: Connection, number: str, place: Place, event: str) -> tuple[AnyRow, AnyRow, list[AnyRow]]:
    """A slip, its order and its lines, locked."""
    slip = slip_called(connection, number, place)
    order = connection.execute(_LOCK_ORDER, {"order": slip.sales_order_id}).one()
    (slip,) = lock_slips(connection, [slip.id])
    refuse_state(slip, event)
    return slip, order, slip_lines(connection, [slip.id])


def _check(number: str, line: AnyRow, quantity: Decimal) -> None:
    fine = fits(quantity, MILLIONTH) and (quantity == line.proposed or can_be(quantity, line.unit or ""))
    if not (fine and ZERO <= quantity <= line.proposed):
        raise Problem(
            "Line {line} of {slip} proposes {proposed}, so {quantity} cannot be entered. Nothing was changed.",
            ProblemCode.NO_VALUE,
            line=line.position,
            slip=number,
            proposed=plain(line.proposed),
            quantity=plain(quantity),
        )


def _refuse_more(number: str, line: AnyRow, held: Mapping[int, HeldLine], reserved: Decimal | None) -> None:
    """No more is found than is set aside for it; of what nobody sets aside, than is still to leave of its order."""
    own = held.get(line.sales_order_line_id)
    rest = ZERO if own is None else own.quantity - own.delivered
    if line.supply == Supply.GOODS and line.allocation_id is not None:
        rest = reserved or ZERO
    if line.prepared > rest:
        raise Problem(
            "Of line {line} of {slip} only {rest} may leave still, less than {quantity}. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.ENTER_SLIP,),
            line=line.position,
            slip=number,
            rest=plain(max(ZERO, rest)),
            quantity=plain(line.prepared),
        )


def _prepared(line: AnyRow, found: Mapping[int, Decimal], *, accept: bool) -> PreparedLine:
    said = found.get(line.position, line.prepared)
    prepared = line.proposed if said is None and accept else said
    return PreparedLine(line.position, line.line_id, line.product_code, line.proposed, prepared)
