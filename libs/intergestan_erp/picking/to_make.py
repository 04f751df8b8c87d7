"""Orders of which slips can be made now, in pages, the oldest first; and how many wait for goods instead (A34)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind, ReservationState, Route, SalesState, Supply
from intergestan_db.tables import (
    Allocation,
    Depot,
    Dossier,
    Establishment,
    Party,
    PickingSlip,
    PickingSlipLine,
    Product,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import Place
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.picking.counts import IS_OPEN, PLANNED
from intergestan_erp.stock.left import LEFT


@dataclass(frozen=True, slots=True)
class ToMake:
    """An order. :ivar customer: the code; `destination`: where the goods go, in short.

    :ivar lines: of how many lines something is set aside where it leaves, and `quantity` how much; where nothing is set
        aside: what remains to be prepared.
    """

    number: str
    day: date
    customer: str
    customer_name: str
    destination: str
    lines: int
    quantity: Decimal


_ON_SLIPS: Final = (
    select(func.coalesce(func.sum(PLANNED), 0))
    .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(PickingSlipLine.sales_order_line_id == SalesOrderLine.id, IS_OPEN)
    .correlate(SalesOrderLine.__table__)
    .scalar_subquery()
)
_REST: Final = SalesOrderLine.quantity - func.coalesce(LEFT, 0) - _ON_SLIPS
_OWN: Final = SalesOrderLine.sales_order_id == SalesOrder.id
_RESERVES: Final = and_(Dossier.manage_reservations, Depot.manage_reservations)
_FREE: Final = and_(
    _OWN,
    Reservation.state == ReservationState.ACTIVE,
    Reservation.kind == ReservationKind.STOCK,
    Reservation.picking_slip_line_id.is_(None),
    or_(
        and_(Allocation.route == Route.DIRECT, Reservation.depot_id == Allocation.depot_id),
        and_(Allocation.route != Route.DIRECT, Reservation.depot_id == SalesOrder.depot_id),
    ),
)
"""Set aside where it is to leave, and on no slip."""


def _of_free(*columns: Any) -> Any:
    joined = (
        select(*columns)
        .select_from(Reservation.__table__)
        .join(Allocation, Allocation.id == Reservation.allocation_id)
        .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    )
    return joined.where(_FREE).correlate(SalesOrder.__table__)


def _of_rest(*columns: Any, goods: bool) -> Any:
    wanted = Product.supply == Supply.GOODS if goods else Product.supply != Supply.GOODS
    joined = (
        select(*columns).select_from(SalesOrderLine.__table__).join(Product, Product.id == SalesOrderLine.product_id)
    )
    return joined.where(_OWN, wanted, _REST > 0).correlate(SalesOrder.__table__, Dossier.__table__, Depot.__table__)


_HAS_GOODS: Final = _of_rest(SalesOrderLine.id, goods=True).exists()
_HAS_SERVICES: Final = _of_rest(SalesOrderLine.id, goods=False).exists()
_CAN_LEAVE: Final = or_(
    _of_free(Reservation.id).exists(),
    and_(~_RESERVES, _HAS_GOODS),
    and_(_HAS_SERVICES, ~_HAS_GOODS),
)
_SHOWN: Final = (
    select(
        *(SalesOrder.number, SalesOrder.issue_date, Party.code, Party.name),
        *(SalesOrder.delivery_name, SalesOrder.delivery_city),
        _of_free(func.count(SalesOrderLine.id.distinct())).scalar_subquery().label("lines"),
        type_coerce(_of_free(func.sum(Reservation.quantity)).scalar_subquery(), Scaled(6)).label("quantity"),
        _of_rest(func.count(), goods=True).scalar_subquery().label("rest_lines"),
        type_coerce(_of_rest(func.sum(_REST), goods=True).scalar_subquery(), Scaled(6)).label("rest"),
    )
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Establishment, Establishment.id == SalesOrder.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .join(Depot, Depot.id == SalesOrder.depot_id)
)


def _here(query: Select[*tuple[Any, ...]], place: Place) -> Select[*tuple[Any, ...]]:
    return query.where(
        SalesOrder.establishment_id == place.establishment_id,
        SalesOrder.state == SalesState.ACCEPTED,
        Dossier.manage_stock,
    )


def list_to_make(
    connection: Connection, place: Place, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ToMake]:
    """A page of the accepted orders of the place's establishment of which something can leave now.

    :raises Problem: `after` or `before` is of no such page.
    """
    keys: list[Any] = [SalesOrder.issue_date, SalesOrder.id]
    query = _here(_SHOWN, place).where(_CAN_LEAVE)
    return read_page(connection, query, keys, _shown, size=size, after=after, before=before)


def count_waiting_orders(connection: Connection, place: Place) -> int:
    """How many orders there have goods to come, and nothing that can leave now."""
    lines = exists(SalesOrderLine.id).where(_OWN)
    query = (
        select(func.count(SalesOrder.id))
        .join(Establishment, Establishment.id == SalesOrder.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .join(Depot, Depot.id == SalesOrder.depot_id)
        .where(lines, _HAS_GOODS, ~_CAN_LEAVE)
    )
    return int(connection.execute(_here(query, place)).scalar_one())


def _shown(row: AnyRow) -> ToMake:
    destination = ", ".join(text for text in (row.delivery_name or row.name, row.delivery_city) if text)
    is_free = bool(row.lines)
    return ToMake(
        *(row.number, row.issue_date, row.code, row.name, destination),
        lines=row.lines if is_free else row.rest_lines,
        quantity=(row.quantity if is_free else row.rest) or Decimal(0),
    )
