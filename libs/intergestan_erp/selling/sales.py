"""Sales orders on the screen, with how far each is; delivery notes, invoices and credit notes as documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, select

from intergestan_db import states
from intergestan_db.named_ids import named_ids
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    CreditNoteVat,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Event,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceLine,
    InvoiceVat,
    Party,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_db.views import EventView, View, viewed
from intergestan_erp.listing.sales import parts_of, parts_of_lines
from intergestan_erp.paying.open_amounts import open_amount
from intergestan_erp.selling.returned import RETURNED
from intergestan_erp.selling.views import (
    CreditNoteLineView,
    CreditNoteOfInvoice,
    CreditNoteView,
    DeliveryNoteView,
    DueView,
    InvoiceChargeView,
    InvoiceLineView,
    InvoiceView,
    NoteLineView,
    SalesChargeView,
    SalesDocument,
    SalesLineView,
    SalesOrderView,
    VatView,
)


def show_sales_order(connection: Connection, number: str) -> SalesOrderView | None:
    """One order as a whole.

    It reads what belongs to this order alone, in a number of statements that does not depend on its lines.
    """
    order = SalesOrder
    named = select(order.__table__, *named_ids(order), Party.code.label("customer_code"), Party.name.label("customer"))
    joined = named.join(Party, Party.id == order.customer_id).where(order.number == number)
    head = connection.execute(joined).mappings().one_or_none()
    if head is None:
        return None
    parts = parts_of_lines(connection, [head["id"]]).get(head["id"], [])
    delivered, invoiced = parts_of(parts)
    of_line = {each.line_id: each for each in parts}
    lines = select(SalesOrderLine.__table__).where(SalesOrderLine.sales_order_id == head["id"])
    of_order = Event.subject == states.SALES_ORDER.name, Event.subject_id == head["id"]
    charge = SalesOrderCharge
    charges = select(charge.__table__, *named_ids(charge)).where(charge.sales_order_id == head["id"])
    return viewed(
        *(SalesOrderView, head),
        delivered=delivered,
        invoiced=invoiced,
        lines=[
            viewed(
                *(SalesLineView, line),
                **{name: getattr(of_line[line["id"]], name) for name in ("delivered", "invoiced", "returned")},
            )
            for line in connection.execute(lines.order_by(SalesOrderLine.position)).mappings()
        ],
        charges=_all(connection, SalesChargeView, charges.order_by(charge.id)),
        documents=[*_notes_of(connection, head["id"]), *_invoices_of(connection, head["id"])],
        events=_all(connection, EventView, select(*states.TOLD).where(*of_order).order_by(Event.id)),
    )


def show_delivery_note(connection: Connection, number: str) -> DeliveryNoteView | None:
    """One delivery note as a whole."""
    head = _head(connection, DeliveryNote, number)
    if head is None:
        return None
    lines = (
        select(
            *(DeliveryNoteLine.__table__, SalesOrder.number.label("order"), SalesOrderLine.line_id),
            RETURNED.label("returned"),
        )
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
        .where(DeliveryNoteLine.delivery_note_id == head["id"])
    )
    return viewed(
        DeliveryNoteView, head, lines=_all(connection, NoteLineView, lines.order_by(DeliveryNoteLine.position))
    )


def show_invoice(connection: Connection, number: str) -> InvoiceView | None:
    """One invoice as a whole."""
    head = _head(connection, Invoice, number)
    if head is None:
        return None
    lines = (
        select(
            *(InvoiceLine.__table__, DeliveryNote.number.label("delivery_note")),
            *(DeliveryNote.issue_date.label("delivery_date"), Depot.code.label("depot")),
        )
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .outerjoin(Depot, Depot.id == DeliveryNote.depot_id)
        .where(InvoiceLine.invoice_id == head["id"])
    )
    charges = select(InvoiceCharge.__table__).where(InvoiceCharge.invoice_id == head["id"])
    vat = select(InvoiceVat.__table__).where(InvoiceVat.invoice_id == head["id"])
    due = select(InvoiceDue.n, InvoiceDue.due_date, InvoiceDue.amount, open_amount().label("open"))
    notes = select(CreditNote.number, CreditNote.issue_date, CreditNote.total_ttc, CreditNote.reason)
    shown = _all(connection, InvoiceLineView, lines.order_by(InvoiceLine.position))
    counted = enumerate(connection.execute(charges.order_by(InvoiceCharge.id)).mappings(), start=1)
    return viewed(
        *(InvoiceView, head),
        delivery_notes=list(dict.fromkeys(line.delivery_note for line in shown)),
        lines=shown,
        charges=[viewed(InvoiceChargeView, row, n=n) for n, row in counted],
        vat=_all(connection, VatView, vat.order_by(InvoiceVat.id)),
        due=_all(connection, DueView, due.where(InvoiceDue.invoice_id == head["id"]).order_by(InvoiceDue.n)),
        credit_notes=_all(
            connection, CreditNoteOfInvoice, notes.where(CreditNote.invoice_id == head["id"]).order_by(CreditNote.id)
        ),
    )


def show_credit_note(connection: Connection, number: str) -> CreditNoteView | None:
    """One credit note as a whole."""
    head = _head(connection, CreditNote, number)
    if head is None:
        return None
    lines = (
        select(
            *(CreditNoteLine.position, CreditNoteLine.quantity, CreditNoteLine.total, InvoiceLine.product_code),
            *(InvoiceLine.unit, func.coalesce(InvoiceLine.name, InvoiceCharge.reason).label("name")),
            func.coalesce(InvoiceLine.vat_rate, InvoiceCharge.vat_rate).label("vat_rate"),
        )
        .outerjoin(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .outerjoin(InvoiceCharge, InvoiceCharge.id == CreditNoteLine.invoice_charge_id)
        .where(CreditNoteLine.credit_note_id == head["id"])
    )
    vat = select(CreditNoteVat.__table__).where(CreditNoteVat.credit_note_id == head["id"])
    return viewed(
        *(CreditNoteView, head),
        invoice=connection.scalar(select(Invoice.number).where(Invoice.id == head["invoice_id"])),
        lines=_all(connection, CreditNoteLineView, lines.order_by(CreditNoteLine.position)),
        vat=_all(connection, VatView, vat.order_by(CreditNoteVat.id)),
    )


def _notes_of(connection: Connection, order_id: int) -> list[SalesDocument]:
    query = (
        select(DeliveryNote.number, DeliveryNote.issue_date, DeliveryNote.created_by)
        .join(DeliveryNoteLine, DeliveryNoteLine.delivery_note_id == DeliveryNote.id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .where(SalesOrderLine.sales_order_id == order_id)
        .group_by(DeliveryNote.id)
    )
    rows = connection.execute(query.order_by(DeliveryNote.id)).mappings()
    return [viewed(SalesDocument, row, total_ht=None, total_ttc=None) for row in rows]


def _invoices_of(connection: Connection, order_id: int) -> list[SalesDocument]:
    query = (
        select(Invoice.number, Invoice.issue_date, Invoice.created_by, Invoice.total_ht, Invoice.total_ttc)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .where(SalesOrderLine.sales_order_id == order_id)
        .group_by(Invoice.id)
    )
    return _all(connection, SalesDocument, query.order_by(Invoice.id))


def _head(
    connection: Connection, table: type[DeliveryNote | Invoice | CreditNote], number: str
) -> Mapping[str, Any] | None:
    query = select(table.__table__, *named_ids(table), Party.name.label("customer"), Party.code.label("customer_code"))
    joined = query.join(Party, Party.id == table.customer_id).where(table.number == number)
    row = connection.execute(joined).mappings().one_or_none()
    if row is None:
        return None
    buyer = (row.get("identity") or {}).get("buyer") or {}
    return {**row, "customer": buyer.get("name", row["customer"])}


def _all(connection: Connection, kind: type[View], query: Select[*tuple[Any, ...]]) -> list[View]:
    return [viewed(kind, row) for row in connection.execute(query).mappings()]
