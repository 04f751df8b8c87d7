"""Sales orders on the screen, with how far each is; delivery notes, invoices and credit notes as documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, Subquery, case, func, select

from intergestan_db import states
from intergestan_db.enums import Part, SalesState
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    CreditNoteVat,
    DeliveryNote,
    DeliveryNoteLine,
    Event,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceLine,
    InvoiceVat,
    Party,
    PaymentTerm,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.paying.open_amounts import open_amount
from intergestan_erp.selling.deliveries import delivered_by_line, invoiced_by_line, returned_by_line
from intergestan_erp.selling.returned import RETURNED
from intergestan_msg.money import ZERO

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sales orders to list; both days are included.

    :ivar everything: also those that are cancelled or wholly invoiced.
    """

    first: date | None = None
    last: date | None = None
    customer_id: int | None = None
    everything: bool = False
    category_id: int | None = None


def list_sales(connection: Connection, wanted: Selection) -> list[Row]:
    """Sales orders by date and number, each with what was `delivered` and `invoiced` of it (`Part`)."""
    query = _listing()
    for limit in (
        SalesOrder.issue_date >= wanted.first if wanted.first else None,
        SalesOrder.issue_date <= wanted.last if wanted.last else None,
        SalesOrder.customer_id == wanted.customer_id if wanted.customer_id else None,
        SalesOrder.category_id == wanted.category_id if wanted.category_id else None,
    ):
        if limit is not None:
            query = query.where(limit)
    rows = connection.execute(query.order_by(SalesOrder.issue_date, SalesOrder.id)).mappings()
    listed: list[Row] = [_with_parts(dict(row)) for row in rows]
    if wanted.everything:
        return listed
    return [row for row in listed if row["state"] != SalesState.CANCELLED and row["invoiced"] != Part.ALL]


def show_sales_order(connection: Connection, number: str) -> Row | None:
    """One order with its `lines` (each with `delivered`, `invoiced`, `returned`), `charges`, `documents`, `events`."""
    listed = connection.execute(_listing().where(SalesOrder.number == number)).mappings().one_or_none()
    if listed is None:
        return None
    head = connection.execute(select(SalesOrder.__table__).where(SalesOrder.number == number)).mappings().one()
    of_order = Event.subject == states.SALES_ORDER.name, Event.subject_id == head["id"]
    charges = select(SalesOrderCharge.__table__).where(SalesOrderCharge.sales_order_id == head["id"])
    return {
        **head,
        **_with_parts(dict(listed)),
        "lines": _rows(connection, _lines().where(SalesOrderLine.sales_order_id == head["id"])),
        "charges": _rows(connection, charges.order_by(SalesOrderCharge.id)),
        "documents": [*_notes_of(connection, head["id"]), *_invoices_of(connection, head["id"])],
        "events": _rows(connection, select(Event.__table__).where(*of_order).order_by(Event.id)),
    }


def show_delivery_note(connection: Connection, number: str) -> Row | None:
    """One delivery note with its `lines`, each with the order it is of and what of it came back (`returned`)."""
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
    return {**head, "lines": _rows(connection, lines.order_by(DeliveryNoteLine.position))}


def show_invoice(connection: Connection, number: str) -> Row | None:
    """One invoice with its `delivery_notes` (A30), its `lines`, each with its delivery note and that one's day, its
    `charges`, each with its number `n`, its `vat` per rate, its instalments (`due`, each with what is `open` of it),
    its `term` and its `credit_notes`.
    """
    head = _head(connection, Invoice, number)
    if head is None:
        return None
    lines = (
        select(
            *(InvoiceLine.__table__, DeliveryNote.number.label("delivery_note")),
            DeliveryNote.issue_date.label("delivery_date"),
        )
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .where(InvoiceLine.invoice_id == head["id"])
    )
    charges = select(InvoiceCharge.__table__).where(InvoiceCharge.invoice_id == head["id"])
    vat = select(InvoiceVat.__table__).where(InvoiceVat.invoice_id == head["id"])
    due = select(InvoiceDue.n, InvoiceDue.due_date, InvoiceDue.amount, open_amount().label("open"))
    notes = select(CreditNote.number, CreditNote.issue_date, CreditNote.total_ttc, CreditNote.reason)
    shown = _rows(connection, lines.order_by(InvoiceLine.position))
    return {
        **head,
        "delivery_notes": list(dict.fromkeys(line["delivery_note"] for line in shown)),
        "term": connection.scalar(select(PaymentTerm.code).where(PaymentTerm.id == head["payment_term_id"])),
        "lines": shown,
        "charges": [
            {**row, "n": n} for n, row in enumerate(_rows(connection, charges.order_by(InvoiceCharge.id)), start=1)
        ],
        "vat": _rows(connection, vat.order_by(InvoiceVat.id)),
        "due": _rows(connection, due.where(InvoiceDue.invoice_id == head["id"]).order_by(InvoiceDue.n)),
        "credit_notes": _rows(connection, notes.where(CreditNote.invoice_id == head["id"]).order_by(CreditNote.id)),
    }


def show_credit_note(connection: Connection, number: str) -> Row | None:
    """One credit note with the number of its `invoice`, its `lines` as the invoice has them, and its `vat` per rate."""
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
    return {
        **head,
        "invoice": connection.scalar(select(Invoice.number).where(Invoice.id == head["invoice_id"])),
        "lines": _rows(connection, lines.order_by(CreditNoteLine.position)),
        "vat": _rows(connection, vat.order_by(CreditNoteVat.id)),
    }


def _listing() -> Select[*tuple[Any, ...]]:
    parts = _parts()
    return (
        select(
            *(SalesOrder.number, SalesOrder.issue_date, Party.code.label("customer_code")),
            *(Party.name.label("customer"), SalesOrder.customer_order_number, SalesOrder.total_ht),
            *(SalesOrder.total_ttc, SalesOrder.currency, SalesOrder.state, SalesOrder.below_minimum),
            *(parts.c.lines, parts.c.delivered_some, parts.c.delivered_all),
            *(parts.c.invoiced_some, parts.c.invoiced_all),
        )
        .join(Party, Party.id == SalesOrder.customer_id)
        .outerjoin(parts, parts.c.sales_order_id == SalesOrder.id)
    )


def _parts() -> Subquery:
    """How many lines each order has, and of how many something, and all, was delivered and invoiced.

    What came back before it was invoiced is on no invoice, and counts as settled.
    """
    delivered, invoiced, returned = delivered_by_line(), invoiced_by_line(), returned_by_line(before_invoice=True)
    settled = func.coalesce(invoiced.c.quantity, ZERO) + func.coalesce(returned.c.quantity, ZERO)

    def count(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    return (
        select(
            SalesOrderLine.sales_order_id,
            func.count().label("lines"),
            count(func.coalesce(delivered.c.quantity, ZERO) > ZERO).label("delivered_some"),
            count(func.coalesce(delivered.c.quantity, ZERO) >= SalesOrderLine.quantity).label("delivered_all"),
            count(func.coalesce(invoiced.c.quantity, ZERO) > ZERO).label("invoiced_some"),
            count(settled >= SalesOrderLine.quantity).label("invoiced_all"),
        )
        .outerjoin(delivered, delivered.c.line_id == SalesOrderLine.id)
        .outerjoin(invoiced, invoiced.c.line_id == SalesOrderLine.id)
        .outerjoin(returned, returned.c.line_id == SalesOrderLine.id)
        .group_by(SalesOrderLine.sales_order_id)
        .subquery("parts")
    )


def _with_parts(row: dict[str, Any]) -> dict[str, Any]:
    lines = row.pop("lines") or 0
    for name in ("delivered", "invoiced"):
        some, whole = row.pop(f"{name}_some") or 0, row.pop(f"{name}_all") or 0
        row[name] = Part.ALL if lines and whole == lines else Part.SOME if some else Part.NONE
    return row


def _lines() -> Select[*tuple[Any, ...]]:
    delivered, invoiced, returned = delivered_by_line(), invoiced_by_line(), returned_by_line()
    return (
        select(
            SalesOrderLine.__table__,
            func.coalesce(delivered.c.quantity, ZERO).label("delivered"),
            func.coalesce(invoiced.c.quantity, ZERO).label("invoiced"),
            func.coalesce(returned.c.quantity, ZERO).label("returned"),
        )
        .outerjoin(delivered, delivered.c.line_id == SalesOrderLine.id)
        .outerjoin(invoiced, invoiced.c.line_id == SalesOrderLine.id)
        .outerjoin(returned, returned.c.line_id == SalesOrderLine.id)
        .order_by(SalesOrderLine.position)
    )


def _notes_of(connection: Connection, order_id: int) -> list[Row]:
    query = (
        select(DeliveryNote.number, DeliveryNote.issue_date, DeliveryNote.created_by)
        .join(DeliveryNoteLine, DeliveryNoteLine.delivery_note_id == DeliveryNote.id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .where(SalesOrderLine.sales_order_id == order_id)
        .group_by(DeliveryNote.id)
    )
    return _rows(connection, query.order_by(DeliveryNote.id))


def _invoices_of(connection: Connection, order_id: int) -> list[Row]:
    query = (
        select(Invoice.number, Invoice.issue_date, Invoice.created_by, Invoice.total_ht, Invoice.total_ttc)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .where(SalesOrderLine.sales_order_id == order_id)
        .group_by(Invoice.id)
    )
    return _rows(connection, query.order_by(Invoice.id))


def _head(connection: Connection, table: type[DeliveryNote | Invoice | CreditNote], number: str) -> Row | None:
    query = select(table.__table__, Party.name.label("customer"), Party.code.label("customer_code"))
    joined = query.join(Party, Party.id == table.customer_id).where(table.number == number)
    row = connection.execute(joined).mappings().one_or_none()
    if row is None:
        return None
    buyer = (row.get("identity") or {}).get("buyer") or {}
    return {**row, "customer": buyer.get("name", row["customer"])}


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
