"""Which orders wait for goods: said in SQL, once, for the dispatcher, the allocator and the gauge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Date, and_, bindparam, exists, func, or_, select

from intergestan_db.enums import SalesState
from intergestan_db.tables import Allocation, Depot, Dossier, Establishment, SalesOrder, SalesOrderLine, Stock
from intergestan_msg.money import ZERO

RESERVES_AT_ENTRY: Final = (
    select(Dossier.id)
    .where(Dossier.manage_stock, Dossier.manage_reservations, Dossier.reserve_at_entry)
    .limit(1)
    .scalar_subquery()
)
"""A dossier that sets goods aside as soon as an order is accepted (A11), as a part of a statement; NULL: none does."""
_RESERVES: Final = and_(Dossier.manage_stock, Dossier.manage_reservations)
_OF_ITS_DOSSIER: Final = (
    select(Dossier.id)
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .where(Establishment.id == SalesOrder.establishment_id, _RESERVES)
)
_THEIR: Final = Establishment.__table__.alias("their")
_IS_THERE: Final = exists(
    select(Stock.product_id)
    .join(Depot, Depot.id == Stock.depot_id)
    .join(_THEIR, _THEIR.c.id == Depot.establishment_id)
    .where(
        Stock.product_id == SalesOrderLine.product_id,
        Stock.on_hand > Stock.reserved,
        Depot.active,
        Depot.manage_reservations,
        _THEIR.c.dossier_id == Establishment.dossier_id,
    )
)
"""Something of a line's product is available in a depot of the order's dossier."""

IS_UNALLOCATED: Final = and_(
    SalesOrder.state == SalesState.ACCEPTED,
    SalesOrder.allocated_at.is_(None),
    _OF_ITS_DOSSIER.where(Dossier.reserve_at_entry).exists(),
)
"""An accepted order that nobody has allocated, where that is done at once (A11)."""

_ONE_UNALLOCATED: Final = select(SalesOrder.number).where(SalesOrder.id == bindparam("order"), IS_UNALLOCATED)

_RESERVED_FOR: Final = select(SalesOrder.id).where(
    SalesOrder.number == bindparam("number"), SalesOrder.state == SalesState.ACCEPTED, _OF_ITS_DOSSIER.exists()
)

_SHORT: Final = (
    select(SalesOrder.id)
    .join(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
    .join(Allocation, Allocation.sales_order_line_id == SalesOrderLine.id)
    .join(Establishment, Establishment.id == SalesOrder.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .where(Allocation.remainder > ZERO, SalesOrder.state == SalesState.ACCEPTED, _RESERVES)
)
IS_SERVABLE: Final = SalesOrder.id.in_(_SHORT.where(_IS_THERE))
"""An order with a remainder of which something is available."""

_NEXT: Final = (
    _SHORT.add_columns(SalesOrder.number, SalesOrder.issue_date)
    .where(
        _IS_THERE,
        SalesOrderLine.product_id == bindparam("product"),
        or_(
            SalesOrder.issue_date > bindparam("day", type_=Date()),
            and_(SalesOrder.issue_date == bindparam("day", type_=Date()), SalesOrder.id > bindparam("order")),
        ),
    )
    .order_by(SalesOrder.issue_date, SalesOrder.id)
    .limit(1)
)
_PRODUCTS: Final = (
    select(SalesOrderLine.product_id)
    .join(Allocation, Allocation.sales_order_line_id == SalesOrderLine.id)
    .where(Allocation.remainder > ZERO, SalesOrderLine.sales_order_id == bindparam("order"))
    .distinct()
)
_COUNT: Final = select(
    func.count(Allocation.id),
    select(Dossier.id).where(_RESERVES).limit(1).scalar_subquery().label("reserves"),
).where(Allocation.remainder > ZERO)


@dataclass(frozen=True, slots=True)
class ShortOrder:
    """An order with a remainder; `day` and `id` are its place in the line."""

    id: int
    number: str
    day: date


def is_unallocated(connection: Connection, order_id: int) -> bool:
    """Whether an order is to be allocated at once, and was not yet."""
    return unallocated_number(connection, order_id) is not None


def unallocated_number(connection: Connection, order_id: int) -> str | None:
    """The number of an order that is to be allocated at once, and was not yet; None of any other."""
    return connection.execute(_ONE_UNALLOCATED, {"order": order_id}).scalar()


def sets_aside(connection: Connection, number: str) -> bool:
    """Whether goods are set aside for an order: it is accepted, and its dossier manages reservations (A10)."""
    return connection.execute(_RESERVED_FOR, {"number": number}).first() is not None


def next_short(connection: Connection, product_id: int, after: ShortOrder | None) -> ShortOrder | None:
    """The oldest order behind another one that waits for a product of which something is there."""
    place = {"day": date.min, "order": 0} if after is None else {"day": after.day, "order": after.id}
    row = connection.execute(_NEXT, {"product": product_id, **place}).first()
    return None if row is None else ShortOrder(row.id, row.number, row.issue_date)


def products_short_of(connection: Connection, order_id: int) -> list[int]:
    """The products of which an order has a remainder."""
    return sorted(each for each in connection.execute(_PRODUCTS, {"order": order_id}).scalars() if each is not None)


def count_remainders(connection: Connection) -> int | None:
    """How many lines have a remainder; None: no dossier sets goods aside."""
    count, reserves = connection.execute(_COUNT).one()
    return None if reserves is None else int(count)
