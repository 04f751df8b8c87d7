"""Writing a UBL Order."""

from intergestan_msg.flavour import Flavour
from intergestan_msg.money import Price, Totals
from intergestan_msg.order import Delivery, Order, OrderLine
from intergestan_msg.ubl.names import ORDER
from intergestan_msg.ubl.parts_out import Named, address, allowances, issued, item, party, period, role
from intergestan_msg.ubl.xml_out import amount, document, flag, identifier, inside, optional, quantity, text


def write_order(order: Order, flavour: Flavour = Flavour.PEPPOL) -> bytes:
    """The order as UBL 2.1: valid against the OASIS schemas, and the same bytes for the same order.

    What `order.left_out` names is not there any more.

    :param flavour: for whose software; both are read back equal.
    :raises BadDocument: when a text has a character that XML can't carry.
    """
    lines = "".join([order_line(line, order.currency) for line in order.lines])
    if flavour is Flavour.OCA:
        head = text("UBLVersionID", "2.1") + _header(order) + parties(order, latest=True)
    else:
        head = _header(order) + parties(order)
    return document("Order", ORDER, head + figures(order) + lines)


def _header(order: Order) -> str:
    return (
        text("CustomizationID", order.customization_id)
        + text("ProfileID", order.profile_id)
        + text("ID", order.id)
        + issued(order.issue_date, order.issue_time)
        + text("OrderTypeCode", order.type_code)
        + text("Note", order.note)
        + text("DocumentCurrencyCode", order.currency)
        + text("CustomerReference", order.customer_reference)
        + text("AccountingCost", order.accounting_cost)
        + inside("ValidityPeriod", text("EndDate", optional(str, order.valid_until)))
        + inside("QuotationDocumentReference", text("ID", order.quotation_id))
        + _references(order, "order", "OrderDocumentReference")
        + inside("OriginatorDocumentReference", text("ID", order.originator_order_id))
        + _references(order, "attachment", "AdditionalDocumentReference")
        + _references(order, "contract", "Contract")
    )


def _references(order: Order, kind: str, tag: str) -> str:
    """What the order refers to, of one kind."""
    return "".join(inside(tag, text("ID", value)) for name, value in order.references if name == kind)


def parties(order: Order, *, latest: bool = False) -> str:
    """Who orders from whom, and where it goes; with the latest day for it, where that is asked for."""
    return (
        role("BuyerCustomerParty", order.buyer)
        + role("SellerSupplierParty", order.seller)
        + role("OriginatorCustomerParty", order.originator, Named.ALONE)
        + role("AccountingCustomerParty", order.invoice_to)
        + inside("Delivery", (_latest(order) if latest else "") + optional(_delivery, order.delivery))
        + inside("DeliveryTerms", text("ID", order.incoterm) + text("SpecialTerms", order.delivery_terms))
        + inside("PaymentTerms", text("Note", order.payment_terms))
    )


def _latest(order: Order) -> str:
    """The last day of the period in which the goods are wanted."""
    wanted = order.delivery.wanted if order.delivery else None
    return text("LatestDeliveryDate", optional(str, wanted.end or wanted.start)) if wanted else ""


def _delivery(value: Delivery) -> str:
    place = identifier("ID", value.location_id) + inside("Address", optional(address, value.address))
    return (
        inside("DeliveryLocation", place)
        + period("RequestedDeliveryPeriod", value.wanted)
        + party("DeliveryParty", value.party, Named.ALONE)
    )


def figures(order: Order) -> str:
    """Charges, tax and totals."""
    currency = order.currency
    totals = _totals(order.totals, currency) if order.totals else ""
    return (
        allowances(order.allowances, currency)
        + inside("TaxTotal", amount("TaxAmount", order.tax_amount, currency))
        + totals
    )


def _totals(totals: Totals, currency: str) -> str:
    return inside(
        "AnticipatedMonetaryTotal",
        amount("LineExtensionAmount", totals.lines, currency)
        + amount("TaxExclusiveAmount", totals.tax_exclusive, currency)
        + amount("TaxInclusiveAmount", totals.tax_inclusive, currency)
        + amount("AllowanceTotalAmount", totals.allowances, currency)
        + amount("ChargeTotalAmount", totals.charges, currency)
        + amount("PrepaidAmount", totals.prepaid, currency)
        + amount("PayableRoundingAmount", totals.rounding, currency)
        + amount("PayableAmount", totals.payable, currency),
    )


def _price(price: Price, currency: str) -> str:
    content = amount("PriceAmount", price.amount, currency)
    if price.base_unit is not None or price.base_quantity != 1:
        content += quantity("BaseQuantity", price.base_quantity, price.base_unit)
    return inside("Price", content)


def order_line(line: OrderLine, currency: str, status: str | None = None) -> str:
    """A line; in a change with the code of what becomes of it."""
    return (
        "<cac:OrderLine>"
        + text("Note", line.note)
        + "<cac:LineItem>"
        + text("ID", line.id)
        + text("LineStatusCode", status)
        + quantity("Quantity", line.quantity, line.unit)
        + amount("LineExtensionAmount", line.line_total, currency)
        + amount("TotalTaxAmount", line.tax_amount, currency)
        + flag("PartialDeliveryIndicator", line.partial_delivery)
        + text("AccountingCost", line.accounting_cost)
        + inside("Delivery", period("RequestedDeliveryPeriod", line.wanted))
        + allowances(line.allowances, currency)
        + (_price(line.price, currency) if line.price else "")
        + item(line.item)
        + "</cac:LineItem></cac:OrderLine>"
    )
