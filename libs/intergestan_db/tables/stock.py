"""How much of a product lies in a depot, and each change of it."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import String

from intergestan_db.enums import StockReason
from intergestan_db.tables.types import Fine, Instant, RowId, Table, Typed, column, holds, index, index_where, one_of


class Stock(Table):
    """A product in a depot. `reserved` is how much of `on_hand` is set aside; the rest is available.

    `average_cost` is per unit of the product. Only where the depot allows it (`negative_ok`, a copy of the depot's
    `allow_negative`) may more leave than lies there.
    """

    __tablename__ = "stock"
    __table_args__ = (
        holds("reserved", "reserved >= 0"),
        holds("on_hand", "negative_ok OR on_hand >= 0"),
        holds("covered", "negative_ok OR reserved <= on_hand"),
        index("product_id", "depot_id"),
        index_where("negative_ok", "depot_id", name="ix_stock_negative_ok"),
    )

    depot_id: Typed[int] = column(references="depot.id", primary_key=True, autoincrement=False)
    product_id: Typed[int] = column(references="product.id", primary_key=True, autoincrement=False)
    on_hand: Typed[Fine] = column(default=Decimal(0))
    reserved: Typed[Fine] = column(default=Decimal(0))
    average_cost: Typed[Fine] = column(default=Decimal(0))
    negative_ok: Typed[bool] = column(default=False)


class StockMove(Table):
    """A change of what lies in a depot; append-only. The moves of a product in a depot add up to what lies there.

    `quantity` is signed, `unit_cost` what a unit cost that came, or the average at which it left; `document` is the
    number of the document that moved the goods, or what a person said.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        one_of("reason", StockReason),
        holds("quantity", "quantity <> 0"),
        index("depot_id", "product_id", "id"),
    )

    id: Typed[RowId]
    at: Typed[Instant]
    depot_id: Typed[int] = column(references="depot.id")
    product_id: Typed[int] = column(references="product.id")
    quantity: Typed[Fine]
    unit_cost: Typed[Fine]
    reason: Typed[str] = column(String(12))
    document: Typed[str | None] = column(String(60))
    created_by: Typed[str] = column(String(80))
