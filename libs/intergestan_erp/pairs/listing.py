"""The pairs of orders between agencies: in pages, newest first, and one with what became of its lines (A43, A46)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, or_, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind, ReservationState, SalesState, SlipState
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Establishment,
    GoodsReceipt,
    GoodsReceiptLine,
    PickingSlip,
    PurchaseOrder,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.pairs.transit import pairs_in_transit
from intergestan_msg.money import ZERO


class Stage(StrEnum):
    """How far a pair is. RECEIVED: all that left the supplying agency came in, and nothing is left to send."""

    TO_PREPARE = "to prepare"
    PREPARING = "preparing"
    IN_TRANSIT = "in transit"
    RECEIVED = "received"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ListedPair:
    """A pair. Establishments by number; `total_ht` is that of either order.

    :ivar lines: how many allocations of customers' orders it is for.
    :ivar notes, receipts: numbers of what the supplying agency sent, and of what the requesting one took in.
    """

    purchase_order: str
    sales_order: str
    day: date
    requesting: int
    supplying: int
    billable: bool
    lines: int
    total_ht: Decimal
    state: SalesState
    stage: Stage = Stage.TO_PREPARE
    notes: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    requesting_name: str = ""
    supplying_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichPairs:
    """Which ones; None is not asked, both days are included.

    :ivar establishment_id: of either side. :ivar run: made by one act.
    """

    first: date | None = None
    last: date | None = None
    establishment_id: int | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of both orders of a pair, and the customer's order that it is for.

    :ivar order, order_line, customer: None where no customer needs it any more.
    :ivar reserved: so much of it is set aside for the pair's sales order. :ivar inbound, stock: so much of it the
        customer's order is to get by the pair, or has in its own depot already.
    """

    line: str
    product: str
    name: str
    quantity: Decimal
    price: Decimal
    total: Decimal
    delivered: Decimal
    received: Decimal
    order: str | None
    order_line: str | None
    reserved: Decimal
    inbound: Decimal
    stock: Decimal


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair with its lines. :ivar depot: where its purchase order is; `source`: where its sales order is."""

    head: ListedPair
    source: str
    depot: str
    lines: tuple[ShownLine, ...]


_REQUESTING: Final = Establishment.__table__.alias("requesting")
_SUPPLYING: Final = Establishment.__table__.alias("supplying")
_LINES: Final = (
    select(func.count(AgencyOrderLine.id)).where(AgencyOrderLine.agency_order_id == AgencyOrder.id).scalar_subquery()
)
_DELIVERED: Final = (
    select(func.coalesce(func.sum(DeliveryNoteLine.quantity), ZERO))
    .where(DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    .correlate(SalesOrderLine.__table__)
    .scalar_subquery()
)
_IS_LEFT: Final = (
    exists()
    .where(SalesOrderLine.sales_order_id == SalesOrder.id, SalesOrderLine.quantity > _DELIVERED)
    .correlate(SalesOrder.__table__)
)
_IS_PREPARED: Final = exists().where(
    PickingSlip.sales_order_id == SalesOrder.id,
    PickingSlip.state.in_([SlipState.GENERATED, SlipState.ENTERED, SlipState.READY, SlipState.ERROR]),
)
_PAIRS: Final = (
    select(
        *(PurchaseOrder.number.label("purchase_order"), SalesOrder.number.label("sales_order")),
        *(SalesOrder.issue_date, SalesOrder.total_ht, SalesOrder.state, AgencyOrder.billable, AgencyOrder.id),
        *(_REQUESTING.c.number.label("requesting"), _SUPPLYING.c.number.label("supplying"), _LINES.label("lines")),
        *(_REQUESTING.c.name.label("requesting_name"), _SUPPLYING.c.name.label("supplying_name")),
        *(_IS_LEFT.label("is_left"), _IS_PREPARED.label("is_prepared")),
    )
    .select_from(AgencyOrder)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .join(SalesOrder, SalesOrder.id == AgencyOrder.sales_order_id)
    .join(_REQUESTING, _REQUESTING.c.id == AgencyOrder.requesting_id)
    .join(_SUPPLYING, _SUPPLYING.c.id == AgencyOrder.supplying_id)
)
_NOTES: Final = (
    select(AgencyOrderLine.agency_order_id, DeliveryNote.number, DeliveryNote.id)
    .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == AgencyOrderLine.sales_order_line_id)
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .where(among(AgencyOrderLine.agency_order_id, "pairs"))
    .distinct()
    .order_by(DeliveryNote.id)
)
_RECEIPTS: Final = (
    select(AgencyOrder.id.label("agency_order_id"), GoodsReceipt.number, GoodsReceipt.id)
    .join(GoodsReceipt, GoodsReceipt.purchase_order_id == AgencyOrder.purchase_order_id)
    .where(among(AgencyOrder.id, "pairs"))
    .order_by(GoodsReceipt.id)
)
_OWN_LINE: Final = SalesOrderLine.__table__.alias("own_line")
_CUSTOMERS: Final = SalesOrder.__table__.alias("customers")
_CUSTOMERS_LINE: Final = SalesOrderLine.__table__.alias("customers_line")
_SOURCE: Final = Depot.__table__.alias("source")
_RECEIVED: Final = (
    select(func.coalesce(func.sum(GoodsReceiptLine.quantity), ZERO))
    .where(GoodsReceiptLine.purchase_order_line_id == AgencyOrderLine.purchase_order_line_id)
    .correlate(AgencyOrderLine.__table__)
    .scalar_subquery()
)
_LINES_OF_PAIR: Final = (
    select(
        *(_OWN_LINE.c.id, _OWN_LINE.c.line_id, _OWN_LINE.c.product_code, _OWN_LINE.c.name, _OWN_LINE.c.quantity),
        *(_OWN_LINE.c.price, _OWN_LINE.c.total, AgencyOrderLine.allocation_id),
        *(_CUSTOMERS.c.number.label("order"), _CUSTOMERS_LINE.c.line_id.label("order_line")),
        _RECEIVED.label("received"),
    )
    .select_from(AgencyOrderLine)
    .join(_OWN_LINE, _OWN_LINE.c.id == AgencyOrderLine.sales_order_line_id)
    .outerjoin(Allocation, Allocation.id == AgencyOrderLine.allocation_id)
    .outerjoin(_CUSTOMERS_LINE, _CUSTOMERS_LINE.c.id == Allocation.sales_order_line_id)
    .outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _CUSTOMERS_LINE.c.sales_order_id)
    .where(AgencyOrderLine.agency_order_id == bindparam("pair"))
    .order_by(_OWN_LINE.c.position)
)
_LEFT: Final = (
    select(DeliveryNoteLine.sales_order_line_id, func.sum(DeliveryNoteLine.quantity).label("quantity"))
    .where(among(DeliveryNoteLine.sales_order_line_id, "lines"))
    .group_by(DeliveryNoteLine.sales_order_line_id)
)
_SET_ASIDE: Final = (
    select(
        *(Reservation.allocation_id, Allocation.sales_order_line_id, Reservation.kind),
        func.sum(Reservation.quantity).label("quantity"),
    )
    .join(Allocation, Allocation.id == Reservation.allocation_id)
    .where(
        Reservation.state == ReservationState.ACTIVE,
        or_(among(Allocation.id, "allocations"), among(Allocation.sales_order_line_id, "lines")),
    )
    .group_by(Reservation.allocation_id, Allocation.sales_order_line_id, Reservation.kind)
)
_DEPOTS: Final = (
    select(Depot.code.label("depot"), _SOURCE.c.code.label("source"))
    .select_from(AgencyOrder)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .join(SalesOrder, SalesOrder.id == AgencyOrder.sales_order_id)
    .join(Depot, Depot.id == PurchaseOrder.depot_id)
    .join(_SOURCE, _SOURCE.c.id == SalesOrder.depot_id)
    .where(AgencyOrder.id == bindparam("pair"))
)


def list_pairs(
    connection: Connection,
    wanted: WhichPairs | None = None,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedPair]:
    """A page of the pairs, newest first: four statements, however many there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    place: Any = {"size": size, "after": after, "before": before}
    query = _PAIRS.where(*_limits(wanted or WhichPairs()))
    page = read_page(connection, query, [AgencyOrder.id], lambda row: row, descending=True, **place)
    return Page(tuple(_listed(connection, page.rows)), page.after, page.before)


def show_pair(connection: Connection, number: str) -> ShownPair | None:
    """A pair by the number of either order; None: it is of no pair."""
    named = or_(PurchaseOrder.number == number, SalesOrder.number == number)
    row = connection.execute(_PAIRS.where(named)).one_or_none()
    if row is None:
        return None
    (head,) = _listed(connection, [row])
    depots = connection.execute(_DEPOTS, {"pair": row.id}).one()
    return ShownPair(head, depots.source, depots.depot, tuple(_lines(connection, row.id)))


def _limits(wanted: WhichPairs) -> list[ColumnElement[bool]]:
    sides = AgencyOrder.requesting_id, AgencyOrder.supplying_id
    limits = (
        SalesOrder.issue_date >= wanted.first if wanted.first else None,
        SalesOrder.issue_date <= wanted.last if wanted.last else None,
        or_(*(side == wanted.establishment_id for side in sides)) if wanted.establishment_id is not None else None,
        AgencyOrder.run == wanted.run if wanted.run is not None else None,
    )
    return [limit for limit in limits if limit is not None]


def _listed(connection: Connection, rows: Sequence[AnyRow]) -> list[ListedPair]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    notes = _by_pair(connection.execute(_NOTES, {"pairs": ids}))
    receipts = _by_pair(connection.execute(_RECEIPTS, {"pairs": ids}))
    moving = pairs_in_transit(connection, ids)
    found = []
    for row in rows:
        head = ListedPair(
            *(row.purchase_order, row.sales_order, row.issue_date, row.requesting, row.supplying, row.billable),
            *(row.lines, row.total_ht, SalesState(row.state)),
            requesting_name=row.requesting_name,
            supplying_name=row.supplying_name,
        )
        stage = stage_of(
            head.state,
            is_moving=row.id in moving,
            is_prepared=row.is_prepared,
            is_left=row.is_left,
            has_left=row.id in notes,
        )
        found.append(replace(head, stage=stage, notes=notes.get(row.id, ()), receipts=receipts.get(row.id, ())))
    return found


def stage_of(state: SalesState, *, is_moving: bool, is_prepared: bool, is_left: bool, has_left: bool) -> Stage:
    """How far a pair is. Pure.

    :param is_moving: something is on its way; `is_prepared`: a slip of it is open; `is_left`: something is still to be
        sent; `has_left`: something was.
    """
    if state is SalesState.CANCELLED:
        return Stage.CANCELLED
    if is_moving:
        return Stage.IN_TRANSIT
    if is_prepared:
        return Stage.PREPARING
    return Stage.RECEIVED if has_left and not is_left else Stage.TO_PREPARE


def _by_pair(rows: Iterable[AnyRow]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row.agency_order_id] = (*found.get(row.agency_order_id, ()), row.number)
    return found


def _lines(connection: Connection, pair_id: int) -> list[ShownLine]:
    rows = connection.execute(_LINES_OF_PAIR, {"pair": pair_id}).all()
    own = [row.id for row in rows]
    allocations = [row.allocation_id for row in rows if row.allocation_id is not None]
    left = {row.sales_order_line_id: row.quantity for row in connection.execute(_LEFT, {"lines": own})}
    reserved: dict[int, Decimal] = {}
    customers: dict[tuple[int, str], Decimal] = {}
    for each in connection.execute(_SET_ASIDE, {"lines": own, "allocations": allocations}):
        customers[each.allocation_id, each.kind] = each.quantity
        if each.kind == ReservationKind.STOCK:
            reserved[each.sales_order_line_id] = reserved.get(each.sales_order_line_id, ZERO) + each.quantity
    return [
        ShownLine(
            *(row.line_id, row.product_code, row.name, row.quantity, row.price, row.total),
            *(left.get(row.id, ZERO), row.received, row.order, row.order_line),
            reserved=reserved.get(row.id, ZERO),
            inbound=customers.get((row.allocation_id, ReservationKind.INBOUND), ZERO),
            stock=customers.get((row.allocation_id, ReservationKind.STOCK), ZERO),
        )
        for row in rows
    ]
