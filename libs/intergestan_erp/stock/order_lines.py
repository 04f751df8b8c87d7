"""The lines of a sales order beside what they hold in depots: what they need still, and what they hold too much. Pure
but for the two queries that read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind, ReservationState, Route, SlipState, Supply
from intergestan_db.tables import Allocation, PickingSlip, PickingSlipLine, Product, Reservation, SalesOrderLine
from intergestan_erp.stock.holdings import Holding, SetAside, gathered, may_go, shrunk, still_held
from intergestan_erp.stock.left import LEFT
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line of goods or a service, with what it holds.

    :ivar line_id: as people name it.
    """

    id: int
    order_id: int
    line_id: str
    product_id: int
    product: str
    unit: str
    quantity: Decimal
    delivered: Decimal = ZERO
    is_goods: bool = True
    holdings: tuple[Holding, ...] = ()

    @property
    def remainder(self) -> Decimal:
        """What of it nothing is set aside for, and is still to leave (I4)."""
        if not self.is_goods:
            return max(ZERO, self.quantity - max(self.delivered, sum((each.quantity for each in self.holdings), ZERO)))
        set_aside = still_held(each.without_remainder() for each in self.holdings)
        return max(ZERO, self.quantity - self.delivered - set_aside)

    @property
    def is_ready(self) -> bool:
        """Whether something of it is on a picking slip that is ready, and counts as left."""
        return any(each.is_ready for held in self.holdings for each in held.set_aside)

    def released(self) -> HeldLine:
        """The same without all that is still to leave, but for what is ready to."""
        return self._with(may_go(self.holdings)) if self.is_goods else self._as_service(self.delivered)

    def fitted(self) -> HeldLine:
        """The same with no more than it needs, and of its own product alone."""
        if not self.is_goods:
            return self._as_service(max(self.quantity, self.delivered))
        if any(each.product_id != self.product_id for held in self.holdings for each in held.set_aside):
            return self.released()
        return self._with(still_held(self.holdings) - max(ZERO, self.quantity - self.delivered))

    def without_free(self) -> HeldLine:
        """The same with nothing to leave but what stands on picking slips: all else is chosen anew."""
        if not self.is_goods:
            return self._as_service(self.delivered)
        return replace(self, holdings=tuple(each.on_slips() for each in self.holdings))

    def gathered_in(self, depot_id: int, quantity: Decimal) -> tuple[HeldLine, Decimal]:
        """The same when so much is to leave a depot now, and how much of that is not set aside there."""
        held, missing = gathered(self.holdings, depot_id, quantity, self.quantity - self.delivered)
        return replace(self, holdings=tuple(held)), missing

    def _with(self, excess: Decimal) -> HeldLine:
        """The same with so much less to leave."""
        return replace(self, holdings=tuple(shrunk(self.holdings, excess))) if excess > 0 else self

    def _as_service(self, most: Decimal) -> HeldLine:
        """The same with no more of a service allocated than this."""
        held = [replace(each, quantity=min(each.quantity, most)) for each in self.holdings]
        return replace(self, holdings=tuple(held))

    def without_remainders(self) -> HeldLine:
        """The same with what is set aside alone: what remains is allocated anew."""
        return replace(self, holdings=tuple(each.without_remainder() for each in self.holdings))


_SET_ASIDE: Final = and_(Reservation.allocation_id == Allocation.id, Reservation.state == ReservationState.ACTIVE)
_HELD: Final = (
    select(
        Allocation.__table__,
        Reservation.id.label("reservation_id"),
        Reservation.depot_id.label("reserved_depot_id"),
        Reservation.product_id.label("reserved_product_id"),
        Reservation.kind,
        Reservation.quantity.label("set_aside"),
        Reservation.picking_slip_line_id,
        PickingSlip.state.label("slip_state"),
    )
    .outerjoin(Reservation, _SET_ASIDE)
    .outerjoin(PickingSlipLine, PickingSlipLine.id == Reservation.picking_slip_line_id)
    .outerjoin(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .order_by(Allocation.id, Reservation.id)
)
_HELD_OF_LINES: Final = _HELD.where(Allocation.sales_order_line_id.in_(bindparam("lines", expanding=True)))
_HELD_OF_ORDER: Final = _HELD.join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id).where(
    SalesOrderLine.sales_order_id == bindparam("order")
)
_LINE: Final = (
    select(
        *(
            SalesOrderLine.id,
            SalesOrderLine.sales_order_id,
            SalesOrderLine.line_id,
            SalesOrderLine.product_id,
            SalesOrderLine.quantity,
        ),
        *(Product.code, Product.unit, Product.supply, LEFT.label("delivered")),
    )
    .join(Product, Product.id == SalesOrderLine.product_id)
    .order_by(SalesOrderLine.position)
)
_OF_ORDER: Final = _LINE.where(SalesOrderLine.sales_order_id == bindparam("order"))
_LINES: Final = _LINE.where(SalesOrderLine.id.in_(bindparam("lines", expanding=True)))


def read_order_lines(connection: Connection, order_id: int) -> list[HeldLine]:
    """The lines of an order in their order; one without a product of ours has none here."""
    held = _by_line(connection.execute(_HELD_OF_ORDER, {"order": order_id}))
    return [_line(row, held) for row in connection.execute(_OF_ORDER, {"order": order_id})]


def read_held_lines(connection: Connection, line_ids: Iterable[int]) -> list[HeldLine]:
    """Those of these lines that hold anything."""
    wanted = sorted(line_ids)
    held = _by_line(connection.execute(_HELD_OF_LINES, {"lines": wanted})) if wanted else {}
    return [_line(row, held) for row in connection.execute(_LINES, {"lines": sorted(held)})] if held else []


def _line(row: AnyRow, held: Mapping[int, tuple[Holding, ...]]) -> HeldLine:
    return HeldLine(
        *(
            row.id,
            row.sales_order_id,
            row.line_id,
            row.product_id,
            row.code,
            row.unit,
            row.quantity,
            row.delivered or ZERO,
        ),
        is_goods=row.supply == Supply.GOODS,
        holdings=held.get(row.id, ()),
    )


def _by_line(rows: Iterable[AnyRow]) -> dict[int, tuple[Holding, ...]]:
    found: dict[int, dict[int, Holding]] = {}
    for row in rows:
        of_line = found.setdefault(row.sales_order_line_id, {})
        held = of_line.get(row.id)
        if held is None:
            held = Holding(row.id, row.depot_id, Route(row.route), row.quantity, row.remainder)
        if row.reservation_id is not None:
            place = row.reserved_depot_id, row.reserved_product_id
            each = SetAside(
                *(row.reservation_id, *place, ReservationKind(row.kind), row.set_aside, row.picking_slip_line_id),
                is_ready=row.slip_state == SlipState.READY,
            )
            held = replace(held, set_aside=(*held.set_aside, each))
        of_line[row.id] = held
    return {line_id: tuple(of_line.values()) for line_id, of_line in found.items()}
