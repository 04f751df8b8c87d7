"""What an order says: frozen values, checked when they are made.

Amounts are `Decimal` in the document's one currency (Peppol R003), at most 2 decimals; unit prices and
quantities at most 6. Dates are plain dates. Nothing here reads, writes or asks the time.

A document that we *write* is complete. A document that we *read* may lack whatever UBL 2.1 makes optional, so
those fields can be None; what a document said and we have no field for is named in `Order.left_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and the list it comes from, such as 0009 (SIRET), 9957 (French VAT), 0160 (GTIN)."""

    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address (UBL `cac:Address`); `country` is ISO 3166-1 alpha-2."""

    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    subdivision: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to ask (UBL `cac:Contact`): the clerk in charge of following the order, for instance."""

    name: str | None = None
    telephone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A firm in one of its roles (UBL `cac:Party`)."""

    name: str
    legal_name: str | None = None
    endpoint: Identifier | None = None
    identifiers: tuple[Identifier, ...] = ()
    legal_id: Identifier | None = None
    vat_id: str | None = None
    address: Address | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class TaxCategory:
    """A VAT category (UNCL 5305: S, Z, E, AE, K, G, O …) and its rate in percent."""

    code: str
    percent: Decimal | None = None
    scheme: str = "VAT"


@dataclass(frozen=True, slots=True)
class AllowanceCharge:
    """A charge (port, frais) or an allowance (remise) of a document or a line; `amount` is never negative."""

    is_charge: bool
    amount: Decimal
    reason: str | None = None
    reason_code: str | None = None
    base_amount: Decimal | None = None
    percent: Decimal | None = None
    tax: TaxCategory | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A net unit price for `base_quantity` units (UBL `cac:Price`)."""

    amount: Decimal
    base_quantity: Decimal = Decimal(1)
    base_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What is ordered (UBL `cac:Item`). `buyers_id` and `sellers_id` are the product codes of either side."""

    name: str
    description: str | None = None
    buyers_id: str | None = None
    sellers_id: str | None = None
    standard_id: Identifier | None = None
    classifications: tuple[Identifier, ...] = ()
    tax: TaxCategory | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """A wanted or promised span of days; either end may be open."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line. `id` is the buyer's stable line id: answers and changes refer to it, never to the product."""

    id: str
    item: Item
    quantity: Decimal | None
    unit: str | None
    price: Price | None = None
    line_total: Decimal | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    note: str | None = None
    partial_delivery: bool | None = None
    wanted: Period | None = None
    tax_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where, to whom and when (UBL `cac:Delivery`)."""

    address: Address | None = None
    location_id: Identifier | None = None
    party: Party | None = None
    wanted: Period | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """UBL `cac:AnticipatedMonetaryTotal`; HT is `tax_exclusive`, TTC is `tax_inclusive`."""

    lines: Decimal
    payable: Decimal
    tax_exclusive: Decimal | None = None
    tax_inclusive: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order as it travels (UBL 2.1 Order, Peppol BIS Advanced Ordering 3, transaction T01)."""

    id: str
    issue_date: date
    currency: str
    buyer: Party
    seller: Party
    lines: tuple[OrderLine, ...]
    issue_time: time | None = None
    type_code: str = "220"
    note: str | None = None
    customer_reference: str | None = None
    quotation_id: str | None = None
    originator_order_id: str | None = None
    originator: Party | None = None
    invoice_to: Party | None = None
    delivery: Delivery | None = None
    delivery_terms: str | None = None
    payment_terms: str | None = None
    accounting_cost: str | None = None
    valid_until: date | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    tax_amount: Decimal | None = None
    totals: Totals | None = None
    customization_id: str | None = None
    profile_id: str | None = None
    left_out: tuple[str, ...] = ()
