"""What a sales order becomes: delivery notes (BL) and invoices (G03).

A delivery note is of one customer, its lines are of sales orders: picking slips may later put several orders on
one. An invoice is of one customer too, its lines are of delivery notes, each of which is invoiced once.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.order import ChargeColumns, PlaceColumns
from intergestan_site.tables.types import Amount, Fine, Instant, RowId, Table


class DocumentColumns:
    """What the head of either document has; it is written once and never changed."""

    number: Mapped[str] = mapped_column(String(60), unique=True)
    issue_date: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(String(80))


class GoodsColumns:
    """What a line of either document says of the goods, as it was when the document was made."""

    position: Mapped[int]
    product_code: Mapped[str | None] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(400))
    quantity: Mapped[Fine]
    unit: Mapped[str] = mapped_column(String(3))


class DeliveryNote(DocumentColumns, PlaceColumns, Table):
    """Goods that left (bon de livraison)."""

    __tablename__ = "delivery_note"

    id: Mapped[RowId]
    customer_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)


class DeliveryNoteLine(GoodsColumns, Table):
    """So much of a sales order's line. What an order has delivered is the sum of these."""

    __tablename__ = "delivery_note_line"
    __table_args__ = (UniqueConstraint("delivery_note_id", "position"),)

    id: Mapped[RowId]
    delivery_note_id: Mapped[int] = mapped_column(ForeignKey("delivery_note.id"))
    sales_order_line_id: Mapped[int] = mapped_column(ForeignKey("sales_order_line.id"), index=True)


class Invoice(DocumentColumns, Table):
    """What a customer owes for delivery notes."""

    __tablename__ = "invoice"

    id: Mapped[RowId]
    customer_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    total_ht: Mapped[Amount]
    total_vat: Mapped[Amount]
    total_ttc: Mapped[Amount]


class InvoiceLine(GoodsColumns, Table):
    """A line of a delivery note, at the price of its order; the UNIQUE key is what makes it invoiced once."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    id: Mapped[RowId]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    delivery_note_line_id: Mapped[int] = mapped_column(ForeignKey("delivery_note_line.id"), unique=True)
    price: Mapped[Fine]
    base_quantity: Mapped[Fine]
    total: Mapped[Amount]
    vat_category: Mapped[str] = mapped_column(String(3))
    vat_rate: Mapped[Fine]


class InvoiceCharge(ChargeColumns, Table):
    """A charge of a sales order, invoiced once."""

    __tablename__ = "invoice_charge"

    id: Mapped[RowId]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    sales_order_charge_id: Mapped[int] = mapped_column(ForeignKey("sales_order_charge.id"), unique=True)


class InvoiceVat(Table):
    """The VAT of an invoice for one category and rate."""

    __tablename__ = "invoice_vat"
    __table_args__ = (UniqueConstraint("invoice_id", "vat_category", "vat_rate"),)

    id: Mapped[RowId]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    vat_category: Mapped[str] = mapped_column(String(3))
    vat_rate: Mapped[Fine]
    base: Mapped[Amount]
    amount: Mapped[Amount]
