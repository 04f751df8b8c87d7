"""What an order gives up goes from its picking slips, too, as long as these are not ready: an empty one is cancelled.

Slips are locked behind orders and before stock (ADR 0048). What is on a slip that is ready counts as left, and nobody
gives it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, case, delete, select, update

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.enums import SlipState
from intergestan_db.tables import PickingSlip, PickingSlipLine, Reservation
from intergestan_db.tables.types import Scaled
from intergestan_erp.stock.order_lines import HeldLine
from intergestan_msg.money import ZERO

OPEN: Final = (SlipState.GENERATED, SlipState.ENTERED, SlipState.ERROR)
"""Of what is on these an order may still give up something."""
_OF_LINES: Final = select(PickingSlipLine.id, PickingSlipLine.slip_id).where(among(PickingSlipLine.id, "lines"))
_OF_SERVICES: Final = (
    select(PickingSlipLine.id, PickingSlipLine.sales_order_line_id, PickingSlipLine.proposed, PickingSlip.state)
    .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(among(PickingSlipLine.sales_order_line_id, "lines"), PickingSlip.state.in_((*OPEN, SlipState.READY)))
    .order_by(PickingSlipLine.id)
)
_LOCK: Final = select(PickingSlip.id).where(among(PickingSlip.id, "slips")).order_by(PickingSlip.id).with_for_update()
_LEFT = bindparam("left", type_=Scaled(6))
_SHRINK: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.id == bindparam("line"))
    .values(
        proposed=_LEFT,
        prepared=case((PickingSlipLine.prepared > _LEFT, _LEFT), else_=PickingSlipLine.prepared),
    )
)
_FREE: Final = (
    update(Reservation).where(among(Reservation.picking_slip_line_id, "lines")).values(picking_slip_line_id=None)
)
_DROP: Final = delete(PickingSlipLine).where(among(PickingSlipLine.id, "lines"))
_FULL: Final = select(PickingSlipLine.slip_id).where(among(PickingSlipLine.slip_id, "slips")).distinct()
_CHANGED: Final = update(PickingSlip).where(among(PickingSlip.id, "slips")).values(version=PickingSlip.version + 1)


@dataclass(frozen=True, slots=True)
class ShrunkSlips:
    """What stays on lines of picking slips, the rows of which are locked. :ivar slips: the slip of each line."""

    left: Mapping[int, Decimal] = field(default_factory=dict)
    slips: Mapping[int, int] = field(default_factory=dict)


def shrink_slips(connection: Connection, before: Sequence[HeldLine], after: Sequence[HeldLine]) -> ShrunkSlips:
    """What picking slips lose when these lines keep less of what they hold; their rows are locked, before stock's."""
    left = left_on_slips(before, after) | _services(connection, before, after)
    if not left:
        return ShrunkSlips()
    slips = {row.id: row.slip_id for row in connection.execute(_OF_LINES, {"lines": sorted(left)})}
    connection.execute(_LOCK, {"slips": sorted(set(slips.values()))}).all()
    return ShrunkSlips(left, slips)


def write_slips(connection: Connection, shrunk: ShrunkSlips, *, by: str, at: datetime) -> None:
    """Write what stays on them; a slip on which nothing does is cancelled."""
    if not shrunk.left:
        return
    kept = [{"line": line, "left": left} for line, left in shrunk.left.items() if left]
    if kept:
        connection.execute(_SHRINK, kept)
    slips = set(shrunk.slips.values())
    connection.execute(_CHANGED, {"slips": sorted(slips)})
    drop_lines(connection, [line for line, left in shrunk.left.items() if not left])
    full = set(connection.execute(_FULL, {"slips": sorted(slips)}).scalars())
    states.move(
        connection,
        states.PICKING_SLIP,
        slips - full,
        "cancel",
        by=by,
        at=at,
        changed_at=at,
        fault=None,
        fault_values=None,
    )


def drop_lines(connection: Connection, lines: Sequence[int]) -> None:
    """Take lines off their slips: what is set aside for them may stand on others."""
    if lines:
        connection.execute(_FREE, {"lines": lines})
        connection.execute(_DROP, {"lines": lines})


def left_on_slips(before: Sequence[HeldLine], after: Sequence[HeldLine]) -> dict[int, Decimal]:
    """What stays set aside for lines of slips of which something is given up, by their ids. Pure."""
    was, stays = _on_slips(before), _on_slips(after)
    return {line_id: stays.get(line_id, ZERO) for line_id in was if stays.get(line_id, ZERO) < was[line_id]}


def _on_slips(lines: Sequence[HeldLine]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for line in lines:
        for held in line.holdings:
            for each in held.set_aside:
                if each.slip_line_id is not None:
                    found[each.slip_line_id] = found.get(each.slip_line_id, ZERO) + each.quantity
    return found


def _services(connection: Connection, before: Sequence[HeldLine], after: Sequence[HeldLine]) -> dict[int, Decimal]:
    """What stays of services, of which nothing is set aside, on lines of slips: the newest one gives up first."""
    most = {
        new.id: sum((each.quantity for each in new.holdings), ZERO) - new.delivered
        for old, new in zip(before, after, strict=True)
        if not old.is_goods and old.holdings != new.holdings
    }
    if not most:
        return {}
    rows = connection.execute(_OF_SERVICES, {"lines": sorted(most)}).all()
    found: dict[int, Decimal] = {}
    for line_id, left in most.items():
        own = [row for row in rows if row.sales_order_line_id == line_id]
        excess = sum((row.proposed for row in own), ZERO) - left
        for row in reversed(own):
            if excess > 0 and row.state != SlipState.READY:
                found[row.id] = row.proposed - min(excess, row.proposed)
                excess -= row.proposed - found[row.id]
    return found
