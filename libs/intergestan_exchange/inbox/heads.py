"""What a document says of the head of a sales order. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from intergestan_db.file_tables.widths import too_long
from intergestan_db.tables import SalesOrder
from intergestan_exchange.inbox.rules.meaning import left_out
from intergestan_msg.order import Address, Delivery, Order, one_day

_ORDINARY = frozenset({"220", "105"})


def head_values(order: Order) -> dict[str, Any]:
    """What a document says of the head of a sales order, and a change may say anew: note, place, wanted date.

    An address has two lines here; what of it finds no room stands under the note.
    """
    delivery = order.delivery or Delivery()
    name = delivery.party.name if delivery.party else None
    values = {"note": order.note, "wanted_date": one_day(delivery.wanted), **_place(name, delivery.place or Address())}
    if not any(too_long(SalesOrder, values)):
        return values
    stated = replace(delivery.address or Address(), line3=None, building=None, postbox=None)
    note = "\n".join(filter(None, (order.note, str(delivery.place or ""))))
    return {**values, **_place(name, stated), "note": note or None}


_CARRIED = (
    *("type_code", "customer_reference", "quotation_id", "accounting_cost", "originator_order_id"),
    *("incoterm", "delivery_terms", "payment_terms"),
)


def carried_by(order: Order) -> dict[str, Any] | None:
    """What a sales order keeps of a document beside its columns, for people; what was not taken is named in it."""
    said: dict[str, Any] = {name: value for name in _CARRIED if (value := getattr(order, name)) is not None}
    if said.get("type_code") in _ORDINARY:
        del said["type_code"]
    for name, party in (("invoice_to", order.invoice_to), ("originator", order.originator)):
        if party is not None and party.name:
            said[name] = party.name
    if order.valid_until is not None:
        said["valid_until"] = order.valid_until.isoformat()
    costs = {line.id: line.accounting_cost for line in order.lines if line.accounting_cost}
    if costs:
        said["accounting_costs"] = costs
    if order.references:
        said["references"] = [list(each) for each in order.references]
    if left := left_out(order):
        said["left_out"] = left
    return said or None


def _place(name: str | None, address: Address) -> dict[str, Any]:
    first, second = address.two_lines
    return {
        "delivery_name": name,
        "delivery_line1": first,
        "delivery_line2": second,
        "delivery_postcode": address.postcode,
        "delivery_city": address.city,
        "delivery_country": address.country,
    }
