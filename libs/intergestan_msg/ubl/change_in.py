"""Reading UBL OrderChange and OrderCancellation."""

from re import ASCII, fullmatch
from typing import Any

from lxml.etree import _Element as Element

from intergestan_msg.change import ChangeCode, OrderCancellation, OrderChange
from intergestan_msg.diagnosis import Term, Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Order, OrderLine
from intergestan_msg.peppol import rules_of, transaction
from intergestan_msg.ubl.names import ORDER_CANCELLATION, ORDER_CHANGE, cac, cbc
from intergestan_msg.ubl.order_in import LINE_ITEM, ORDER_FIELDS, line_item, order_fields, order_line
from intergestan_msg.ubl.parts_in import inside, principal
from intergestan_msg.ubl.response_in import one_of
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
    parse,
    reference,
    required,
    text,
)


def read_order_change(xml: bytes) -> OrderChange:
    """Read a UBL OrderChange, from any ERP.

    :raises BadDocument: naming the rule, the element and the line, when the bytes are no UBL OrderChange, or one
        that contradicts itself (see `OrderChange`).
    """
    root = parse(xml, f"{{{ORDER_CHANGE}}}OrderChange")
    reading = Reading("PEPPOL-T114-R003")
    with rules_of(transaction(customization(root), "T114")):
        values = collect(root, _CHANGE, reading)
        own = {name: required(values, name, root, child) for name, child in _OWN.items()}
        issue_time = values.pop("change_time", None)
        order = {name: value for name, value in values.items() if name not in _OWN} | own["reference"]
        order.setdefault("issue_date", own["change_date"])
        codes, order["lines"] = zip(*required(values, "lines", root, "cac:OrderLine"), strict=True)
        return OrderChange(
            id=own["change_id"],
            sequence=own["sequence"],
            issue_date=own["change_date"],
            order=Order(**order_fields(root, order, reading)),
            codes=codes,
            issue_time=issue_time,
            left_out=reading.left_out,
        )


def read_order_cancellation(xml: bytes) -> OrderCancellation:
    """Read a UBL OrderCancellation, from any ERP. One that cancels several orders is refused.

    :raises BadDocument: as `read_order_change`.
    """
    root = parse(xml, f"{{{ORDER_CANCELLATION}}}OrderCancellation")
    reading = Reading("PEPPOL-T115-R003")
    with rules_of(transaction(customization(root), "T115")):
        values = collect(root, _CANCELLATION, reading)
        for name, child in _NEEDED.items():
            required(values, name, root, child)
        if len(values["order_id"]) > 1:
            raise BadDocument(Wrong.SEVERAL_CANCELLED)
        values["order_id"] = values["order_id"][0]
        values.setdefault("customization_id", None)
        values.setdefault("profile_id", None)
        return OrderCancellation(**values, left_out=reading.left_out)


def _sequence(element: Element, reading: Reading) -> int | None:
    content = reference(element, reading)
    if content is None:
        return None
    return int(content) if fullmatch(r"\d{1,9}", content, ASCII) else bad(element, content, Term.SEQUENCE)


_REFERENCE: Table = {
    cbc("ID"): ("id", reference, ONCE),
    cbc("IssueDate"): ("issue_date", day, ONCE),
}


def _reference(element: Element, reading: Reading) -> dict[str, Any]:
    values = collect(element, _REFERENCE, reading)
    required(values, "id", element, "cbc:ID")
    return values


def _code(element: Element, reading: Reading) -> ChangeCode | None:
    return one_of(ChangeCode, element, reading)


_LINE_ITEM: Table = {**LINE_ITEM, cbc("LineStatusCode"): ("code", _code, ONCE)}


def _line_item(element: Element, reading: Reading) -> dict[str, Any]:
    values = line_item(element, reading, _LINE_ITEM)
    required(values, "code", element, "cbc:LineStatusCode")
    return values


_LINE: Table = {cbc("Note"): ("note", text, JOINED), cac("LineItem"): ("line_item", _line_item, ONCE)}


def _line(element: Element, reading: Reading) -> tuple[ChangeCode, OrderLine]:
    values = order_line(element, reading, _LINE)
    return values.pop("code"), OrderLine(**values)


_CHANGE: Table = {
    **ORDER_FIELDS,
    cbc("ID"): ("change_id", reference, ONCE),
    cbc("IssueDate"): ("change_date", day, ONCE),
    cbc("IssueTime"): ("change_time", clock, ONCE),
    cbc("SequenceNumberID"): ("sequence", _sequence, ONCE),
    cac("OrderReference"): ("reference", _reference, ONCE),
    cac("OrderLine"): ("lines", _line, LISTED),
}
_OWN = {
    "change_id": "cbc:ID",
    "change_date": "cbc:IssueDate",
    "sequence": "cbc:SequenceNumberID",
    "reference": "cac:OrderReference",
}

_CANCELLATION: Table = {
    cbc("CustomizationID"): ("customization_id", text, ONCE),
    cbc("ProfileID"): ("profile_id", text, ONCE),
    cbc("ID"): ("id", reference, ONCE),
    cbc("IssueDate"): ("issue_date", day, ONCE),
    cbc("IssueTime"): ("issue_time", clock, ONCE),
    cbc("Note"): ("note", text, JOINED),
    cbc("CancellationNote"): ("reason", text, JOINED),
    cac("OrderReference"): ("order_id", inside(cbc("ID"), reference), LISTED),
    cac("BuyerCustomerParty"): ("buyer", principal, ONCE),
    cac("SellerSupplierParty"): ("seller", principal, ONCE),
}
_NEEDED = {
    "id": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "reason": "cbc:CancellationNote",
    "order_id": "cac:OrderReference/cbc:ID",
    "buyer": "cac:BuyerCustomerParty",
    "seller": "cac:SellerSupplierParty",
}
