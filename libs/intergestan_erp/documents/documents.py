"""Our rows as the documents that travel: purchase orders as `Order`, answers as `OrderAnswer`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.site_rows import OwnSite
from intergestan_db.tables import Address as AddressRow
from intergestan_db.tables import (
    Answer,
    Ledger,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    User,
)
from intergestan_db.tables import Party as PartyRow
from intergestan_msg.answer import ANSWER_LINES, AnswerCode, OrderAnswer
from intergestan_msg.as_peppol import answer_as_peppol, as_buyer, as_charge, as_delivery, as_line, as_seller
from intergestan_msg.electronic_address import SIRET, address_of
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, totals_of
from intergestan_msg.order import (
    GTIN,
    Address,
    Contact,
    Delivery,
    Identifier,
    Item,
    Order,
    OrderLine,
    Party,
    Period,
)
from intergestan_msg.spelling import respelled

USUAL_TYPE = "220"
"""The type of an order that names none (UNCL 1001)."""

_WANTED: BindParameter[Any] = bindparam("ids", expanding=True)
_HEADS = (
    select(
        *(PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.issue_date, PurchaseOrder.currency, PurchaseOrder.note),
        *(PurchaseOrder.spelled, PurchaseOrder.carried),
        *(PurchaseOrder.delivery_name, PurchaseOrder.delivery_line1, PurchaseOrder.delivery_line2),
        *(PurchaseOrder.delivery_postcode, PurchaseOrder.delivery_city, PurchaseOrder.delivery_country),
        *(PurchaseOrder.wanted_date, User.name.label("contact_name"), User.email.label("contact_email")),
    )
    .outerjoin(User, User.id == PurchaseOrder.followed_by_id)
    .where(PurchaseOrder.id.in_(_WANTED))
    .order_by(PurchaseOrder.number)
)
_LINES = (
    select(
        *(PurchaseOrderLine.purchase_order_id, PurchaseOrderLine.line_id, PurchaseOrderLine.name),
        *(PurchaseOrderLine.product_code, PurchaseOrderLine.supplier_code, PurchaseOrderLine.gtin),
        *(PurchaseOrderLine.quantity, PurchaseOrderLine.unit, PurchaseOrderLine.price),
        *(PurchaseOrderLine.base_quantity, PurchaseOrderLine.allowance, PurchaseOrderLine.total),
        *(PurchaseOrderLine.vat_category, PurchaseOrderLine.vat_rate, PurchaseOrderLine.note),
        PurchaseOrderLine.wanted_date,
    )
    .where(PurchaseOrderLine.purchase_order_id.in_(_WANTED))
    .order_by(PurchaseOrderLine.position)
)
_CHARGES = (
    select(PurchaseOrderCharge.__table__)
    .where(PurchaseOrderCharge.purchase_order_id.in_(_WANTED))
    .order_by(PurchaseOrderCharge.id)
)
_ORDER_OF_ANSWER = select(Ledger.id).where(
    Ledger.partner_id == Answer.partner_id,
    Ledger.type == "order",
    Ledger.number == Answer.order_number,
    Ledger.revision == Answer.revision,
)
_ANSWERS = (
    select(Answer.__table__, _ORDER_OF_ANSWER.correlate(Answer).exists().label("is_of_order"))
    .where(Answer.outbound_mail_id == bindparam("mail"))
    .order_by(Answer.order_number)
)
_ADDRESS = (
    select(AddressRow.__table__).where(AddressRow.party_id == bindparam("party")).order_by(AddressRow.id).limit(1)
)


def purchase_orders(
    connection: Connection, ids: Sequence[int], buyer: Party, seller: Party, *, as_sent: bool = False
) -> list[Order]:
    """The documents of these purchase orders, by number, read in three queries.

    :param as_sent: with the keys of orders that went out before as they were spelled then.
    """
    heads = connection.execute(_HEADS, {"ids": ids}).all()
    lines = _by_order(connection, _LINES, ids)
    charges = _by_order(connection, _CHARGES, ids)
    found = [order_document(head, lines.get(head.id, []), charges.get(head.id, []), buyer, seller) for head in heads]
    return [respelled(order, head.spelled) for order, head in zip(found, heads, strict=True)] if as_sent else found


def party_of(connection: Connection, party_id: int) -> Party:
    """A third party as a party of a document."""
    row = connection.execute(
        select(*(PartyRow.name, PartyRow.siret, PartyRow.vat_id, PartyRow.id.label("party_id"))).where(
            PartyRow.id == party_id
        )
    ).one()
    return partner_party(connection, row)


def answers(
    connection: Connection, outbound_mail_id: int, buyer: Party, seller: Party, currency: str, today: date
) -> list[tuple[int, OrderAnswer]]:
    """The answers that a mail carries, each with its n, by order number."""
    rows = connection.execute(_ANSWERS, {"mail": outbound_mail_id})
    return [(row.n, _answer(row, buyer, seller, currency, today)) for row in rows]


def site_party(site: OwnSite) -> Party:
    """This site as a party of a document."""
    return Party(
        name=site.name,
        legal_name=site.name,
        endpoint=_endpoint(site.siret, site.vat_id),
        legal_id=Identifier(site.siret, SIRET) if site.siret else None,
        vat_id=site.vat_id,
        address=Address(site.line1, site.line2, site.postcode, site.city, None, site.country),
    )


def partner_party(connection: Connection, partner: AnyRow) -> Party:
    """A partner as a party of a document, with the first address that its party has."""
    row = connection.execute(_ADDRESS, {"party": partner.party_id}).first()
    address = Address(row.line1, row.line2, row.postcode, row.city, None, row.country) if row else None
    return Party(
        name=partner.name,
        legal_name=partner.name,
        endpoint=_endpoint(partner.siret, partner.vat_id),
        legal_id=Identifier(partner.siret, SIRET) if partner.siret else None,
        vat_id=partner.vat_id,
        address=address,
    )


def change_id(number: str, revision: int) -> str:
    """The identifier of a change or a cancellation: the order's number and its place in the sequence."""
    return f"{number}/{revision}"


def _endpoint(siret: str | None, vat_id: str | None) -> Identifier | None:
    found = address_of(siret, vat_id)
    return Identifier(found[1], found[0]) if found is not None else None


def _by_order(connection: Connection, wanted: Executable, ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    grouped: dict[int, list[AnyRow]] = {}
    for row in connection.execute(wanted, {"ids": ids}):
        grouped.setdefault(row.purchase_order_id, []).append(row)
    return grouped


CARRIED = ("type_code", "customer_reference", "quotation_id", "accounting_cost")
"""The fields of an order that a purchase order keeps in its column `carried`."""


def carried_by(order: Order) -> dict[str, str] | None:
    """What a purchase order keeps of a document beside its columns."""
    said = {name: value for name in CARRIED if (value := getattr(order, name)) is not None}
    return {name: value for name, value in said.items() if (name, value) != ("type_code", USUAL_TYPE)} or None


def order_document(head: Any, lines: Iterable[Any], charges: Iterable[Any], buyer: Party, seller: Party) -> Order:
    """An order as Peppol lets it be, from the rows that have its columns; a head without `contact_name` names nobody to
    ask.
    """
    buyer, seller = as_buyer(buyer), as_seller(seller)
    order_lines = tuple(as_line(_line(line)) for line in lines)
    allowances = tuple(as_charge(_charge(charge)) for charge in charges)
    delivery = _delivery(head)
    sums = totals_of(((line.line_total or Decimal(0), line.item.tax) for line in order_lines), allowances)
    contact = Contact(head.contact_name, None, head.contact_email) if head.contact_name else None
    return Order(
        id=head.number,
        issue_date=head.issue_date,
        currency=head.currency,
        buyer=replace(buyer, contact=contact),
        seller=seller,
        lines=order_lines,
        note=head.note,
        delivery=as_delivery(delivery, buyer.address.country if buyer.address else None) if delivery else None,
        allowances=allowances,
        tax_amount=sums.tax_amount,
        totals=sums.totals,
        **(head.carried or {}),
    )


def _line(row: AnyRow) -> OrderLine:
    allowance = (AllowanceCharge(row.allowance > 0, abs(row.allowance)),) if row.allowance else ()
    return OrderLine(
        id=row.line_id,
        item=Item(
            name=row.name,
            buyers_id=row.product_code,
            sellers_id=row.supplier_code or row.product_code,
            standard_id=Identifier(row.gtin, GTIN) if row.gtin else None,
            tax=TaxCategory(row.vat_category, row.vat_rate),
        ),
        quantity=row.quantity,
        unit=row.unit,
        price=Price(row.price, row.base_quantity),
        line_total=row.total,
        allowances=allowance,
        note=row.note,
        wanted=Period(None, row.wanted_date) if row.wanted_date else None,
    )


def _charge(row: AnyRow) -> AllowanceCharge:
    tax = TaxCategory(row.vat_category, row.vat_rate) if row.vat_category else None
    return AllowanceCharge(row.amount > 0, abs(row.amount), row.reason, tax=tax)


def _delivery(head: AnyRow) -> Delivery | None:
    address = Address(
        head.delivery_line1,
        head.delivery_line2,
        head.delivery_postcode,
        head.delivery_city,
        None,
        head.delivery_country,
    )
    if address == Address() and head.wanted_date is None and head.delivery_name is None:
        return None
    return Delivery(
        address=None if address == Address() else address,
        party=Party(head.delivery_name) if head.delivery_name else None,
        wanted=Period(None, head.wanted_date) if head.wanted_date else None,
    )


def _answer(row: AnyRow, buyer: Party, seller: Party, currency: str, today: date) -> OrderAnswer:
    answer = OrderAnswer(
        id=f"{row.order_number}-{row.n}",
        issue_date=today,
        order_id=row.order_number,
        code=AnswerCode(row.code),
        buyer=buyer,
        seller=seller,
        currency=currency,
        sales_order_id=row.sales_order_number,
        note=row.note,
        lines=ANSWER_LINES.convert(row.lines or []),
        change_id=change_id(row.order_number, row.revision) if row.revision and not row.is_of_order else None,
    )
    return answer_as_peppol(answer)
