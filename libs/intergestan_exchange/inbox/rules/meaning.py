"""What an order says and a sales order cannot be: it means something else, and is told by its name.

What has no place and changes nothing is named as well; it holds no order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.order import Order

LEFT_OUT: Final = "left_out"
"""The variant of a finding that names what was not taken."""
_TYPES: Final = {"221": "blanket", "227": "consignment"}
_DELIVERIES: Final = frozenset({"cac:Delivery", "cac:OrderLine/cac:LineItem/cac:Delivery"})
_NO_CONTENT: Final = frozenset(
    {
        *("cbc:UBLVersionID", "cbc:ProfileExecutionID", "cbc:UUID", "cbc:LineCountNumeric"),
        *("ext:UBLExtensions", "cac:Signature"),
    }
)
"""What says nothing of the order."""
_MOST_NAMED = 20


def check(order: Order, _facts: Facts) -> Iterator[Finding]:
    """Find what makes an order another thing, and what of it has no place."""
    variants = [
        *(["copy"] if "cbc:CopyIndicator" in order.left_out else []),
        *([_TYPES[order.type_code]] if order.type_code in _TYPES else []),
        *(["sub_lines"] if any(path.endswith("cac:SubLineItem") for path in order.left_out) else []),
        *(["deliveries"] if _DELIVERIES.intersection(order.left_out) else []),
        *(["prepaid"] if order.totals is not None and order.totals.prepaid else []),
    ]
    prepaid = f"{order.totals.prepaid:f}" if order.totals is not None and order.totals.prepaid else "0"
    for variant in variants:
        yield Finding(HoldReason.BAD_DOCUMENT, {"type": order.type_code, "amount": prepaid}, variant=variant)
    if left := left_out(order):
        more = ["…"] if len(left) > _MOST_NAMED else []
        yield Finding(HoldReason.BAD_DOCUMENT, {"what": ", ".join([*left[:_MOST_NAMED], *more])}, variant=LEFT_OUT)


def left_out(order: Order) -> list[str]:
    """The elements that have no place, and whose loss changes nothing of what is ordered."""
    return [
        path
        for path in order.left_out
        if path not in _NO_CONTENT | _DELIVERIES | {"cbc:CopyIndicator"} and not path.endswith("cac:SubLineItem")
    ]
