"""The orders between two establishments, for whom they are, and what came in on them (BR; A12, A43, A46, D50)."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.tables.delivery import DocumentColumns
from intergestan_db.tables.types import Fine, Instant, RowId, Table, Typed, column, holds, unique


class AgencyOrder(Table):
    """The purchase order of the requesting and the sales order of the supplying establishment.

    `billable`: goods between them were invoiced when the pair was made (A14, A15). `run` is the same for all pairs of
    one act.
    """

    __tablename__ = "agency_order"
    __table_args__ = (holds("sides", "requesting_id <> supplying_id"),)

    id: Typed[RowId]
    requesting_id: Typed[int] = column(references="establishment.id")
    supplying_id: Typed[int] = column(references="establishment.id")
    purchase_order_id: Typed[int] = column(references="purchase_order.id", unique=True)
    sales_order_id: Typed[int] = column(references="sales_order.id", unique=True)
    billable: Typed[bool]
    run: Typed[str] = column(String(36))
    created_at: Typed[Instant]


class AgencyOrderLine(Table):
    """A line of both orders, and the allocation of a customer's order that it is for.

    An allocation is on one line at most: that is what makes it ordered once. NULL: no customer needs it any more, and
    it arrives as free stock.
    """

    __tablename__ = "agency_order_line"

    id: Typed[RowId]
    agency_order_id: Typed[int] = column(references="agency_order.id", index=True)
    allocation_id: Typed[int | None] = column(references="allocation.id", unique=True)
    purchase_order_line_id: Typed[int] = column(references="purchase_order_line.id", unique=True)
    sales_order_line_id: Typed[int] = column(references="sales_order_line.id", unique=True)


class GoodsReceipt(DocumentColumns, Table):
    """Goods of a purchase order that came into a depot."""

    __tablename__ = "goods_receipt"

    id: Typed[RowId]
    purchase_order_id: Typed[int] = column(references="purchase_order.id", index=True)
    establishment_id: Typed[int] = column(references="establishment.id")
    depot_id: Typed[int] = column(references="depot.id")


class GoodsReceiptLine(Table):
    """What came of a line of a delivery note, which is received once; it may be less than left, or nothing."""

    __tablename__ = "goods_receipt_line"
    __table_args__ = (unique("goods_receipt_id", "position"), holds("quantity", "quantity >= 0"))

    id: Typed[RowId]
    goods_receipt_id: Typed[int] = column(references="goods_receipt.id")
    position: Typed[int]
    purchase_order_line_id: Typed[int] = column(references="purchase_order_line.id", index=True)
    delivery_note_line_id: Typed[int] = column(references="delivery_note_line.id", unique=True)
    quantity: Typed[Fine]
    unit_cost: Typed[Fine]
