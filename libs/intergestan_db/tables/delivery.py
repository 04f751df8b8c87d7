"""What a sales order becomes: delivery notes (BL) and invoices (G03).

A delivery note is of one customer, its lines are of sales orders: picking slips may later put several orders on
one. An invoice is of one customer too, its lines are of delivery notes, each of which is invoiced once.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.enums import InvoiceKind
from intergestan_db.tables.order import ChargeColumns, PlaceColumns
from intergestan_db.tables.types import (
    Amount,
    Fine,
    Instant,
    RowId,
    Table,
    Typed,
    column,
    index,
    index_where,
    one_of,
    unique,
)


class DocumentColumns:
    """What the head of either document has; it is written once and never changed."""

    number: Typed[str] = column(String(60), unique=True)
    issue_date: Typed[date]
    note: Typed[str | None] = column(Text())
    created_at: Typed[Instant]
    created_by: Typed[str] = column(String(80))


class GoodsColumns:
    """What a line of either document says of the goods, as it was when the document was made."""

    position: Typed[int]
    product_code: Typed[str | None] = column(String(60))
    name: Typed[str] = column(String(400))
    quantity: Typed[Fine]
    unit: Typed[str] = column(String(3))


class DeliveryNote(DocumentColumns, PlaceColumns, Table):
    """Goods that left a depot (bon de livraison); `invoicing_establishment_id` is who invoices them (A23, A31)."""

    __tablename__ = "delivery_note"
    __table_args__ = (index("issue_date"),)

    id: Typed[RowId]
    customer_id: Typed[int] = column(references="party.id", index=True)
    establishment_id: Typed[int] = column(references="establishment.id")
    depot_id: Typed[int] = column(references="depot.id")
    operation_code_id: Typed[int] = column(references="operation_code.id")
    invoicing_establishment_id: Typed[int] = column(references="establishment.id")


class DeliveryNoteLine(GoodsColumns, Table):
    """So much of a sales order's line. What an order has delivered is the sum of these.

    `picking_slip_line_id`: the line of the picking slip on which it was prepared, where stock is managed.
    """

    __tablename__ = "delivery_note_line"
    __table_args__ = (
        unique("delivery_note_id", "position"),
        index_where(
            "picking_slip_line_id IS NOT NULL",
            "picking_slip_line_id",
            name="uq_delivery_note_line_picking_slip_line_id",
            unique=True,
        ),
    )

    id: Typed[RowId]
    delivery_note_id: Typed[int] = column(references="delivery_note.id")
    sales_order_line_id: Typed[int] = column(references="sales_order_line.id", index=True)
    picking_slip_line_id: Typed[int | None] = column(references="picking_slip_line.id")


class VatColumns:
    """The VAT of a document for one category and rate: what it is on, and how much it is."""

    vat_category: Typed[str] = column(String(3))
    vat_rate: Typed[Fine]
    base: Typed[Amount]
    amount: Typed[Amount]


class SealedColumns:
    """What a document says of seller and buyer as they were that day, and what ties it to the one before it (D39).

    `chain` is computed as `intergestan_erp.selling.chain` says. Documents of before there were chains have neither.
    """

    kind: Typed[str] = column(String(8), default=InvoiceKind.CUSTOMER, server_default="customer")
    chain: Typed[str | None] = column(String(64))
    identity: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))


class InvoiceRun(Table):
    """A run of deferred invoicing: what it is to take, where and by whom, and what it has made so far.

    `day` is what its invoices bear, NULL the day on which it began. `left_out`: numbers of delivery notes that a person
    took out; those with higher ids than `newest_note_id` came later and are not its own. `planned`, `planned_notes`:
    what there was to be made of how many delivery notes; `refused`: how many of these could not be invoiced. It wrote
    last at `worked_at`; without `ended_at` it is at work, or was interrupted.
    """

    __tablename__ = "invoice_run"

    id: Typed[RowId]
    first: Typed[date | None]
    last: Typed[date | None]
    establishment_id: Typed[int] = column(references="establishment.id")
    by: Typed[str] = column(String(80))
    at: Typed[Instant]
    invoices: Typed[int]
    notes: Typed[int]
    customer_id: Typed[int | None] = column(references="party.id")
    category_id: Typed[int | None] = column(references="category.id")
    day: Typed[date | None]
    left_out: Typed[list[str] | None] = column(JSON(none_as_null=True))
    newest_note_id: Typed[int | None]
    planned: Typed[int] = column(default=0, server_default="0")
    planned_notes: Typed[int] = column(default=0, server_default="0")
    refused: Typed[int] = column(default=0, server_default="0")
    worked_at: Typed[Instant | None]
    ended_at: Typed[Instant | None]


class Invoice(DocumentColumns, SealedColumns, Table):
    """What a customer owes for delivery notes; frozen with its lines, charges, VAT and instalments (D39).

    `due_date` is the last instalment's; `payment_term_id` the term that made them, NULL for those of before there were
    terms.
    """

    __tablename__ = "invoice"
    __table_args__ = (one_of("kind", InvoiceKind), index("accounting_folder_id", "id"))

    id: Typed[RowId]
    customer_id: Typed[int] = column(references="party.id", index=True)
    currency: Typed[str] = column(String(3))
    total_ht: Typed[Amount]
    total_vat: Typed[Amount]
    total_ttc: Typed[Amount]
    due_date: Typed[date]
    payment_term_id: Typed[int | None] = column(references="payment_term.id")
    establishment_id: Typed[int] = column(references="establishment.id")
    accounting_folder_id: Typed[int] = column(references="accounting_folder.id")
    invoice_run_id: Typed[int | None] = column(references="invoice_run.id", index=True)


class InvoiceLine(GoodsColumns, Table):
    """A line of a delivery note, at the price of its order; the UNIQUE key is what makes it invoiced once."""

    __tablename__ = "invoice_line"
    __table_args__ = (unique("invoice_id", "position"),)

    id: Typed[RowId]
    invoice_id: Typed[int] = column(references="invoice.id")
    delivery_note_line_id: Typed[int] = column(references="delivery_note_line.id", unique=True)
    price: Typed[Fine]
    base_quantity: Typed[Fine]
    total: Typed[Amount]
    vat_category: Typed[str] = column(String(3))
    vat_rate: Typed[Fine]


class InvoiceCharge(ChargeColumns, Table):
    """A charge of a sales order, invoiced once."""

    __tablename__ = "invoice_charge"

    id: Typed[RowId]
    invoice_id: Typed[int] = column(references="invoice.id", index=True)
    sales_order_charge_id: Typed[int] = column(references="sales_order_charge.id", unique=True)


class InvoiceVat(VatColumns, Table):
    """The VAT of an invoice for one category and rate."""

    __tablename__ = "invoice_vat"
    __table_args__ = (unique("invoice_id", "vat_category", "vat_rate"),)

    id: Typed[RowId]
    invoice_id: Typed[int] = column(references="invoice.id")
