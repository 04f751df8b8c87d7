"""Picking slips are written: one for each depot that ships something of an order now (A34)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from intergestan_db import numbers, states
from intergestan_db.among import among
from intergestan_db.bulk import insert_rows, insert_rows_with_ids, update_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationState, SlipState
from intergestan_db.tables import Depot, PickingSlip, PickingSlipLine, Reservation
from intergestan_db.tables.types import Scaled
from intergestan_erp.picking.offers import Part

_PLACE: Final = ("name", "line1", "line2", "postcode", "city", "country")
_DEPOTS: Final = select(Depot.id, Depot.code, Depot.establishment_id).where(among(Depot.id, "depots"))
_SAME: Final = ("allocation_id", "depot_id", "product_id", "kind", "state", "created_at")
_SPLIT: Final = insert(Reservation).from_select(
    [*_SAME, "quantity"],
    select(
        *(getattr(Reservation, name) for name in _SAME),
        bindparam("left", type_=Scaled(6)),
    ).where(Reservation.id == bindparam("reservation")),
)
"""What the slip does not take of a reservation is a row of its own."""
_FREE: Final = f"reservation.state = '{ReservationState.ACTIVE}' AND reservation.picking_slip_line_id IS NULL"
"""Reservations that a slip may take."""


@dataclass(frozen=True, slots=True)
class NewSlip:
    """A slip that was written. :ivar depot: the code of the depot that prepares it."""

    id: int
    number: str
    depot_id: int
    depot: str


def write_slips(
    connection: Connection, order: AnyRow, parts: Sequence[Part], *, by: str, at: datetime
) -> list[NewSlip]:
    """Write the slips of a locked order for these parts, one for each depot; their numbers are the last lock."""
    by_depot: dict[int, list[Part]] = {}
    for part in parts:
        by_depot.setdefault(part.depot_id, []).append(part)
    depots = {row.id: row for row in connection.execute(_DEPOTS, {"depots": sorted(by_depot)})}
    ordered = sorted(by_depot, key=lambda depot: depot != order.depot_id)
    taken = dict(zip(ordered, numbers.take(connection, numbers.PICKING_SLIPS, len(ordered)), strict=True))
    place = {f"delivery_{part}": getattr(order, f"delivery_{part}") for part in _PLACE}
    rows = [
        {
            **place,
            "number": number,
            "depot_id": depot,
            "establishment_id": depots[depot].establishment_id,
            "sales_order_id": order.id,
            "customer_id": order.customer_id,
            "state": SlipState.GENERATED,
            "changed_at": at,
            "created_at": at,
            "created_by": by,
        }
        for depot, number in taken.items()
    ]
    ids = insert_rows_with_ids(connection, PickingSlip, rows, "number")
    made = [NewSlip(ids[number], number, depot, depots[depot].code) for depot, number in taken.items()]
    for slip in made:
        _write_lines(connection, slip, by_depot[slip.depot_id])
    details: Mapping[int, Mapping[str, Any]] = {slip.id: {"order": order.number, "depot": slip.depot} for slip in made}
    events = [(slip.id, None, SlipState.GENERATED) for slip in made]
    states.record(connection, PickingSlip.__tablename__, events, "make", by=by, at=at, details=details)
    return made


def _write_lines(connection: Connection, slip: NewSlip, parts: Sequence[Part]) -> None:
    rows = [
        {
            "slip_id": slip.id,
            "position": position,
            "sales_order_line_id": part.line_id,
            "allocation_id": part.allocation_id,
            "proposed": part.quantity,
        }
        for position, part in enumerate(parts, start=1)
    ]
    if not any(part.reservations for part in parts):
        insert_rows(connection, PickingSlipLine, rows)
        return
    ids = insert_rows_with_ids(connection, PickingSlipLine, rows, "position")
    _put(connection, ((ids[place], part) for place, part in enumerate(parts, start=1)))


def _put(connection: Connection, parts: Iterable[tuple[int, Part]]) -> None:
    """Let what is set aside stand on these lines."""
    takes, splits = [], []
    for line_id, part in parts:
        for each, quantity in part.reservations:
            takes.append({"id": each.id, "picking_slip_line_id": line_id, "quantity": quantity})
            if quantity < each.quantity:
                splits.append({"reservation": each.id, "left": each.quantity - quantity})
    for split in splits:
        connection.execute(_SPLIT, split)
    changed = update_rows(connection, Reservation, ("id",), takes, only=_FREE)
    assert changed == len(takes), "what a locked order holds stays as it is"
