"""What is set aside for which line of which sales order, what remains, and what nobody allocated, in pages (A05)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, type_coerce

from intergestan_db.enums import Invoiced, ReservationKind, ReservationState, Route, SalesState, SlipState, Supply
from intergestan_db.tables import (
    Allocation,
    Depot,
    Dossier,
    Establishment,
    Party,
    PickingSlip,
    PickingSlipLine,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.stock.left import LEFT
from intergestan_msg.money import ZERO


class Part(StrEnum):
    """Which of them are listed."""

    UNALLOCATED = "unallocated"
    REMAINDER = "remainder"
    INBOUND = "inbound"
    ON_SLIP = "on_slip"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class SetAsidePart:
    """Goods that are set aside: they lie there, or a line of a purchase order is to bring them.

    :ivar slip: the number of the picking slip on which they stand; `is_ready`: that slip is.
    """

    kind: ReservationKind
    quantity: Decimal
    purchase_order: str | None
    purchase_line: str | None
    slip: str | None
    is_ready: bool


@dataclass(frozen=True, slots=True)
class AllocatedLine:
    """So much of a line comes from a depot; without a depot nobody has allocated it.

    :ivar quantity: what is still to leave. `reserved`: what of it is set aside, part by part in `parts`.
    """

    order: str
    line: str
    customer_code: str
    customer: str
    product: str
    since: date
    depot: str | None
    route: Route | None
    quantity: Decimal
    remainder: Decimal
    parts: tuple[SetAsidePart, ...] = ()

    @property
    def reserved(self) -> Decimal:
        """What is set aside of it."""
        return sum((each.quantity for each in self.parts), ZERO)

    @property
    def is_ready(self) -> bool:
        """Whether some of it stands on a slip that is ready, and counts as left."""
        return any(each.is_ready for each in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichLines:
    """Which lines to list. :ivar product, depot: codes. :ivar customer_id: of this customer alone."""

    part: Part = Part.UNALLOCATED
    product: str | None = None
    depot: str | None = None
    customer_id: int | None = None
    order: str | None = None


_ACTIVE: Final = Reservation.state == ReservationState.ACTIVE
_OF_RESERVING: Final = (
    select(Dossier.id)
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .where(Establishment.id == SalesOrder.establishment_id, Dossier.manage_stock, Dossier.manage_reservations)
    .exists()
)
_ALLOCATED: Final = (
    select(type_coerce(func.coalesce(func.sum(Allocation.quantity), 0), Scaled(6)))
    .where(Allocation.sales_order_line_id == SalesOrderLine.id)
    .correlate(SalesOrderLine.__table__)
    .scalar_subquery()
)
_HEAD: Final = (
    *(SalesOrder.number, SalesOrderLine.line_id, Party.code.label("customer_code"), Party.name.label("customer")),
    *(Product.code.label("product"), SalesOrder.issue_date),
)
_LACKING: Final = (
    select(
        *_HEAD,
        *(SalesOrderLine.quantity, LEFT.label("gone"), _ALLOCATED.label("allocated")),
    )
    .select_from(SalesOrderLine)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Product, Product.id == SalesOrderLine.product_id)
    .where(
        SalesOrder.state == SalesState.ACCEPTED,
        SalesOrder.invoiced != Invoiced.ALL,
        Product.supply == Supply.GOODS,
        _OF_RESERVING,
        SalesOrderLine.quantity > func.coalesce(LEFT, 0),
        SalesOrderLine.quantity > _ALLOCATED,
    )
)
"""Lines of which something is allocated nowhere: of orders that nobody has allocated, or that were released. What is
invoiced as a whole is not looked at, so that nobody reads the lines of all orders of all years."""
_HELD: Final = (
    select(*_HEAD, Allocation.id, Depot.code.label("depot"), Allocation.route, Allocation.remainder)
    .select_from(Allocation)
    .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Product, Product.id == SalesOrderLine.product_id)
    .join(Depot, Depot.id == Allocation.depot_id)
)
_REMAINS: Final = and_(Allocation.remainder > ZERO, SalesOrder.state == SalesState.ACCEPTED)
_OF_PART: Final = {
    Part.INBOUND: and_(_ACTIVE, Reservation.purchase_order_line_id.is_not(None)),
    Part.ON_SLIP: and_(_ACTIVE, Reservation.picking_slip_line_id.is_not(None)),
    Part.ALL: _ACTIVE,
}
_PARTS: Final = (
    select(
        *(Reservation.allocation_id, Reservation.kind, Reservation.quantity),
        *(PurchaseOrder.number, PurchaseOrderLine.line_id, PickingSlip.number, PickingSlip.state),
    )
    .select_from(Reservation)
    .outerjoin(PurchaseOrderLine, PurchaseOrderLine.id == Reservation.purchase_order_line_id)
    .outerjoin(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
    .outerjoin(PickingSlipLine, PickingSlipLine.id == Reservation.picking_slip_line_id)
    .outerjoin(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(_ACTIVE, Reservation.allocation_id.in_(bindparam("allocations", expanding=True)))
    .order_by(Reservation.id)
)


def list_allocated(
    connection: Connection,
    wanted: WhichLines,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[AllocatedLine]:
    """A page of lines with what is set aside for them, the order that waits longest first: two statements.

    :raises Problem: `after` or `before` is of no such page.
    """
    place: dict[str, Any] = {"size": size, "after": after, "before": before}
    keys: list[ColumnElement[Any]] = [SalesOrder.issue_date, SalesOrder.id, SalesOrderLine.id]
    if wanted.part is Part.UNALLOCATED:
        return read_page(connection, _narrowed(_LACKING, wanted), keys, _lacking, **place)
    query = _narrowed(_HELD, wanted).where(_of_part(wanted.part))
    found: Page[Any] = read_page(connection, query, [*keys, Allocation.id], tuple, **place)
    parts = _parts_of(connection, [row[6] for row in found.rows])
    return Page(tuple(_held(row, parts.get(row[6], ())) for row in found.rows), found.after, found.before)


def _of_part(part: Part) -> ColumnElement[bool]:
    if part is Part.REMAINDER:
        return _REMAINS
    held = Allocation.id.in_(select(Reservation.allocation_id).where(_OF_PART[part]))
    return or_(held, _REMAINS) if part is Part.ALL else held


def _narrowed(query: Select[*tuple[Any, ...]], wanted: WhichLines) -> Select[*tuple[Any, ...]]:
    if wanted.product is not None:
        query = query.where(Product.code == wanted.product)
    if wanted.customer_id is not None:
        query = query.where(SalesOrder.customer_id == wanted.customer_id)
    if wanted.order is not None:
        query = query.where(SalesOrder.number == wanted.order)
    if wanted.depot is not None:
        own = select(Depot.id).where(Depot.code == wanted.depot).scalar_subquery()
        query = query.where((SalesOrder if wanted.part is Part.UNALLOCATED else Allocation).depot_id == own)
    return query


def _lacking(row: Any) -> AllocatedLine:
    open_ = row.quantity - max(row.gone or ZERO, row.allocated)
    return AllocatedLine(
        *(row.number, row.line_id, row.customer_code, row.customer, row.product, row.issue_date),
        depot=None,
        route=None,
        quantity=open_,
        remainder=open_,
    )


def _held(row: Sequence[Any], parts: tuple[SetAsidePart, ...]) -> AllocatedLine:
    order, line, customer_code, customer, product, since, _id, depot, route, remainder = row[:10]
    reserved = sum((each.quantity for each in parts), ZERO)
    return AllocatedLine(
        *(order, line, customer_code, customer, product, since, depot, Route(route)),
        quantity=reserved + remainder,
        remainder=remainder,
        parts=parts,
    )


def _parts_of(connection: Connection, allocations: Sequence[int]) -> dict[int, tuple[SetAsidePart, ...]]:
    found: dict[int, list[SetAsidePart]] = {}
    rows: Iterable[Any] = connection.execute(_PARTS, {"allocations": allocations}) if allocations else ()
    for allocation_id, kind, quantity, purchase, line, slip, state in rows:
        part = SetAsidePart(ReservationKind(kind), quantity, purchase, line, slip, state == SlipState.READY)
        found.setdefault(allocation_id, []).append(part)
    return {allocation_id: tuple(parts) for allocation_id, parts in found.items()}
