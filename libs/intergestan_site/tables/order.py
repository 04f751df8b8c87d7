"""Purchase orders (what we ask of suppliers) and sales orders (what customers asked of us)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Amount, Fine, Instant, RowId, Table, one_of
from intergestan_site.words import PurchaseState, SalesState


class PlaceColumns:
    """Where goods go, as agreed when the document was made: addresses of parties may change later."""

    delivery_name: Mapped[str | None] = mapped_column(String(200))
    delivery_line1: Mapped[str | None] = mapped_column(String(200))
    delivery_line2: Mapped[str | None] = mapped_column(String(200))
    delivery_postcode: Mapped[str | None] = mapped_column(String(20))
    delivery_city: Mapped[str | None] = mapped_column(String(100))
    delivery_country: Mapped[str | None] = mapped_column(String(2))


class DeliveryColumns(PlaceColumns):
    """Where an order goes, and when."""

    wanted_date: Mapped[date | None]


class OrderColumns(DeliveryColumns):
    """What the head of either kind of order has. `total_ht`, `total_ttc`: without and with VAT."""

    number: Mapped[str] = mapped_column(String(60), unique=True)
    revision: Mapped[int] = mapped_column(default=0)
    issue_date: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    total_ht: Mapped[Amount]
    total_vat: Mapped[Amount]
    total_ttc: Mapped[Amount]


class LineColumns:
    """What a line of either kind has. `line_id` is the buyer's stable id; `allowance` is signed."""

    line_id: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    product_code: Mapped[str | None] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(400))
    quantity: Mapped[Fine]
    unit: Mapped[str] = mapped_column(String(3))
    price: Mapped[Fine]
    base_quantity: Mapped[Fine]
    allowance: Mapped[Amount]
    total: Mapped[Amount]
    vat_category: Mapped[str] = mapped_column(String(3))
    vat_rate: Mapped[Fine]
    note: Mapped[str | None] = mapped_column(Text)


class ChargeColumns:
    """A charge (port, frais) or allowance of a whole order; `amount` is signed, < 0 is an allowance."""

    reason: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[Amount]
    vat_category: Mapped[str | None] = mapped_column(String(3))
    vat_rate: Mapped[Fine | None]


class PurchaseOrder(OrderColumns, Table):
    """An order to a supplier. `version` rises with each change, so that a stale selection is seen (G14)."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        CheckConstraint(one_of("state", PurchaseState), "state"),
        Index(None, "supplier_id", "state", "issue_date"),
    )

    id: Mapped[RowId]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    followed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    outbound_mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbound_mail.id"), index=True)
    answer_n: Mapped[int] = mapped_column(default=0)
    answer_code: Mapped[str | None] = mapped_column(String(2))
    answer_note: Mapped[str | None] = mapped_column(Text)
    supplier_order_number: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[Instant]
    exported_at: Mapped[Instant | None]
    updated_at: Mapped[Instant]


class PurchaseOrderLine(LineColumns, Table):
    """A line, with the answer's word on it once there is one."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (UniqueConstraint("purchase_order_id", "line_id"),)

    id: Mapped[RowId]
    purchase_order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    gtin: Mapped[str | None] = mapped_column(String(14))
    supplier_code: Mapped[str | None] = mapped_column(String(60))
    answer_code: Mapped[str | None] = mapped_column(String(2))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class PurchaseOrderCharge(ChargeColumns, Table):
    """A charge or allowance of a purchase order."""

    __tablename__ = "purchase_order_charge"

    id: Mapped[RowId]
    purchase_order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)


class SalesOrder(OrderColumns, Table):
    """An order of a customer; at most one per partner and order number, whatever the mail does."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("partner_id", "customer_order_number"),
        CheckConstraint(one_of("state", SalesState), "state"),
    )

    id: Mapped[RowId]
    customer_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    customer_order_number: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[Instant]
    exported_at: Mapped[Instant | None]


class SalesOrderLine(LineColumns, Table):
    """A line; without a product it is parked until a person says which one is meant."""

    __tablename__ = "sales_order_line"
    __table_args__ = (UniqueConstraint("sales_order_id", "line_id"),)

    id: Mapped[RowId]
    sales_order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))


class SalesOrderCharge(ChargeColumns, Table):
    """A charge or allowance of a sales order."""

    __tablename__ = "sales_order_charge"

    id: Mapped[RowId]
    sales_order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), index=True)
