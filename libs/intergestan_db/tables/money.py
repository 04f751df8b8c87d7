"""How invoices fall due and what settles them: payment terms, instalments, payments, credit notes, settlements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import String, Text

from intergestan_db.enums import EndOfMonth, InvoiceKind, PaymentMethod, PaymentState
from intergestan_db.tables.delivery import DocumentColumns, SealedColumns, VatColumns
from intergestan_db.tables.types import (
    Amount,
    Fine,
    Instant,
    RowId,
    Table,
    Typed,
    column,
    holds,
    index,
    index_where,
    one_of,
    unique,
)


class PaymentTerm(Table):
    """When an invoice is to be paid, by a code that people name (D20)."""

    __tablename__ = "payment_term"

    id: Typed[RowId]
    code: Typed[str] = column(String(20), unique=True)
    name: Typed[str] = column(String(100))
    active: Typed[bool] = column(default=True)


class PaymentTermLine(Table):
    """A part of what an invoice asks, and when it falls due; the percents of a term add up to 100."""

    __tablename__ = "payment_term_line"
    __table_args__ = (
        unique("term_id", "position"),
        one_of("end_of_month", EndOfMonth),
        holds("percent", "percent > 0"),
        holds("days", "days >= 0"),
        holds("on_day", "on_day BETWEEN 1 AND 31"),
    )

    id: Typed[RowId]
    term_id: Typed[int] = column(references="payment_term.id")
    position: Typed[int]
    percent: Typed[Fine] = column(default=Decimal(100))
    days: Typed[int]
    end_of_month: Typed[str] = column(String(6), default=EndOfMonth.NO)
    on_day: Typed[int | None]


class InvoiceDue(Table):
    """An instalment: so much of an invoice, due on a day. Those of an invoice add up to its total (frozen, D39)."""

    __tablename__ = "invoice_due"
    __table_args__ = (unique("invoice_id", "n"), holds("amount", "amount > 0"))

    id: Typed[RowId]
    invoice_id: Typed[int] = column(references="invoice.id")
    n: Typed[int]
    due_date: Typed[date] = column(index=True)
    amount: Typed[Amount]


class Payment(Table):
    """Money, a bill or a cheque of a customer. What it settles stands in `Settlement`, the rest lies on account.

    What `failed` settles nothing from `failed_on` on; what was `cancelled` was never there. `banked_on`: since when the
    bank has a cheque or a bill; it is filled once. All but the state and these days is frozen.
    """

    __tablename__ = "payment"
    __table_args__ = (
        one_of("method", PaymentMethod),
        one_of("state", PaymentState),
        holds("amount", "amount > 0"),
        index("party_id", "state"),
        index_where(
            "reference IS NOT NULL AND state <> 'cancelled'",
            *("party_id", "method", "reference"),
            name="uq_payment_reference",
            unique=True,
        ),
        index_where(
            "banked_on IS NULL AND state = 'entered' AND method IN ('cheque', 'bill')",
            "due_date",
            name="ix_payment_to_bank",
        ),
    )

    id: Typed[RowId]
    number: Typed[str] = column(String(60), unique=True)
    party_id: Typed[int] = column(references="party.id")
    establishment_id: Typed[int] = column(references="establishment.id")
    received_on: Typed[date]
    due_date: Typed[date]
    amount: Typed[Amount]
    method: Typed[str] = column(String(8))
    reference: Typed[str | None] = column(String(60))
    state: Typed[str] = column(String(10))
    failed_on: Typed[date | None]
    banked_on: Typed[date | None]
    created_at: Typed[Instant]
    created_by: Typed[str] = column(String(80))


class CreditNote(DocumentColumns, SealedColumns, Table):
    """What takes back part or all of one invoice (D32). Its amounts are above zero: what is taken back."""

    __tablename__ = "credit_note"
    __table_args__ = (
        one_of("kind", InvoiceKind),
        index("accounting_folder_id", "id"),
        holds("totals", "total_ht >= 0 AND total_vat >= 0 AND total_ttc > 0 AND total_ttc = total_ht + total_vat"),
    )

    id: Typed[RowId]
    invoice_id: Typed[int] = column(references="invoice.id", index=True)
    customer_id: Typed[int] = column(references="party.id", index=True)
    currency: Typed[str] = column(String(3))
    reason: Typed[str] = column(Text())
    total_ht: Typed[Amount]
    total_vat: Typed[Amount]
    total_ttc: Typed[Amount]
    establishment_id: Typed[int] = column(references="establishment.id")
    accounting_folder_id: Typed[int] = column(references="accounting_folder.id")


class CreditNoteLine(Table):
    """So much of a line of the invoice, or one of its charges, which is taken back whole."""

    __tablename__ = "credit_note_line"
    __table_args__ = (
        unique("credit_note_id", "position"),
        holds("of_one", "(invoice_line_id IS NULL) <> (invoice_charge_id IS NULL)"),
    )

    id: Typed[RowId]
    credit_note_id: Typed[int] = column(references="credit_note.id")
    position: Typed[int]
    invoice_line_id: Typed[int | None] = column(references="invoice_line.id", index=True)
    invoice_charge_id: Typed[int | None] = column(references="invoice_charge.id", unique=True)
    quantity: Typed[Fine | None]
    total: Typed[Amount]


class CreditNoteVat(VatColumns, Table):
    """The VAT of a credit note for one category and rate."""

    __tablename__ = "credit_note_vat"
    __table_args__ = (unique("credit_note_id", "vat_category", "vat_rate"),)

    id: Typed[RowId]
    credit_note_id: Typed[int] = column(references="credit_note.id")


class Settlement(Table):
    """So much of a payment or of a credit note for one instalment, since a day (D32); frozen.

    A payment may settle the same instalment on several days: each time is a row, so that what was settled on an
    earlier day stays what it was.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        holds("of_one", "(payment_id IS NULL) <> (credit_note_id IS NULL)"),
        holds("amount", "amount > 0"),
    )

    id: Typed[RowId]
    payment_id: Typed[int | None] = column(references="payment.id", index=True)
    credit_note_id: Typed[int | None] = column(references="credit_note.id", index=True)
    invoice_due_id: Typed[int] = column(references="invoice_due.id", index=True)
    amount: Typed[Amount]
    settled_on: Typed[date]
    created_at: Typed[Instant]
