"""Purchase orders from UBL documents, one in each file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from intergestan_db.problem import Fault, FileProblems
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import ZERO, AllowanceCharge
from intergestan_msg.order import Delivery, Item, Order, OrderLine, Party
from intergestan_msg.spelling import normalised
from intergestan_msg.ubl import read_order
from intergestan_msg.ubl.order_in import NO_CURRENCY


def read_ubl_orders(file: str, data: bytes) -> list[FileOrder]:
    """The one order of a UBL 2.0 or 2.1 document.

    :raises FileProblems: when it is none, or lacks what an order of ours must have.
    """
    try:
        order = normalised(read_order(data), {})
    except BadDocument as bad:
        fault = Fault(
            None,
            bad.rule,
            "This is no UBL order that can be taken: {error} Correct it where it was made.",
            error=bad,
        )
        raise FileProblems(file, [fault]) from bad
    faults = list(_faults(order))
    if faults:
        raise FileProblems(file, faults)
    return [_order(order)]


def _faults(order: Order) -> Iterable[Fault]:
    if not order.lines:
        yield Fault(None, "cac:OrderLine", "The order has no lines.")
    if not _names(order.seller):
        yield Fault(None, "cac:SellerSupplierParty", "The order names no supplier: write the SIRET or the name.")
    for line in order.lines:
        place = f"cac:OrderLine {line.id}"
        if line.quantity is None:
            yield Fault(None, place, "The line has no quantity.")
        if not _codes(line.item):
            yield Fault(None, place, "The line names no product: give the buyer's or the seller's code.")


def _order(order: Order) -> FileOrder:
    contact = order.buyer.contact
    wanted = order.delivery.wanted if order.delivery else None
    totals = order.totals
    return FileOrder(
        row=None,
        number=order.id,
        issue_date=order.issue_date,
        suppliers=tuple(_names(order.seller)),
        lines=tuple(map(_line, order.lines)),
        charges=tuple(map(_charge, order.allowances)),
        contact=tuple(text for text in (contact.email, contact.name) if text) if contact else (),
        note=order.note,
        currency=None if order.currency == NO_CURRENCY else order.currency,
        delivery=_delivery(order.delivery),
        wanted_date=(wanted.end or wanted.start) if wanted else None,
        total_ht=totals.tax_exclusive if totals else None,
        total_ttc=totals.tax_inclusive if totals else None,
    )


def _names(party: Party) -> list[str]:
    """What may name a party here, the most certain first."""
    identifiers = [party.legal_id, *party.identifiers, party.endpoint]
    numbers = [identifier.value for identifier in identifiers if identifier is not None]
    names = [*numbers, party.vat_id, party.legal_name, party.name]
    return list(dict.fromkeys(name for name in names if name))


def _codes(item: Item) -> tuple[str, ...]:
    return tuple(code for code in (item.buyers_id, item.sellers_id) if code)


def _line(line: OrderLine) -> FileLine:
    item = line.item
    price = line.price
    return FileLine(
        row=None,
        line_id=line.id,
        products=_codes(item),
        quantity=line.quantity or ZERO,
        name=item.name or None,
        unit=line.unit,
        price=price.amount if price else None,
        base_quantity=price.base_quantity if price else Decimal(1),
        allowance=sum((allowance.signed for allowance in line.allowances), ZERO),
        vat_category=item.tax.code or None if item.tax else None,
        vat_rate=item.tax.percent if item.tax else None,
        note=line.note,
        gtin=item.standard_id.value if item.standard_id else None,
        supplier_code=item.sellers_id,
    )


def _charge(charge: AllowanceCharge) -> FileCharge:
    return FileCharge(
        amount=charge.signed,
        reason=charge.reason,
        vat_category=charge.tax.code or None if charge.tax else None,
        vat_rate=charge.tax.percent if charge.tax else None,
    )


def _delivery(delivery: Delivery | None) -> dict[str, str | None]:
    if delivery is None:
        return {}
    name = {"delivery_name": delivery.party.name} if delivery.party and delivery.party.name else {}
    address = delivery.address
    if address is None:
        return dict(name)
    parts = ("line1", "line2", "postcode", "city", "country")
    return {**name, **{f"delivery_{part}": getattr(address, part) for part in parts}}
