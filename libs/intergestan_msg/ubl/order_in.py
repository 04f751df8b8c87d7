"""Reading a UBL Order."""

from typing import Any

from lxml.etree import _Element as Element

from intergestan_msg.money import ZERO, Price, Totals
from intergestan_msg.order import Delivery, Order, OrderLine, Period, one_day
from intergestan_msg.peppol import rules_of, transaction
from intergestan_msg.ubl.names import ORDER, cac, cbc
from intergestan_msg.ubl.parts_in import (
    address,
    allowance,
    inside,
    item,
    period,
    price,
    principal,
    quantity,
    role,
    tuples,
)
from intergestan_msg.ubl.parts_in import party as read_party
from intergestan_msg.ubl.xml_in import (
    JOINED,
    LISTED,
    ONCE,
    Reading,
    Table,
    amount,
    clock,
    collect,
    customization,
    day,
    document_currency,
    flag,
    identifier,
    parse,
    reference,
    required,
    text,
)

NO_CURRENCY = "XXX"  # ISO 4217's own code for it


def read_order(xml: bytes) -> Order:
    """Read a UBL 2.0 or 2.1 Order, from any ERP.

    An order that names no currency has that of its amounts, else XXX (none).

    :raises BadDocument: naming the rule, the element and the order line, when the bytes are no UBL Order, or
        one that contradicts itself (see `Order`).
    """
    root = parse(xml, f"{{{ORDER}}}Order")
    reading = Reading("PEPPOL-T01-R003")
    with rules_of(transaction(customization(root), "T01")):
        values = collect(root, ORDER_FIELDS, reading)
        return Order(**order_fields(root, values, reading), left_out=reading.left_out)


def order_fields(root: Element, values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The fields of an `Order`, from what the elements of an Order or an OrderChange hold."""
    values["currency"] = reading.currency or NO_CURRENCY
    values.update(values.pop("terms", {}))
    values.setdefault("customization_id", None)
    values.setdefault("profile_id", None)
    for name, child in _REQUIRED.items():
        required(values, name, root, child)
    values["references"] = tuple((name, found) for name in _REFERENCES for found in values.pop(name, ()) if found)
    tuples(values, "lines", "allowances")
    _settle_totals(root, values, reading)
    return values


_REQUIRED = {
    "id": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "buyer": "cac:BuyerCustomerParty",
    "seller": "cac:SellerSupplierParty",
    "lines": "cac:OrderLine",
}

TOTALS: Table = {
    cbc("LineExtensionAmount"): ("lines", amount, ONCE),
    cbc("TaxExclusiveAmount"): ("tax_exclusive", amount, ONCE),
    cbc("TaxInclusiveAmount"): ("tax_inclusive", amount, ONCE),
    cbc("AllowanceTotalAmount"): ("allowances", amount, ONCE),
    cbc("ChargeTotalAmount"): ("charges", amount, ONCE),
    cbc("PrepaidAmount"): ("prepaid", amount, ONCE),
    cbc("PayableRoundingAmount"): ("rounding", amount, ONCE),
    cbc("PayableAmount"): ("payable", amount, ONCE),
}


def _totals(element: Element, reading: Reading) -> dict[str, Any]:
    values = collect(element, TOTALS, reading)
    required(values, "payable", element, "cbc:PayableAmount")
    return values


def _settle_totals(root: Element, values: dict[str, Any], reading: Reading) -> None:
    """Make the totals a value. A sum of the lines that is not stated is what the lines state (R008)."""
    totals = values.pop("totals", None)
    if totals is None:
        return
    if "lines" not in totals:
        stated = [line.line_total for line in values["lines"]]
        if None in stated:
            for element in root.iterchildren(cac("AnticipatedMonetaryTotal")):
                reading.leave_out(element)
            return
        totals["lines"] = sum(stated, ZERO)
    values["totals"] = Totals(**totals)


_DELIVERY_LOCATION: Table = {
    cbc("ID"): ("location_id", identifier, ONCE),
    cac("Address"): ("address", address, ONCE),
}


def _delivery_location(element: Element, reading: Reading) -> dict[str, Any]:
    return collect(element, _DELIVERY_LOCATION, reading)


DELIVERY: Table = {
    cac("DeliveryAddress"): ("address", address, ONCE),  # where UBL 2.0 has it
    cac("DeliveryLocation"): ("location", _delivery_location, ONCE),
    cac("RequestedDeliveryPeriod"): ("wanted", period, ONCE),
    cac("DeliveryParty"): ("party", read_party, ONCE),
}


LATEST = cbc("LatestDeliveryDate")


_DATED_DELIVERY: Table = {**DELIVERY, LATEST: ("latest", day, ONCE)}


def _delivery(element: Element, reading: Reading) -> Delivery | None:
    return delivery_of(_with_latest(element, collect(element, _DATED_DELIVERY, reading), reading))


def _with_latest(element: Element, values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The last day on which goods may come is when they are wanted, where the document says no other day."""
    latest = values.pop("latest", None)
    if latest is None:
        return values
    if "wanted" not in values:
        return {**values, "wanted": Period(None, latest)}
    if one_day(values["wanted"]) != latest:
        for child in element.iterchildren(LATEST):
            reading.leave_out(child)
    return values


_LINE_DELIVERY: Table = {cac("RequestedDeliveryPeriod"): ("wanted", period, ONCE), LATEST: ("latest", day, ONCE)}


def _line_wanted(element: Element, reading: Reading) -> Period | None:
    """When a line is wanted."""
    wanted: Period | None = _with_latest(element, collect(element, _LINE_DELIVERY, reading), reading).get("wanted")
    return wanted


def _copy(element: Element, reading: Reading) -> None:
    """A copy of an order is none: there is no field for it, so that it is named."""
    if flag(element, reading):
        reading.leave_out(element)


def delivery_of(values: dict[str, Any]) -> Delivery | None:
    """The delivery that has these fields, unless it has none."""
    values = {**values.pop("location", {}), **values}
    return Delivery(**values) if values else None


_DELIVERY_TERMS: Table = {
    cbc("ID"): ("incoterm", reference, ONCE),
    cbc("SpecialTerms"): ("delivery_terms", text, JOINED),
}


def _delivery_terms(element: Element, reading: Reading) -> dict[str, Any]:
    return collect(element, _DELIVERY_TERMS, reading)


LINE_ITEM: Table = {
    cbc("ID"): ("id", reference, ONCE),
    cbc("Note"): ("note", text, JOINED),
    cbc("Quantity"): ("quantity", quantity, ONCE),
    cbc("LineExtensionAmount"): ("line_total", amount, ONCE),
    cbc("TotalTaxAmount"): ("tax_amount", amount, ONCE),
    cbc("PartialDeliveryIndicator"): ("partial_delivery", flag, ONCE),
    cbc("AccountingCost"): ("accounting_cost", text, ONCE),
    cac("Delivery"): ("wanted", _line_wanted, ONCE),
    cac("AllowanceCharge"): ("allowances", allowance, LISTED),
    cac("Price"): ("price", price, ONCE),
    cac("Item"): ("item", item, ONCE),
    cac("TaxTotal"): ("tax_amount", inside(cbc("TaxAmount"), amount), ONCE),
}


def _line_item(element: Element, reading: Reading) -> dict[str, Any]:
    return line_item(element, reading, LINE_ITEM)


def line_item(element: Element, reading: Reading, table: Table) -> dict[str, Any]:
    """The fields of a line that a `cac:LineItem` fills."""
    values = collect(element, table, reading)
    required(values, "id", element, "cbc:ID")
    required(values, "item", element, "cac:Item")
    values["quantity"], values["unit"] = values.get("quantity", (None, None))
    if "price" in values:
        values["price"] = Price(**values["price"])
    return tuples(values, "allowances")


LINE: Table = {
    cbc("Note"): ("note", text, JOINED),
    cac("LineItem"): ("line_item", _line_item, ONCE),
}


def _line(element: Element, reading: Reading) -> OrderLine:
    return OrderLine(**order_line(element, reading, LINE))


def order_line(element: Element, reading: Reading, table: Table) -> dict[str, Any]:
    """The fields of a line that a `cac:OrderLine` fills."""
    values = collect(element, table, reading)
    found: dict[str, Any] = required(values, "line_item", element, "cac:LineItem")
    notes = [note for note in (values.get("note"), found.pop("note", None)) if note]
    return {**found, "note": "\n".join(notes) or None}


document_id = inside(cbc("ID"), reference)


def _file(element: Element, _reading: Reading) -> str | None:
    """The name of an attached file; the file itself is not read."""
    names = (each.get("filename") for each in element.iter(cbc("EmbeddedDocumentBinaryObject")))
    return next((name for name in names if name), None)


_ATTACHED: Table = {cbc("ID"): ("id", reference, ONCE), cac("Attachment"): ("file", _file, ONCE)}


def _attached(element: Element, reading: Reading) -> str | None:
    values = collect(element, _ATTACHED, reading)
    return values.get("file") or values.get("id")


_REFERENCES = ("order", "contract", "attachment")

ORDER_FIELDS: Table = {
    cbc("CustomizationID"): ("customization_id", text, ONCE),
    cbc("ProfileID"): ("profile_id", text, ONCE),
    cbc("ID"): ("id", reference, ONCE),
    cbc("IssueDate"): ("issue_date", day, ONCE),
    cbc("IssueTime"): ("issue_time", clock, ONCE),
    cbc("OrderTypeCode"): ("type_code", reference, ONCE),
    cbc("Note"): ("note", text, JOINED),
    cbc("DocumentCurrencyCode"): ("currency", document_currency, ONCE),
    cbc("CustomerReference"): ("customer_reference", reference, ONCE),
    cbc("AccountingCost"): ("accounting_cost", text, ONCE),
    cac("ValidityPeriod"): ("valid_until", inside(cbc("EndDate"), day), ONCE),
    cac("QuotationDocumentReference"): ("quotation_id", document_id, ONCE),
    cac("OriginatorDocumentReference"): ("originator_order_id", document_id, ONCE),
    cac("OrderDocumentReference"): ("order", document_id, LISTED),
    cac("Contract"): ("contract", document_id, LISTED),
    cac("AdditionalDocumentReference"): ("attachment", _attached, LISTED),
    cbc("CopyIndicator"): ("copy", _copy, ONCE),
    cac("BuyerCustomerParty"): ("buyer", principal, ONCE),
    cac("SellerSupplierParty"): ("seller", principal, ONCE),
    cac("OriginatorCustomerParty"): ("originator", role, ONCE),
    cac("AccountingCustomerParty"): ("invoice_to", role, ONCE),
    cac("Delivery"): ("delivery", _delivery, ONCE),
    cac("DeliveryTerms"): ("terms", _delivery_terms, ONCE),
    cac("PaymentTerms"): ("payment_terms", inside(cbc("Note"), text, JOINED), JOINED),
    cac("AllowanceCharge"): ("allowances", allowance, LISTED),
    cac("TaxTotal"): ("tax_amount", inside(cbc("TaxAmount"), amount), ONCE),
    cac("AnticipatedMonetaryTotal"): ("totals", _totals, ONCE),
    cac("OrderLine"): ("lines", _line, LISTED),
}
