"""Whether two documents say the same: the business hash ``bh1``."""

from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from typing import Any
from unicodedata import normalize

from msgspec.json import Encoder

from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.money import AllowanceCharge, TaxCategory, Totals, plain
from intergestan_msg.order import Address, Delivery, Identifier, Order, OrderLine, Party, Period

_ENCODER = Encoder(order="sorted")


def business_hash(order: Order) -> str:
    """``bh1:`` and the sha256, in hex, of what counts in an order.

    Hashed is UTF-8 JSON with sorted keys and without white space: texts in NFC and without white space at their
    ends, decimals as strings without exponent and trailing zeros, dates as in ISO 8601, null for what is not
    said. It holds number, type, issue date, currency, the ids of buyer and seller, delivery place and wanted
    dates, note, charges, totals, and the lines sorted by id. How the document was written plays no part.
    """
    return f"bh1:{sha256(_ENCODER.encode(_content(order))).hexdigest()}"


def change_hash(change: OrderChange) -> str:
    """The same of a change: what counts in its order, its sequence number, and per line id what becomes of it."""
    codes = sorted([_text(line.id), code] for code, line in change.lines())
    content = {**_content(change.order), "sequence": change.sequence, "codes": codes}
    return f"bh1:{sha256(_ENCODER.encode(content)).hexdigest()}"


def cancellation_hash(cancellation: OrderCancellation) -> str:
    """The same of a cancellation: the order's number, the reason, the ids of buyer and seller."""
    content = {
        "number": _text(cancellation.order_id),
        "cancelled": _text(cancellation.reason),
        "buyer": _party_ids(cancellation.buyer),
        "seller": _party_ids(cancellation.seller),
    }
    return f"bh1:{sha256(_ENCODER.encode(content)).hexdigest()}"


def _content(order: Order) -> dict[str, Any]:
    delivery = order.delivery or Delivery()
    return {
        "number": _text(order.id),
        "type": _text(order.type_code),
        "issued": order.issue_date,
        "currency": order.currency,
        "buyer": _party_ids(order.buyer),
        "seller": _party_ids(order.seller),
        "delivery": [_identifier(delivery.location_id), _address(delivery.address)],
        "wanted": _period(delivery.wanted),
        "note": _text(order.note),
        "charges": _allowances(order.allowances),
        "lines": sorted(map(_line, order.lines), key=_id_of),
        "tax": _number(order.tax_amount),
        "totals": _totals(order.totals),
    }


def _id_of(line: dict[str, Any]) -> Any:
    return line["id"]


def _line(line: OrderLine) -> dict[str, Any]:
    item, price = line.item, line.price
    return {
        "id": _text(line.id),
        "buyers_code": _text(item.buyers_id),
        "sellers_code": _text(item.sellers_id),
        "standard_code": _identifier(item.standard_id),
        "quantity": _number(line.quantity),
        "unit": _text(line.unit),
        "price": [_number(price.amount), _number(price.base_quantity)] if price else None,
        "vat": _tax(item.tax),
        "allowances": _allowances(line.allowances),
        "wanted": _period(line.wanted),
        "total": _number(line.line_total),
    }


def _text(value: str | None) -> str | None:
    # An ASCII text is in NFC. What is empty is not said: no document could carry the difference.
    if not value:
        return None
    return (value if value.isascii() else normalize("NFC", value)).strip() or None


def _number(value: Decimal | None) -> str | None:
    if value is None:
        return None
    return plain(value) if value else "0"


def _identifier(value: Identifier | None) -> list[str | None] | None:
    return [_text(value.scheme), _text(value.value)] if value else None


def _party_ids(party: Party) -> list[Any]:
    return [
        _identifier(party.endpoint),
        _in_order(map(_identifier, party.identifiers)),
        _identifier(party.legal_id),
        _text(party.vat_id),
    ]


def _address(value: Address | None) -> list[str | None] | None:
    if value is None:
        return None
    street = (value.postbox, value.line1, value.building, value.line2, value.line3)
    return [_text(each) for each in (*street, value.postcode, value.city, value.subdivision, value.country)]


def _period(value: Period | None) -> list[Any] | None:
    return [value.start, value.end] if value else None


def _tax(value: TaxCategory | None) -> list[str | None] | None:
    return [_text(value.scheme), _text(value.code), _number(value.percent)] if value else None


def _allowances(values: tuple[AllowanceCharge, ...]) -> list[Any]:
    return _in_order([each.is_charge, _number(each.amount), _text(each.reason), _tax(each.tax)] for each in values)


def _in_order(values: Iterable[Any]) -> list[Any]:
    """The same values in an order that does not depend on how the document had them."""
    return sorted(values, key=_ENCODER.encode)


def _totals(value: Totals | None) -> list[str | None] | None:
    if value is None:
        return None
    figures = (value.lines, value.allowances, value.charges, value.tax_exclusive, value.tax_inclusive)
    return [_number(each) for each in (*figures, value.prepaid, value.rounding, value.payable)]
