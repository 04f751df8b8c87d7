"""How many picking slips and returns wait for somebody: for gauges and alarms, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, func, literal, null, select, text, union_all

from intergestan_db.enums import SlipState
from intergestan_db.tables import GoodsReturnLine, PickingSlip, PickingSlipLine
from intergestan_erp.picking.to_credit import IS_TO_CREDIT

OPEN: Final = (SlipState.GENERATED, SlipState.ENTERED, SlipState.READY, SlipState.ERROR)
"""The states in which a slip waits."""
IS_OPEN: Final = text("picking_slip.state NOT IN ('expired', 'cancelled')")
"""Slips that wait, in the words of their indexes: by parameters SQLite would not find those."""
PLANNED: Final = case(
    (PickingSlip.state.in_((SlipState.READY, SlipState.EXPIRED)), PickingSlipLine.prepared),
    else_=PickingSlipLine.proposed,
)
"""How much a line of a slip takes of its order: what was prepared once the slip is ready, before what is proposed."""
_UNCREDITED: Final = "uncredited"
_COUNTS: Final[Any] = union_all(
    select(PickingSlip.state, func.count().label("count"), func.min(PickingSlip.changed_at).label("since"))
    .where(IS_OPEN)
    .group_by(PickingSlip.state),
    select(literal(_UNCREDITED), func.count(GoodsReturnLine.goods_return_id.distinct()), null()).where(IS_TO_CREDIT),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits. :ivar slips: by state; `oldest_ready`: since when the oldest one is ready.

    :ivar uncredited: returns of which something was invoiced and is not credited.
    """

    slips: Mapping[SlipState, int] = field(default_factory=dict)
    oldest_ready: datetime | None = None
    uncredited: int = 0

    @property
    def errors(self) -> int:
        """Slips that could not be delivered."""
        return self.slips.get(SlipState.ERROR, 0)


def count_waiting(connection: Connection) -> Waiting:
    """Count them."""
    rows = {row.state: row for row in connection.execute(_COUNTS)}
    ready = rows.get(SlipState.READY)
    slips = {state: int(rows[state][1]) for state in OPEN if state in rows}
    return Waiting(slips, None if ready is None else ready.since, int(rows[_UNCREDITED][1]))
