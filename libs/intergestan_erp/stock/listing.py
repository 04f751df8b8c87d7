"""What lies in depots, and what moved it, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Connection, Numeric, Select, cast, func, literal_column, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.enums import StockReason
from intergestan_db.tables import Depot, Product, Stock, StockMove
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.depots import depot_called
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.site.day import begin_of
from intergestan_erp.site.zone import read_zone
from intergestan_msg.money import CENT, ZERO


@dataclass(frozen=True, slots=True)
class ListedStock:
    """A product in a depot. What was reserved on a day of the past, and the cost then, nobody knows: they are None."""

    product: str
    name: str
    unit: str
    depot: str
    on_hand: Decimal
    reserved: Decimal | None
    available: Decimal | None
    average_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ListedMove:
    """A change of what lies in a depot; `quantity` is below 0 where it left."""

    id: int
    at: datetime
    depot: str
    product: str
    quantity: Decimal
    unit_cost: Decimal
    reason: StockReason
    document: str | None
    by: str


def list_stock(
    connection: Connection,
    *,
    product: str | None = None,
    depot: str | None = None,
    day: date | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedStock]:
    """A page of what lies in depots, by product and depot (A32).

    :param product: the code of a product, as a person types it; `depot`: that of a depot.
    :param day: as it was at the end of this day of the site; None: as it is now.
    :raises Problem: there is no such depot, or `after` is of no such page.
    """
    found = _now() if day is None else _on(connection, day)
    if product is not None:
        found = found.where(Product.code == as_stored(connection, product, Product.code))
    if depot is not None:
        found = found.where(Depot.id == depot_called(connection, depot).id)
    return read_page(connection, found, [Product.code, Depot.code], _listed, size=size, after=after)


def stock_by_depot(connection: Connection) -> dict[str, tuple[int, Decimal]]:
    """How many products lie in each depot, by its code, and what they cost in all."""
    quantity, cost = (type_coerce(each, BigInteger()) for each in (Stock.on_hand, Stock.average_cost))
    cents = cast(quantity, Numeric()) * cost / literal_column("10000000000")
    query = (
        select(Depot.code, func.count().label("lines"), type_coerce(func.sum(cents), BigInteger()).label("cents"))
        .join(Depot, Depot.id == Stock.depot_id)
        .where(Stock.on_hand != ZERO)
        .group_by(Depot.code)
    )
    return {row.code: (row.lines, (Decimal(row.cents) * CENT).quantize(CENT)) for row in connection.execute(query)}


def _now() -> Select[*tuple[Any, ...]]:
    columns = (Product.code, Product.name, Product.unit, Depot.code.label("depot"))
    return (
        select(*columns, Stock.on_hand, Stock.reserved, Stock.average_cost)
        .join(Product, Product.id == Stock.product_id)
        .join(Depot, Depot.id == Stock.depot_id)
    )


def _on(connection: Connection, day: date) -> Select[*tuple[Any, ...]]:
    ends = begin_of(read_zone(connection), day + timedelta(days=1))
    total = type_coerce(func.sum(StockMove.quantity), Scaled(6)).label("on_hand")
    sums = select(StockMove.depot_id, StockMove.product_id, total).where(StockMove.at < ends)
    lying = sums.group_by(StockMove.depot_id, StockMove.product_id).subquery()
    columns = (Product.code, Product.name, Product.unit, Depot.code.label("depot"))
    return (
        select(*columns, lying.c.on_hand)
        .join(Product, Product.id == lying.c.product_id)
        .join(Depot, Depot.id == lying.c.depot_id)
    )


def _listed(row: AnyRow) -> ListedStock:
    known = hasattr(row, "reserved")
    return ListedStock(
        *(row.code, row.name, row.unit, row.depot, row.on_hand),
        reserved=row.reserved if known else None,
        available=row.on_hand - row.reserved if known else None,
        average_cost=row.average_cost if known else None,
    )


def list_moves(
    connection: Connection,
    *,
    product: str | None = None,
    depot: str | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedMove]:
    """A page of the moves, newest first.

    :param product: the code of a product, as a person types it; `depot`: that of a depot.
    :raises Problem: there is no such depot, or `after` is of no such page.
    """
    query = (
        select(
            *(StockMove.id, StockMove.at, Depot.code.label("depot"), Product.code.label("product"), StockMove.quantity),
            *(StockMove.unit_cost, StockMove.reason, StockMove.document, StockMove.created_by),
        )
        .join(Product, Product.id == StockMove.product_id)
        .join(Depot, Depot.id == StockMove.depot_id)
    )
    if product is not None:
        query = query.where(Product.code == as_stored(connection, product, Product.code))
    if depot is not None:
        query = query.where(Depot.id == depot_called(connection, depot).id)

    def made(row: AnyRow) -> ListedMove:
        return ListedMove(
            *(row.id, row.at, row.depot, row.product, row.quantity, row.unit_cost),
            *(StockReason(row.reason), row.document, row.created_by),
        )

    return read_page(connection, query, [StockMove.id], made, size=size, after=after, descending=True)
