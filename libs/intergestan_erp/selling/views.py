"""What was sold as it is shown: orders, quotes, delivery notes, invoices, credit notes, each as a whole.

`SalesOrder`, `Quote`, `DeliveryNote`, `Invoice` and `CreditNote` say what each column is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from intergestan_db.views import INSIDE, ChargeView, EventView


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLineView:
    """A line. `delivered`, `invoiced`, `returned`: how much of it."""

    product_id: int | None = field(metadata=INSIDE)
    promised_date: date | None
    said: Mapping[str, Any] | None
    line_id: str
    position: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    allowance: Decimal
    total: Decimal
    vat_category: str
    vat_rate: Decimal
    note: str | None
    wanted_date: date | None
    delivered: Decimal
    invoiced: Decimal
    returned: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesChargeView(ChargeView):
    """A charge or allowance of a sales order or a quote; `fee`: the code of the fee of our catalogue that it is."""

    fee: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDocument:
    """A delivery note or an invoice of an order; the first has no totals."""

    number: str
    issue_date: date
    created_by: str
    total_ht: Decimal | None = None
    total_ttc: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesOrderView:
    """One order with its lines, charges, delivery notes and invoices (`documents`), and all that happened to it.

    :ivar term: the code of its own payment term; None: the customer's counts. :ivar quote: the number of what it was.
    :ivar delivered, invoiced: how much of it: `none`, `some` or `all`.
    """

    id: int = field(metadata=INSIDE)
    customer_order_number: str | None
    establishment: int | None
    depot: str | None
    operation: str | None
    category: str | None
    term: str | None
    quote: str | None
    state: str
    invoiced: str
    below_minimum: bool
    incomplete: str | None
    carried: Mapping[str, Any] | None
    created_at: datetime
    exported_at: datetime | None
    allocated_at: datetime | None
    rung_at: datetime | None
    number: str
    revision: int
    issue_date: date
    note: str | None
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    wanted_date: date | None
    delivery_name: str | None
    delivery_line1: str | None
    delivery_line2: str | None
    delivery_postcode: str | None
    delivery_city: str | None
    delivery_country: str | None
    customer: str
    customer_code: str
    delivered: str
    lines: Sequence[SalesLineView]
    charges: Sequence[SalesChargeView]
    documents: Sequence[SalesDocument]
    events: Sequence[EventView]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLineView:
    """A line of a quote."""

    line_id: str
    position: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    allowance: Decimal
    total: Decimal
    vat_category: str
    vat_rate: Decimal
    note: str | None
    wanted_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """One quote with its parts and all that happened to it.

    :ivar order: the number of the sales order that it became.
    """

    state: str
    valid_until: date | None
    created_at: datetime
    number: str
    revision: int
    issue_date: date
    note: str | None
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    wanted_date: date | None
    delivery_name: str | None
    delivery_line1: str | None
    delivery_line2: str | None
    delivery_postcode: str | None
    delivery_city: str | None
    delivery_country: str | None
    customer_code: str
    customer: str
    order: str | None
    lines: Sequence[QuoteLineView]
    charges: Sequence[SalesChargeView]
    events: Sequence[EventView]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLineView:
    """A line of a delivery note: of which order and line, and what of it came back (`returned`)."""

    position: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    order: str
    line_id: str
    returned: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNoteView:
    """One delivery note with its lines."""

    id: int = field(metadata=INSIDE)
    establishment: int | None
    depot: str | None
    invoicing_establishment: int | None
    operation: str | None
    number: str
    issue_date: date
    note: str | None
    created_at: datetime
    created_by: str
    delivery_name: str | None
    delivery_line1: str | None
    delivery_line2: str | None
    delivery_postcode: str | None
    delivery_city: str | None
    delivery_country: str | None
    customer: str
    customer_code: str
    lines: Sequence[NoteLineView]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLineView:
    """A line of an invoice: of which delivery note, that one's day, and from which depot it left."""

    price: Decimal
    base_quantity: Decimal
    total: Decimal
    vat_category: str
    vat_rate: Decimal
    position: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    delivery_note: str
    delivery_date: date
    depot: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceChargeView:
    """A charge or allowance of an invoice, counted from 1 (`n`); `amount` is signed, < 0 is an allowance."""

    n: int
    reason: str | None
    amount: Decimal
    vat_category: str | None
    vat_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatView:
    """The VAT of a document at one rate."""

    vat_category: str
    vat_rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """An instalment of an invoice, and what of it is open."""

    n: int
    due_date: date
    amount: Decimal
    open: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteOfInvoice:
    """A credit note, as its invoice names it."""

    number: str
    issue_date: date
    total_ttc: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceView:
    """One invoice with the numbers of its delivery notes (A30), the code of its `term`, and its parts.

    :ivar due: its instalments.
    """

    establishment: int | None
    accounting_folder: int | None
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    due_date: date
    number: str
    issue_date: date
    note: str | None
    created_at: datetime
    created_by: str
    kind: str
    chain: str | None
    identity: Mapping[str, Any] | None
    customer: str
    customer_code: str
    delivery_notes: Sequence[str]
    term: str | None
    lines: Sequence[InvoiceLineView]
    charges: Sequence[InvoiceChargeView]
    vat: Sequence[VatView]
    due: Sequence[DueView]
    credit_notes: Sequence[CreditNoteOfInvoice]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteLineView:
    """A line of a credit note, as its invoice has it, or a charge of that one."""

    position: int
    quantity: Decimal | None
    total: Decimal
    product_code: str | None
    unit: str | None
    name: str | None
    vat_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteView:
    """One credit note with the number of its invoice."""

    establishment: int | None
    accounting_folder: int | None
    currency: str
    reason: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    number: str
    issue_date: date
    note: str | None
    created_at: datetime
    created_by: str
    kind: str
    chain: str | None
    identity: Mapping[str, Any] | None
    customer: str
    customer_code: str
    invoice: str
    lines: Sequence[CreditNoteLineView]
    vat: Sequence[VatView]
