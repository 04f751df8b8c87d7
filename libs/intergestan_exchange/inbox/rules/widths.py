"""What an order says must fit into our columns: the rest of it would be lost, or the base would refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from intergestan_db.enums import HoldReason
from intergestan_db.file_tables.widths import too_long
from intergestan_db.tables import SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.order import Order, OrderLine


def check(order: Order, _facts: Facts) -> Iterator[Finding]:
    """Find texts that are longer than what we keep of them."""
    for name, most in too_long(SalesOrder, _head(order)):
        yield _finding(name, most)
    for charge in order.allowances:
        values = {"reason": charge.reason, "vat_category": charge.tax.code if charge.tax else None}
        for name, most in too_long(SalesOrderCharge, values):
            yield _finding(name, most)
    for line in order.lines:
        for name, most in too_long(SalesOrderLine, _line(line)):
            yield _finding(name, most, line.id)


def _finding(name: str, most: int, line_id: str | None = None) -> Finding:
    values = {"field": name, "most": str(most)}
    return Finding(HoldReason.BAD_DOCUMENT, values, line_id, "too_long")


def _head(order: Order) -> Mapping[str, Any]:
    delivery = order.delivery
    address = delivery.address if delivery else None
    return {
        "customer_order_number": order.id,
        "delivery_name": delivery.party.name if delivery and delivery.party else None,
        "delivery_line1": address.line1 if address else None,
        "delivery_line2": address.line2 if address else None,
        "delivery_postcode": address.postcode if address else None,
        "delivery_city": address.city if address else None,
        "delivery_country": address.country if address else None,
    }


def _line(line: OrderLine) -> Mapping[str, Any]:
    return {
        "line_id": line.id,
        "product_code": line.item.sellers_id or line.item.buyers_id,
        "name": line.item.name,
        "unit": line.unit,
        "vat_category": line.item.tax.code if line.item.tax else None,
    }
