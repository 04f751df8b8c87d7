"""Reading a UBL Order of a file: all that it states, for a reader that compares and decides itself."""

from typing import Any

from lxml.etree import _Element as Element

from intergestan_msg.diagnosis import Term
from intergestan_msg.money import TaxCategory
from intergestan_msg.order import Item
from intergestan_msg.peppol import rules_of, transaction
from intergestan_msg.stated import Stated, Subtotal
from intergestan_msg.stated_order import StatedLine, StatedOrder
from intergestan_msg.ubl.names import ORDER, cac, cbc
from intergestan_msg.ubl.order_in import (
    DELIVERY,
    LINE,
    LINE_ITEM,
    ORDER_FIELDS,
    TOTALS,
    delivery_of,
    line_item,
    order_fields,
    order_line,
)
from intergestan_msg.ubl.parts_in import ITEM, item_of, tax_category, tuples
from intergestan_msg.ubl.xml_in import (
    LISTED,
    ONCE,
    Reading,
    Table,
    amount,
    bad,
    collect,
    customization,
    day,
    flag,
    number,
    parse,
    reference,
)


def read_stated_order(xml: bytes) -> StatedOrder:
    """Read a UBL 2.0 or 2.1 Order with all that it states.

    :raises BadDocument: as `read_order`, except for figures that contradict each other.
    """
    root = parse(xml, f"{{{ORDER}}}Order")
    reading = Reading("PEPPOL-T01-R003")
    with rules_of(transaction(customization(root), "T01")):
        values = collect(root, _ORDER, reading)
        tax = values.pop("tax_total", {})
        totals = values.pop("totals", {})
        values["stated"] = Stated(**totals, tax=tax.get("amount"), subtotals=tuple(tax.get("subtotals", ())))
        values["tax_amount"] = tax.get("amount")
        values["delivery"], values["latest_delivery"] = values.get("delivery", (None, None))
        fields = order_fields(root, values, reading)
        return StatedOrder(**fields, left_out=reading.left_out, repeated=reading.repeated)


def _totals(element: Element, reading: Reading) -> dict[str, Any]:
    return collect(element, TOTALS, reading)


_SUBTOTAL: Table = {
    cbc("TaxableAmount"): ("base", amount, ONCE),
    cbc("TaxAmount"): ("amount", amount, ONCE),
    cbc("Percent"): ("percent", number, ONCE),  # where UBL 2.0 has it
    cac("TaxCategory"): ("category", tax_category, ONCE),
}


def _subtotal(element: Element, reading: Reading) -> Subtotal:
    values = collect(element, _SUBTOTAL, reading)
    category, percent = values.get("category"), values.get("percent")
    if percent is not None and (category is None or category.percent is None):
        category = TaxCategory(category.code if category else "", percent)
    return Subtotal(category, values.get("base"), values.get("amount"))


_TAX_TOTAL: Table = {
    cbc("TaxAmount"): ("amount", amount, ONCE),
    cac("TaxSubtotal"): ("subtotals", _subtotal, LISTED),
}


def _tax_total(element: Element, reading: Reading) -> dict[str, Any]:
    return collect(element, _TAX_TOTAL, reading)


_DELIVERY: Table = {**DELIVERY, cbc("LatestDeliveryDate"): ("latest", day, ONCE)}


def _delivery(element: Element, reading: Reading) -> tuple[Any, Any]:
    values = collect(element, _DELIVERY, reading)
    latest = values.pop("latest", None)
    return delivery_of(values), latest


def _count(element: Element, reading: Reading) -> int | None:
    content = reference(element, reading)
    if content is None:
        return None
    return int(content) if content.isascii() and content.isdecimal() else bad(element, content, Term.LINE_COUNT)


_ITEM: Table = {**ITEM, cac("ClassifiedTaxCategory"): ("taxes", tax_category, LISTED)}


def _item(element: Element, reading: Reading) -> tuple[Item, tuple[TaxCategory, ...]]:
    values = collect(element, _ITEM, reading)
    taxes = tuple(values.pop("taxes", ()))
    return item_of({**values, "tax": taxes[0] if taxes else None}), taxes


_LINE_ITEM: Table = {
    **LINE_ITEM,
    cac("Item"): ("item", _item, ONCE),
}


def _line_item(element: Element, reading: Reading) -> dict[str, Any]:
    values = line_item(element, reading, _LINE_ITEM)
    values["item"], values["taxes"] = values["item"]
    return values


_LINE: Table = {**LINE, cac("LineItem"): ("line_item", _line_item, ONCE)}


def _line(element: Element, reading: Reading) -> StatedLine:
    return StatedLine(**tuples(order_line(element, reading, _LINE)))


_ORDER: Table = {
    **ORDER_FIELDS,
    cbc("CopyIndicator"): ("copy", flag, ONCE),
    cbc("LineCountNumeric"): ("line_count", _count, ONCE),
    cac("Delivery"): ("delivery", _delivery, ONCE),
    cac("TaxTotal"): ("tax_total", _tax_total, ONCE),
    cac("AnticipatedMonetaryTotal"): ("totals", _totals, ONCE),
    cac("OrderLine"): ("lines", _line, LISTED),
}
