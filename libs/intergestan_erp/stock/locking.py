"""Orders under lock: sales orders before purchase orders, each kind by its id (D29)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from intergestan_db.among import among
from intergestan_db.tables import PurchaseOrder, SalesOrder

_SALES: Final = select(SalesOrder.id).where(among(SalesOrder.id, "orders")).order_by(SalesOrder.id).with_for_update()
_PURCHASES: Final = (
    select(PurchaseOrder.id).where(among(PurchaseOrder.id, "orders")).order_by(PurchaseOrder.id).with_for_update()
)


def lock_sales(connection: Connection, orders: Iterable[int]) -> None:
    """Sales orders, by row id, as they are until the transaction ends."""
    connection.execute(_SALES, {"orders": sorted(set(orders))}).all()


def lock_purchases(connection: Connection, orders: Iterable[int]) -> None:
    """Purchase orders, by row id, as they are until the transaction ends; after the sales orders."""
    connection.execute(_PURCHASES, {"orders": sorted(set(orders))}).all()
