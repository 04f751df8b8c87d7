"""Reading a UBL OrderResponse, or an OrderResponseSimple."""

from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from lxml.etree import _Element as Element

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer, with_tax_apart
from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import ONE
from intergestan_msg.order import Item
from intergestan_msg.peppol import rules_of, transaction
from intergestan_msg.ubl.names import ORDER_RESPONSE, ORDER_RESPONSE_SIMPLE, cac, cbc
from intergestan_msg.ubl.order_in import NO_CURRENCY
from intergestan_msg.ubl.parts_in import inside, item, period, price, principal, quantity
from intergestan_msg.ubl.xml_in import (
    JOINED,
    LISTED,
    ONCE,
    Reading,
    Table,
    bad,
    clock,
    collect,
    customization,
    day,
    document_currency,
    flag,
    parse,
    reference,
    required,
    text,
)

Code = TypeVar("Code", bound=StrEnum)


def read_order_response(xml: bytes) -> OrderAnswer:
    """Read a UBL OrderResponse (AB, AP, CA, RE with line codes) or OrderResponseSimple (yes or no), from any ERP.

    :raises BadDocument: naming the rule, the element and the line, when the bytes are neither, or contradict
        themselves (see `OrderAnswer`).
    """
    root = parse(xml, _WHOLE, _SIMPLE)
    if (customization(root) or "").startswith(_AGREEMENT):
        raise BadDocument(Wrong.ORDER_AGREEMENT)
    reading = Reading("PEPPOL-T76-R005")
    with rules_of(transaction(customization(root), "T76")):
        values = _said(root, reading)
        for name, child in _REQUIRED.items():
            required(values, name, root, child)
        values["currency"] = reading.currency or NO_CURRENCY
        values.setdefault("customization_id", None)
        values.setdefault("profile_id", None)
        values["lines"] = tuple(values.get("lines", ()))
        return OrderAnswer(**values, left_out=reading.left_out)


def _said(root: Element, reading: Reading) -> dict[str, Any]:
    """What the document says; a simple one says whether the order is accepted, and why not."""
    if root.tag == _WHOLE:
        return collect(root, _RESPONSE, reading)
    values = collect(root, _SIMPLE_RESPONSE, reading)
    required(values, "accepted", root, "cbc:AcceptedIndicator")
    notes = (values.pop("note", None), values.pop("why", None))
    values["code"] = AnswerCode.ACCEPTED if values.pop("accepted") else AnswerCode.REJECTED
    return {**values, "note": "\n".join(filter(None, notes)) or None}


_AGREEMENT = "urn:fdc:peppol.eu:poacc:trns:order_agreement"
"""What a seller says was agreed without an order (T110): it has the root of an answer, and answers nothing."""
_WHOLE = f"{{{ORDER_RESPONSE}}}OrderResponse"
_SIMPLE = f"{{{ORDER_RESPONSE_SIMPLE}}}OrderResponseSimple"

_REQUIRED = {
    "id": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "code": "cbc:OrderResponseCode",
    "order_id": "cac:OrderReference/cbc:ID",
    "seller": "cac:SellerSupplierParty",
    "buyer": "cac:BuyerCustomerParty",
}


def one_of(codes: type[Code], element: Element, reading: Reading) -> Code | None:
    """A code of a closed list."""
    content = reference(element, reading)
    if content is None:
        return None
    try:
        return codes(content)
    except ValueError:
        bad(element, content, f"one of {', '.join(codes)}")


def _answer_code(element: Element, reading: Reading) -> AnswerCode | None:
    return one_of(AnswerCode, element, reading)


def _line_code(element: Element, reading: Reading) -> LineCode | None:
    return one_of(LineCode, element, reading)


def _item(element: Element, reading: Reading) -> Item | None:
    """The item, unless it is the empty one that the schema wants where there is none."""
    found = item(element, reading)
    return found if found != Item(name="") else None


_promised = inside(cac("PromisedDeliveryPeriod"), period)

_LINE_ITEM: Table = {
    cbc("ID"): ("id", reference, ONCE),
    cbc("Note"): ("note", text, JOINED),
    cbc("LineStatusCode"): ("code", _line_code, ONCE),
    cbc("Quantity"): ("quantity", quantity, ONCE),
    cbc("MaximumBackorderQuantity"): ("backorder", quantity, ONCE),
    cac("Delivery"): ("promised", _promised, ONCE),
    cac("Price"): ("price", price, ONCE),
    cac("Item"): ("item", _item, ONCE),
}


def _line_item(element: Element, reading: Reading) -> dict[str, Any]:
    values = collect(element, _LINE_ITEM, reading)
    required(values, "id", element, "cbc:ID")
    required(values, "code", element, "cbc:LineStatusCode")
    values["quantity"], values["unit"] = values.get("quantity", (None, None))
    values["backorder"], backorder_unit = values.get("backorder", (None, None))
    values["unit"] = values["unit"] or backorder_unit
    found = values.pop("price", None)
    if found:
        values["price"] = found["amount"]
        values["base_quantity"] = found.get("base_quantity", ONE)
    return values


_SUBSTITUTE: Table = {
    cbc("ID"): ("id", reference, ONCE),  # the schema wants one; it numbers the substitute and names nothing
    cac("Item"): ("item", _item, ONCE),
}


def _substitute(element: Element, reading: Reading) -> Item | None:
    found: Item | None = collect(element, _SUBSTITUTE, reading).get("item")
    return found


_LINE: Table = {
    cbc("Note"): ("note", text, JOINED),
    cac("LineItem"): ("line_item", _line_item, ONCE),
    cac("SellerSubstitutedLineItem"): ("substitute", _substitute, ONCE),
    cac("OrderLineReference"): ("buyers_line", inside(cbc("LineID"), reference), ONCE),
}


def _line(element: Element, reading: Reading) -> AnswerLine:
    values = collect(element, _LINE, reading)
    found = required(values, "line_item", element, "cac:LineItem")
    number, buyers = found["id"], values.get("buyers_line")
    found |= {"id": buyers, "number": number} if buyers and buyers != number else {}
    notes = [note for note in (values.get("note"), found.pop("note", None)) if note]
    item, substitute = _with_its_tax(found.pop("item", None), values.get("substitute"))
    return AnswerLine(**found, item=item, note="\n".join(notes) or None, substitute=substitute)


def _with_its_tax(thing: Item | None, substitute: Item | None) -> tuple[Item | None, Item | None]:
    """The thing of a line and what takes its place; the same thing with a tax says what its tax is."""
    if thing is None or substitute is None or substitute.tax is None or thing.tax is not None:
        return thing, substitute
    own = replace(thing, tax=substitute.tax)
    return (own, None) if with_tax_apart(own)[1] == substitute else (thing, substitute)


_HEAD: Table = {
    cbc("CustomizationID"): ("customization_id", text, ONCE),
    cbc("ProfileID"): ("profile_id", text, ONCE),
    cbc("ID"): ("id", reference, ONCE),
    cbc("IssueDate"): ("issue_date", day, ONCE),
    cbc("IssueTime"): ("issue_time", clock, ONCE),
    cbc("Note"): ("note", text, JOINED),
    cac("OrderReference"): ("order_id", inside(cbc("ID"), reference), ONCE),
    cac("SellerSupplierParty"): ("seller", principal, ONCE),
    cac("BuyerCustomerParty"): ("buyer", principal, ONCE),
}
_RESPONSE: Table = {
    **_HEAD,
    cbc("SalesOrderID"): ("sales_order_id", reference, ONCE),
    cbc("OrderResponseCode"): ("code", _answer_code, ONCE),
    cbc("DocumentCurrencyCode"): ("currency", document_currency, ONCE),
    # where releases before named the change that they answered
    cac("OrderDocumentReference"): ("change_id", inside(cbc("ID"), reference), ONCE),
    cac("OrderChangeDocumentReference"): ("change_id", inside(cbc("ID"), reference), ONCE),
    cac("Delivery"): ("promised", _promised, ONCE),
    cac("OrderLine"): ("lines", _line, LISTED),
}
_SIMPLE_RESPONSE: Table = {
    **_HEAD,
    cbc("AcceptedIndicator"): ("accepted", flag, ONCE),
    cbc("RejectionNote"): ("why", text, JOINED),
}
