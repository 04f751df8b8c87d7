"""What an order says: frozen values, checked when they are made.

Amounts are `Decimal` in the document's one currency (Peppol R003), at most 2 decimals; unit prices and quantities at
most 6, and prices of others more where the amount of their line agrees. Dates are plain dates. Nothing here reads,
writes or asks the time.

A document that we *write* is complete. A document that we *read* may lack whatever UBL 2.1 makes optional, so
those fields can be None; what a document said and we have no field for is named in `Order.left_out`.
"""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Final

from intergestan_msg.diagnosis import Term, Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import MILLIONTH, AllowanceCharge, Price, TaxCategory, Totals, fits, in_millionths
from intergestan_msg.order_rules import (
    check_allowance,
    check_allowance_figures,
    check_amount,
    check_currency,
    check_line_figures,
    check_line_ids,
    check_price,
    check_quantity,
    check_rate,
    check_references,
    check_total_amounts,
    check_totals,
)
from intergestan_msg.peppol import PEPPOL_ORDER, PEPPOL_ORDERING, rules_of, transaction

__all__ = [
    "GTIN",
    "Address",
    "AllowanceCharge",
    "Contact",
    "Delivery",
    "Identifier",
    "Item",
    "Order",
    "OrderLine",
    "Party",
    "Period",
    "Price",
    "TaxCategory",
    "Totals",
]


GTIN: Final = "0160"
"""The scheme of a GTIN (ICD)."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and the list it comes from, such as 0009 (SIRET), 9957 (French VAT), 0160 (GTIN)."""

    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address (UBL `cac:Address`); `country` is ISO 3166-1 alpha-2.

    `building` (a house number) and `postbox` stand apart in documents that others wrote; ours have them in
    the lines.
    """

    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    subdivision: str | None = None
    country: str | None = None
    line3: str | None = None
    building: str | None = None
    postbox: str | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """What is printed above the town: the street with its house number, the postbox, the rest."""
        street = " ".join(filter(None, (self.line1, self.building)))
        return tuple(filter(None, (street, self.postbox, self.line2, *(self.line3 or "").split("\n"))))

    @property
    def two_lines(self) -> tuple[str | None, str | None]:
        """The same where there is room for two lines, as ours have it: the first, and the others."""
        if self.lines == (self.line2,):
            return None, self.line2
        first, *others = (*self.lines, "")
        return first or None, ", ".join(filter(None, others)) or None

    def __str__(self) -> str:
        town = " ".join(filter(None, (self.postcode, self.city)))
        return ", ".join(filter(None, (*self.lines, town, self.subdivision, self.country)))


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to ask (UBL `cac:Contact`): the clerk in charge of following the order, for instance."""

    name: str | None = None
    telephone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A firm in one of its roles (UBL `cac:Party`). Without a `legal_name` it is registered by its name."""

    name: str
    legal_name: str | None = None
    endpoint: Identifier | None = None
    identifiers: tuple[Identifier, ...] = ()
    legal_id: Identifier | None = None
    vat_id: str | None = None
    address: Address | None = None
    contact: Contact | None = None

    def __post_init__(self) -> None:
        if self.legal_name is None and self.name:
            object.__setattr__(self, "legal_name", self.name)
        check_references([self.vat_id, *(identifier.value for identifier in self.identifiers)])
        for identifier in (self.endpoint, self.legal_id):
            if identifier is not None:
                check_references([identifier.value, identifier.scheme])


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


def one_day(period: Period | None) -> date | None:
    """The one day that stands for a period: its last, else its first."""
    return (period.end or period.start) if period else None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line. `id` is the buyer's stable line id: answers and changes refer to it, never to the product.

    `tax_amount` is what others may state; Peppol has none at the line, so ours leave it out.
    """

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
    accounting_cost: str | None = None

    def __post_init__(self) -> None:
        check_line(self)

    @property
    def described(self) -> str | None:
        """The line's note, and what describes the thing beside its name."""
        item = self.item
        description = item.description if item.description != item.name else None
        properties = [": ".join(filter(None, each)) for each in item.properties]
        return "\n".join(filter(None, (self.note, description, *properties))) or None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where, to whom and when (UBL `cac:Delivery`)."""

    address: Address | None = None
    location_id: Identifier | None = None
    party: Party | None = None
    wanted: Period | None = None

    @property
    def place(self) -> Address | None:
        """Where the goods go: the address of the place, else that of the party."""
        return self.address or (self.party.address if self.party else None)


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order as it travels (UBL 2.1 Order, Peppol BIS Advanced Ordering 3, transaction T01).

    :ivar references: what else it refers to, by the name of the element: numbers of orders and contracts, files.
    :raises BadDocument: naming the rule and the line, when a line id comes twice, a figure does not fit, or the
        stated figures contradict each other. A document that names another specification than Peppol's in
        `customization_id` promises nothing about its figures: they are taken as stated (see `check_figures`).
    """

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
    customization_id: str | None = PEPPOL_ORDER
    profile_id: str | None = PEPPOL_ORDERING
    left_out: tuple[str, ...] = ()
    incoterm: str | None = None
    references: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        with rules_of(transaction(self.customization_id, "T01")):
            check_order(self)
            if self.customization_id is None or self.customization_id.startswith(PEPPOL_ORDER):
                check_figures(self)


def check_line(line: OrderLine, *, any_price: bool = False) -> None:
    """What one line must hold by itself. A price of more decimals than ours have needs an amount that agrees with it.

    :param any_price: whether it may have as many as it likes: whoever takes it in looks.
    """
    item = line.item
    if not line.id:
        raise BadDocument(Wrong.NO_LINE_ID, rule="PEPPOL-T01-R001")
    references = [line.id, line.unit, item.buyers_id, item.sellers_id]
    if item.standard_id is not None:
        references.append(item.standard_id.value)
    check_references(references, line.id)
    check_quantity(line.quantity, line.id)
    if line.price is not None:
        check_price(line.price, line.id, fine=not (any_price or _is_vouched_for(line)))
    check_amount(line.line_total, Term.LINE_AMOUNT, line.id)
    check_amount(line.tax_amount, Term.TAX_AMOUNT, line.id)
    check_rate(item.tax.percent if item.tax else None, line.id)
    for allowance in line.allowances:
        check_allowance(allowance, line.id)


def _is_vouched_for(line: OrderLine) -> bool:
    """Whether a price of more than 6 decimals is borne out by the amount of its line."""
    price = line.price
    if price is None or fits(price.amount, MILLIONTH) or line.quantity is None or line.line_total is None:
        return False
    if in_millionths(price) is None:
        return False
    try:
        check_line_figures(line.quantity, line.unit, price, line.line_total, line.allowances, line.id)
    except BadDocument:
        return False
    return True


def check_order(order: Order) -> None:
    """What an order must hold beside its lines' own rules, apart from the agreement of its figures."""
    if not order.id:
        raise BadDocument(Wrong.NO_ORDER_NUMBER)
    check_currency(order.currency)
    references = (order.id, order.type_code, order.customer_reference)
    check_references((*references, order.quotation_id, order.originator_order_id))
    if not order.lines:
        raise BadDocument(Wrong.NO_LINE)
    check_line_ids([line.id for line in order.lines], "PEPPOL-T01-R001")
    check_amount(order.tax_amount, Term.TAX_AMOUNT)
    for allowance in order.allowances:
        check_allowance(allowance)
    if order.totals is not None:
        check_total_amounts(order.totals)


def check_figures(order: Order) -> None:
    """The stated figures agree, as far as the Peppol rules want it: sums to the cent, products to two."""
    for line in order.lines:
        for allowance in line.allowances:
            check_allowance_figures(allowance, line.id)
        check_line_figures(line.quantity, line.unit, line.price, line.line_total, line.allowances, line.id)
    for allowance in order.allowances:
        check_allowance_figures(allowance)
    if order.totals is not None:
        check_totals(order.totals, [line.line_total for line in order.lines], order.allowances, order.tax_amount)
