"""What a document says of the head of a sales order. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from intergestan_db.file_tables.widths import too_long
from intergestan_db.tables import SalesOrder
from intergestan_msg.order import Address, Delivery, Order, one_day


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
