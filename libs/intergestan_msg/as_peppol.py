"""Documents as Peppol BIS 3 lets them be: without what its transactions have no place for, with what they need.

Whoever composes a document brings it into this form before it is hashed and written, so that what is signed is what a
reader finds. What cannot be made up is named by `lacking`; such a document is sent all the same, and sites of ours read
it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from intergestan_msg.answer import AnswerLine, OrderAnswer
from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.electronic_address import FRENCH_VAT, SIREN, SIRET, country_of
from intergestan_msg.money import AllowanceCharge, TaxCategory
from intergestan_msg.order import Address, Delivery, Item, Order, OrderLine, Party
from intergestan_msg.peppol import PEPPOL_ADVANCED_ORDERING, PEPPOL_ORDER_RESPONSE_ADVANCED

_UNNAMED_CHARGE, _UNNAMED_DISCOUNT = "Frais / charge", "Remise / discount"
UNNAMED: Final = frozenset({_UNNAMED_CHARGE, _UNNAMED_DISCOUNT})
"""How a charge and an allowance are called that have no name: Peppol wants one."""
_CHARGE, _DISCOUNT = "ZZZ", "95"
"""Reasons of a charge (UNCL 7161: mutually defined) and an allowance (UNCL 5189: discount) of a line."""
_FRENCH: Final = frozenset({SIRET, SIREN, FRENCH_VAT})


class Lack(StrEnum):
    """What a document needs and nobody can make up."""

    BUYER = "buyer"  # a number that identifies the party: SIRET or VAT number
    SELLER = "seller"
    BUYER_COUNTRY = "buyer_country"
    SELLER_COUNTRY = "seller_country"
    DELIVERY_COUNTRY = "delivery_country"


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both parties of a document, as they are in it."""

    buyer: Party
    seller: Party


def order_as_peppol(order: Order) -> Order:
    """An order (T01, T114)."""
    sides = _Sides(as_buyer(order.buyer), as_seller(order.seller))
    country = sides.buyer.address.country if sides.buyer.address else None
    shall_be = replace(
        order,
        buyer=sides.buyer,
        seller=sides.seller,
        originator=order.originator and _as_originator(order.originator),
        invoice_to=order.invoice_to and as_buyer(order.invoice_to),
        delivery=order.delivery and as_delivery(order.delivery, country),
        lines=tuple(map(as_line, order.lines)),
        allowances=tuple(map(as_charge, order.allowances)),
    )
    return order if shall_be == order else shall_be


def change_as_peppol(change: OrderChange) -> OrderChange:
    """A change (T114), which names the order by its number alone: its own day is the one that a reader finds."""
    return replace(change, order=replace(order_as_peppol(change.order), issue_date=change.issue_date))


def cancellation_as_peppol(cancellation: OrderCancellation) -> OrderCancellation:
    """A cancellation (T115)."""
    return replace(cancellation, buyer=as_buyer(cancellation.buyer), seller=as_seller(cancellation.seller))


def answer_as_peppol(answer: OrderAnswer) -> OrderAnswer:
    """An answer to an order (T76), or to a change or a cancellation of it (T116)."""
    named = replace(
        answer,
        buyer=_as_named(answer.buyer),
        seller=_as_named(answer.seller),
        lines=tuple(map(_as_answer_line, answer.lines)),
    )
    if answer.change_id is None:
        return named
    return replace(named, customization_id=PEPPOL_ORDER_RESPONSE_ADVANCED, profile_id=PEPPOL_ADVANCED_ORDERING)


def lacking(document: Order | OrderCancellation | OrderAnswer) -> tuple[Lack, ...]:
    """What such a document lacks for Peppol, once it is in its form."""
    found = [
        lack
        for lack, party in ((Lack.BUYER, document.buyer), (Lack.SELLER, document.seller))
        if party.endpoint is None or not party.endpoint.scheme
    ]
    if isinstance(document, OrderAnswer):
        return tuple(found)
    buyer, seller = document.buyer.address, document.seller.address
    if buyer is not None and not buyer.country:
        found.append(Lack.BUYER_COUNTRY)
    if seller is None or not seller.country:
        found.append(Lack.SELLER_COUNTRY)
    place = document.delivery.address if isinstance(document, Order) and document.delivery else None
    if place is not None and not place.country:
        found.append(Lack.DELIVERY_COUNTRY)
    return tuple(found)


def as_buyer(party: Party) -> Party:
    """The buyer, or whoever gets the invoice."""
    country = _country(party)
    address = party.address and _as_address(party.address, country)
    return replace(party, identifiers=party.identifiers[:1], address=address)


def as_seller(party: Party) -> Party:
    """The seller: Peppol has a VAT number of the buyer alone, and wants the seller's country."""
    country = _country(party)
    address = _as_address(party.address, country) if party.address else Address(country=country) if country else None
    return replace(party, identifiers=party.identifiers[:1], vat_id=None, address=address)


def _as_originator(party: Party) -> Party:
    return Party(party.name, identifiers=party.identifiers[:1], contact=party.contact)


def _as_named(party: Party) -> Party:
    """A party of an answer: its number and its registered name."""
    name = party.legal_name or party.name
    return Party(name, endpoint=party.endpoint, identifiers=party.identifiers)


def _country(party: Party) -> str | None:
    named = (party.legal_id, party.endpoint, *party.identifiers)
    if any(each is not None and each.scheme in _FRENCH for each in named):
        return "FR"
    return country_of(None, party.vat_id)


def _as_address(address: Address, country: str | None) -> Address:
    """An address in lines, with its country."""
    shall_be = replace(address, country=(address.country or country or "").upper() or None)
    if not (address.building or address.postbox):
        return shall_be
    first, *others = (*address.lines, "")
    second, *rest = (*others, "")
    third = "\n".join(filter(None, rest)) or None
    return replace(shall_be, line1=first or None, line2=second or None, line3=third, building=None, postbox=None)


def as_delivery(delivery: Delivery, country: str | None) -> Delivery:
    """Where the goods go; a place that names no country is in the buyer's.

    :param country: the buyer's.
    """
    party = delivery.party
    if party is not None:
        address = party.address and _as_address(party.address, country)
        party = Party(party.name, identifiers=party.identifiers[:1], address=address, contact=party.contact)
    place = delivery.address and _as_address(delivery.address, country)
    return replace(delivery, address=place, party=party if party is not None and party.name else None)


def as_line(line: OrderLine) -> OrderLine:
    """A line with the name of its thing, a tax category that its rate fits, and a reason for what is added to it."""
    item = line.item
    name = item.name or item.buyers_id or item.sellers_id or line.id
    tax = as_tax(item.tax)
    reasoned = tuple(map(_as_line_charge, line.allowances)) if line.allowances else ()
    if (name, tax, reasoned, line.tax_amount) == (item.name, item.tax, line.allowances, None):
        return line
    return replace(line, item=replace(item, name=name, tax=tax), allowances=reasoned, tax_amount=None)


def _as_line_charge(charge: AllowanceCharge) -> AllowanceCharge:
    code = charge.reason_code or (None if charge.reason else _CHARGE if charge.is_charge else _DISCOUNT)
    return charge if (code, charge.tax) == (charge.reason_code, None) else replace(charge, reason_code=code, tax=None)


def as_charge(charge: AllowanceCharge) -> AllowanceCharge:
    """A charge or an allowance of the document, which has a name."""
    named = charge.reason or (_UNNAMED_CHARGE if charge.is_charge else _UNNAMED_DISCOUNT)
    return replace(charge, reason=named, tax=as_tax(charge.tax))


def as_tax(tax: TaxCategory | None) -> TaxCategory | None:
    """A tax category that its rate fits: what is taxed at 0 % is zero rated (Z), not standard rated."""
    if tax is None or tax.percent is None or tax.code not in {"S", ""}:
        return tax
    code = "S" if tax.percent else "Z"
    return tax if tax.code == code else replace(tax, code=code)


def _as_answer_line(line: AnswerLine) -> AnswerLine:
    """A line with the name and the numbers of its thing. A VAT rate stays where no other thing takes its place."""
    item, other = line.item or Item(""), line.substitute
    named = Item(
        name=item.name or item.buyers_id or item.sellers_id or line.id,
        buyers_id=item.buyers_id,
        sellers_id=item.sellers_id,
        standard_id=item.standard_id,
        tax=as_tax(item.tax) if other is None else None,
    )
    substitute = other and replace(other, description=None, buyers_id=None, tax=as_tax(other.tax))
    return replace(line, item=named, substitute=substitute)
