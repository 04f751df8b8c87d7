"""Which allocations wait for an order between agencies, as it is now (A40, A41)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, type_coerce

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind, ReservationState, Route, SalesState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    Depot,
    Dossier,
    Establishment,
    Party,
    Product,
    PurchaseOrder,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.pairs.pairing import Agency, AgencyDepot, Goods, Pending
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which customers' orders are looked at: one by its number (A40), or those of a period, both ends in (A41)."""

    order: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """An allocation of a line of a customer's order. :ivar purchase_order: by which it is ordered, if it is."""

    order: str
    line: str
    product: str
    purchase_order: str | None


_SET_ASIDE: Final = (
    select(
        Reservation.allocation_id,
        type_coerce(func.sum(Reservation.quantity), Scaled(6)).label("quantity"),
    )
    .where(Reservation.state == ReservationState.ACTIVE, Reservation.kind == ReservationKind.STOCK)
    .group_by(Reservation.allocation_id, Reservation.depot_id)
    .add_columns(Reservation.depot_id)
    .subquery("set_aside")
)
"""What lies in a depot for an allocation: before it is ordered in the other one's, once it came in the order's own."""

_OPEN: Final = type_coerce(func.coalesce(_SET_ASIDE.c.quantity, ZERO) + Allocation.remainder, Scaled(6))
_SOURCE: Final = Depot.__table__.alias("source")
_IS_PENDING: Final = and_(
    SalesOrder.state == SalesState.ACCEPTED,
    Allocation.route == Route.INDIRECT,
    _SOURCE.c.establishment_id != SalesOrder.establishment_id,
    or_(_SET_ASIDE.c.quantity > ZERO, Allocation.remainder > ZERO),
)
_PENDING: Final = (
    select(
        *(Allocation.id, Allocation.depot_id, Allocation.remainder, _OPEN.label("open")),
        *(SalesOrder.id.label("order_id"), SalesOrder.number, SalesOrder.depot_id.label("destination_id")),
        *(SalesOrderLine.position, SalesOrderLine.line_id, Party.code.label("customer")),
        func.coalesce(SalesOrderLine.wanted_date, SalesOrder.wanted_date).label("requested"),
        *(Product.id.label("product_id"), Product.code, Product.name, Product.unit, Product.family_id),
        *(Product.sale_price, Product.vat_category, Product.vat_rate, Product.gtin, Stock.average_cost),
        PurchaseOrder.number.label("ordered_by"),
    )
    .select_from(Allocation)
    .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Product, Product.id == SalesOrderLine.product_id)
    .join(_SOURCE, _SOURCE.c.id == Allocation.depot_id)
    .outerjoin(
        _SET_ASIDE,
        and_(_SET_ASIDE.c.allocation_id == Allocation.id, _SET_ASIDE.c.depot_id == Allocation.depot_id),
    )
    .outerjoin(Stock, and_(Stock.depot_id == Allocation.depot_id, Stock.product_id == Product.id))
    .outerjoin(AgencyOrderLine, AgencyOrderLine.allocation_id == Allocation.id)
    .outerjoin(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
    .outerjoin(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .where(_IS_PENDING)
)
_COUNT: Final = (
    select(func.count(Allocation.id))
    .select_from(Allocation)
    .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .join(_SOURCE, _SOURCE.c.id == Allocation.depot_id)
    .outerjoin(
        _SET_ASIDE,
        and_(_SET_ASIDE.c.allocation_id == Allocation.id, _SET_ASIDE.c.depot_id == Allocation.depot_id),
    )
    .where(_IS_PENDING)
)
_OF_PAIR: Final = _PENDING.where(
    among(SalesOrder.id, "orders"),
    SalesOrder.establishment_id == bindparam("requesting"),
    _SOURCE.c.establishment_id == bindparam("supplying"),
)
_DEPOTS: Final = (
    select(
        *(Depot.id, Depot.code, Depot.customer_party_id, Depot.supplier_party_id, Depot.establishment_id),
        *(Establishment.number, Establishment.name, Establishment.accounting_folder_id.label("own_folder_id")),
        *(Dossier.number.label("dossier"), Dossier.accounting_folder_id),
    )
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
)
_BECAME: Final = (
    select(
        *(Allocation.id, SalesOrder.number, SalesOrderLine.line_id, SalesOrderLine.product_code.label("code")),
        PurchaseOrder.number.label("purchase_order"),
    )
    .select_from(Allocation)
    .join(SalesOrderLine, SalesOrderLine.id == Allocation.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .outerjoin(AgencyOrderLine, AgencyOrderLine.allocation_id == Allocation.id)
    .outerjoin(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
    .outerjoin(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .where(among(Allocation.id, "allocations"))
)


def wanted_of(connection: Connection, typed: str) -> Wanted:
    """One customer's order, by its number as a person types it.

    :raises Problem: there is none.
    """
    number = as_stored(connection, typed, SalesOrder.number)
    if connection.execute(select(SalesOrder.id).where(SalesOrder.number == number)).first() is None:
        raise Problem("There is no sales order {number}.", ProblemCode.NO_ORDER, (Act.LIST_SALES,), number=number)
    return Wanted(order=number)


def count_pending(connection: Connection) -> int:
    """How many allocations wait, of all orders."""
    return int(connection.execute(_COUNT).scalar_one())


def read_pending(connection: Connection, wanted: Wanted) -> list[Pending]:
    """What waits in these orders, without a lock."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.order is not None:
        conditions.append(SalesOrder.number == wanted.order)
    if wanted.first is not None:
        conditions.append(SalesOrder.issue_date >= wanted.first)
    if wanted.last is not None:
        conditions.append(SalesOrder.issue_date <= wanted.last)
    return _read(connection, _PENDING.where(*conditions), {})


def read_pending_of(
    connection: Connection, requesting_id: int, supplying_id: int, order_ids: Sequence[int]
) -> list[Pending]:
    """What waits between two establishments in these orders, which are locked."""
    pair = {"requesting": requesting_id, "supplying": supplying_id, "orders": order_ids}
    return _read(connection, _OF_PAIR, pair)


def became_of(connection: Connection, allocation_ids: Sequence[int]) -> dict[int, Became]:
    """What became of allocations that waited once, by id; those of lines that were changed since are not there."""
    rows = connection.execute(_BECAME, {"allocations": list(allocation_ids)})
    return {row.id: Became(row.number, row.line_id, row.code, row.purchase_order) for row in rows}


def _read(connection: Connection, query: Select[*tuple[Any, ...]], values: dict[str, Any]) -> list[Pending]:
    rows = connection.execute(query, values).all()
    if not rows:
        return []
    depots = dict(_depots(connection))
    return [_pending(row, depots) for row in rows]


def _depots(connection: Connection) -> Iterator[tuple[int, AgencyDepot]]:
    for row in connection.execute(_DEPOTS):
        folder = row.accounting_folder_id if row.own_folder_id is None else row.own_folder_id
        agency = Agency(row.establishment_id, row.dossier, row.number, row.name, row.own_folder_id, folder)
        yield row.id, AgencyDepot(row.id, row.code, agency, row.customer_party_id, row.supplier_party_id)


def _pending(row: AnyRow, depots: dict[int, AgencyDepot]) -> Pending:
    goods = Goods(
        *(row.product_id, row.code, row.name, row.unit, row.family_id, row.sale_price),
        *(row.vat_category, row.vat_rate, row.gtin, row.average_cost or Decimal(0)),
    )
    return Pending(
        *(row.id, row.order_id, row.number, row.position, row.line_id, row.customer, row.requested, goods),
        *(row.open, row.remainder, depots[row.depot_id], depots[row.destination_id], row.ordered_by),
    )
