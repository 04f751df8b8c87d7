"""Purchase orders from UBL documents, one in each file.

What a document says is kept, or refused by its name, or named among the notes: nothing is left out without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from intergestan_db.problem import Fault, FileProblems, Remark
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.inputs.identifiers import check_gtin, check_identifier
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder
from intergestan_erp.order_files.order_buyer import buyer_of
from intergestan_erp.order_files.order_types import carried, kept, taken_type
from intergestan_msg.as_oca import OCA_GTIN
from intergestan_msg.as_peppol import UNNAMED
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import CENT, ROUNDED, ZERO, AllowanceCharge, TaxCategory
from intergestan_msg.order import GTIN, Address, Identifier, Item, Party, Period, one_day
from intergestan_msg.spelling import normalised
from intergestan_msg.stated_order import StatedLine, StatedOrder
from intergestan_msg.ubl.order_in import NO_CURRENCY
from intergestan_msg.ubl.stated_order_in import read_stated_order

_VAT_NAMES = ("VAT", "TVA", "MWST", "IVA", "BTW")
"""How neighbours call the tax on added value."""
_GTIN_SCHEMES = {GTIN, OCA_GTIN}

_MAY_REPEAT = {
    "cac:ValidityPeriod",
    "cac:QuotationDocumentReference",
    *(
        f"cac:{role}/cac:Party/cac:{part}"
        for role in ("BuyerCustomerParty", "SellerSupplierParty", "OriginatorCustomerParty", "AccountingCustomerParty")
        for part in ("PartyName", "PartyTaxScheme", "PartyLegalEntity")
    ),
    *(f"cac:Delivery/cac:DeliveryParty/cac:{part}" for part in ("PartyName", "PartyTaxScheme", "PartyLegalEntity")),
}
"""What UBL lets a document say several times, and means nothing for what is ordered: the first counts."""
_NO_CONTENT = {"cbc:UBLVersionID", "cbc:ProfileExecutionID", "cbc:UUID", "ext:UBLExtensions", "cac:Signature"}
"""What says nothing of the order."""
_SUB_LINE = "cac:SubLineItem"
_DELIVERIES = {"cac:Delivery", "cac:OrderLine/cac:LineItem/cac:Delivery"}
_LONGEST = 80


def read_ubl_orders(file: str, data: bytes) -> list[FileOrder]:
    """The one order of a UBL 2.0 or 2.1 document.

    :raises FileProblems: when it is none, or says what an order of ours cannot be.
    """
    try:
        order = normalised(read_stated_order(data), {})
    except BadDocument as bad:
        fault = Fault(
            None,
            bad.rule,
            "This is no UBL order that can be taken: {error} Correct it where it was made.",
            error=bad,
        )
        raise FileProblems(file, [fault]) from bad
    document = _Document(order)
    found = document.read()
    if document.faults:
        raise FileProblems(file, document.faults)
    return [found]


@dataclass(slots=True)
class _Findings:
    """What is wrong with a document, what is not taken of it, and what is kept beside the order."""

    faults: list[Fault]
    not_taken: dict[str, None]
    kept_only: dict[str, None]

    def fault(self, place: str | None, template: str, /, **values: Any) -> None:
        self.faults.append(Fault(None, place, template, **values))

    def drop(self, what: str, *values: object) -> None:
        """Name what is not taken."""
        self.not_taken[_named(what, *values)] = None


class _Document:
    """One document on its way to an order."""

    def __init__(self, order: StatedOrder) -> None:
        self._order = order
        self._found = _Findings([], {}, {})
        self._notes: list[Remark] = []
        self._kept: dict[str, Any] = {}
        self._carried: dict[str, str] = {}
        self._type: str | None = None

    @property
    def faults(self) -> list[Fault]:
        return self._found.faults

    def read(self) -> FileOrder:
        """The order; it stands only where there are no faults."""
        order = self._order
        self._look_at_kind()
        self._look_at_repeated()
        self._name_what_is_dropped()
        if not _names(order.seller):
            self._fault("cac:SellerSupplierParty", "The order names no supplier: write the SIRET or the name.")
        lines = tuple(self._line(line) for line in order.lines)
        charges = tuple(self._charge(charge) for charge in order.allowances)
        wanted = one_day(self._wanted())
        delivery = self._delivery()
        currency = self._currency()
        self._keep_references()
        contact = order.buyer.contact
        return FileOrder(
            row=None,
            number=order.id,
            issue_date=order.issue_date,
            suppliers=tuple(_names(order.seller)),
            lines=lines,
            charges=charges,
            contact=tuple(text for text in (contact.email, contact.name) if text) if contact else (),
            note=order.note,
            currency=currency,
            delivery=delivery,
            wanted_date=wanted,
            stated=order.stated,
            buyer=buyer_of(order.buyer),
            carried=self._carried,
            kept=self._kept,
            notes=(*self._notes, *self._last_notes()),
        )

    def _fault(self, place: str | None, template: str, /, **values: Any) -> None:
        self._found.fault(place, template, **values)

    def _remark(self, place: str | None, template: str, /, **values: Any) -> None:
        self._notes.append(Remark(None, place, template, **values))

    def _last_notes(self) -> Iterator[Remark]:
        if self._found.kept_only:
            what = ", ".join(self._found.kept_only)
            yield Remark(None, None, "kept with the order here, and not sent to the supplier: {what}.", what=what)
        if self._found.not_taken:
            what = ", ".join(self._found.not_taken)
            yield Remark(None, None, "not taken, because an order here has no place for it: {what}.", what=what)

    # -- the document as a whole -----------------------------------------------------------------------------

    def _look_at_kind(self) -> None:
        order, place = self._order, "cbc:OrderTypeCode"
        if order.copy:
            self._fault(
                "cbc:CopyIndicator",
                "This is a copy of the order {number}, and a copy is no second order: import the order itself, "
                "without the mark of a copy.",
                number=order.id,
            )
        self._type = taken_type(order.type_code, partial(self._fault, place), partial(self._remark, place))

    def _look_at_repeated(self) -> None:
        order = self._order
        for path in order.repeated:
            if path in _DELIVERIES:
                self._fault(
                    path,
                    "The document has several deliveries, an order here has one: make an order for each of them.",
                )
            elif path not in _MAY_REPEAT:
                self._fault(path, "{element} stands more than once, and one was expected: leave one.", element=path)
        for path in order.left_out:
            if path.endswith(_SUB_LINE):
                self._fault(
                    path,
                    "The line has sub-lines, which an order here has not: make an ordinary line of each thing that "
                    "is ordered.",
                )
        if order.line_count is not None and order.line_count != len(order.lines):
            self._fault(
                "cbc:LineCountNumeric",
                "The document says that it has {stated} lines, there are {count}: perhaps it was not written to its "
                "end.",
                stated=order.line_count,
                count=len(order.lines),
            )

    def _name_what_is_dropped(self) -> None:
        order, drop = self._order, self._found.drop
        for path in order.left_out:
            if path not in _NO_CONTENT and not path.endswith(_SUB_LINE):
                drop(path)
        if order.valid_until is not None:
            drop("cac:ValidityPeriod", order.valid_until)
        if order.originator_order_id is not None:
            drop("cac:OriginatorDocumentReference", order.originator_order_id)
        for role, party in (
            ("OriginatorCustomerParty", order.originator),
            ("AccountingCustomerParty", order.invoice_to),
        ):
            if party is not None:
                drop(f"cac:{role}", *_names(party)[-1:])
        if order.delivery_terms is not None or order.incoterm is not None:
            drop("cac:DeliveryTerms", order.incoterm, order.delivery_terms)
        if order.payment_terms is not None:
            drop("cac:PaymentTerms", order.payment_terms)
        if order.stated.rounding:
            drop("cbc:PayableRoundingAmount", order.stated.rounding)

    def _keep_references(self) -> None:
        order = self._order
        self._carried = carried(self._type, lambda name: getattr(order, name))
        for name, value in self._carried.items():
            try:
                check_identifier(value)
            except Unreadable as bad:
                self._found.faults.append(Fault.at(None, _CARRIED_ELEMENTS[name], bad))
        self._kept |= kept(self._carried)
        references = self._kept.pop("references", {})
        for name, value in order.references:
            references[name] = f"{references[name]}, {value}" if name in references else value
            self._found.kept_only[_named(_REFERENCE_ELEMENTS[name], value)] = None
        if references:
            self._kept["references"] = references

    def _currency(self) -> str | None:
        order = self._order
        if order.currency == NO_CURRENCY:
            self._remark("cbc:DocumentCurrencyCode", "the document names no currency: ours is taken.")
            return None
        code = currency_code(order.currency)
        if code is None:
            self._fault(
                "cbc:DocumentCurrencyCode",
                "«{code}» is no ISO 4217 currency: write its code, such as EUR.",
                code=order.currency,
            )
        return code

    # -- delivery ------------------------------------------------------------------------------------------------

    def _wanted(self) -> Period | None:
        """When it is wanted, as the order says; lines have days of their own."""
        order = self._order
        wanted = order.delivery.wanted if order.delivery else None
        latest = Period(None, order.latest_delivery) if order.latest_delivery else None
        if wanted is not None and latest is not None and latest.end != wanted.end:
            self._found.drop("cac:Delivery/cbc:LatestDeliveryDate", latest.end)
        return wanted or latest

    def _delivery(self) -> dict[str, str | None]:
        delivery = self._order.delivery
        if delivery is None:
            return {}
        party = delivery.party
        values: dict[str, str | None] = {"delivery_name": party.name} if party and party.name else {}
        place = "cac:Delivery/cac:DeliveryLocation"
        address = delivery.address
        if party is not None:
            self._drop_from_party(party, address)
            if address is None and party.address is not None:
                address, place = party.address, "cac:Delivery/cac:DeliveryParty/cac:PostalAddress"
        if delivery.location_id is not None:
            self._found.drop("cac:Delivery/cac:DeliveryLocation/cbc:ID", delivery.location_id.value)
        return values | (self._address(address, place) if address is not None else {})

    def _drop_from_party(self, party: Party, address: Address | None) -> None:
        where = "cac:Delivery/cac:DeliveryParty"
        if party.contact is not None:
            contact = party.contact
            self._found.drop(f"{where}/cac:Contact", contact.name, contact.telephone, contact.email)
        if address is not None and party.address not in {None, address}:
            self._found.drop(f"{where}/cac:PostalAddress", *(party.address or Address()).lines)
        for each in (party.endpoint, *party.identifiers, party.legal_id):
            if each is not None:
                self._found.drop(where, each.value)

    def _address(self, address: Address, place: str) -> dict[str, str | None]:
        country = country_code(address.country) if address.country else None
        if address.country and country is None:
            self._fault(
                place,
                "«{country}» is no country: write its ISO 3166 code, such as FR.",
                country=shown(address.country),
            )
        if address.subdivision:
            self._found.drop(f"{place}/cbc:CountrySubentity", address.subdivision)
        first, second = address.two_lines
        return {
            "delivery_line1": first,
            "delivery_line2": second,
            "delivery_postcode": address.postcode,
            "delivery_city": address.city,
            "delivery_country": country,
        }

    # -- lines and charges ---------------------------------------------------------------------------------------

    def _line(self, line: StatedLine) -> FileLine:
        place = f"cac:OrderLine {line.id}"
        item: Item = line.item
        price = line.price
        gtin = self._gtin(item.standard_id, place)
        if line.quantity is None:
            self._fault(place, "The line has no quantity.")
        if not _codes(item) and gtin is None and not item.name:
            self._fault(place, "The line names no product: give it the buyer's or the seller's code, or its GTIN.")
        tax = self._tax(line.taxes, place)
        self._check_allowances(line.allowances, place)
        if line.partial_delivery is False:
            self._found.drop(f"{place}/cbc:PartialDeliveryIndicator", "false")
        for each in item.classifications:
            self._found.drop("cac:Item/cac:CommodityClassification", each.value)
        if line.accounting_cost:
            self._kept.setdefault("accounting_costs", {})[line.id] = line.accounting_cost
            self._found.kept_only[_named(f"{place}/cbc:AccountingCost", line.accounting_cost)] = None
        return FileLine(
            row=None,
            line_id=line.id,
            products=_codes(item),
            quantity=line.quantity or ZERO,
            name=item.name or None,
            unit=self._unit(line.unit, place),
            price=price.amount if price else None,
            base_quantity=price.base_quantity if price else Decimal(1),
            base_unit=self._unit(price.base_unit if price else None, place),
            allowance=sum((allowance.signed for allowance in line.allowances), ZERO),
            vat_category=tax.code or None if tax else None,
            vat_rate=tax.percent if tax else None,
            note=line.described,
            gtin=gtin,
            supplier_code=item.sellers_id,
            amount=line.line_total,
            tax=line.tax_amount,
            wanted_date=one_day(line.wanted),
        )

    def _unit(self, unit: str | None, place: str) -> str | None:
        if unit is None:
            return None
        code = unit_code(unit)
        if code is None:
            self._fault(
                place,
                "«{unit}» is no unit: write a code of UN/ECE Recommendation 20, such as C62 (piece) or KGM (kg).",
                unit=shown(unit),
            )
        return code

    def _gtin(self, standard: Identifier | None, place: str) -> str | None:
        """The GTIN; a number of another list is named, and not stored as one."""
        if standard is None:
            return None
        if standard.scheme not in _GTIN_SCHEMES:
            self._remark(
                place,
                "{value} is of the list {scheme}, no GTIN (0160): not taken.",
                value=shown(standard.value),
                scheme=standard.scheme or "?",
            )
            return None
        try:
            check_gtin(standard.value)
        except Unreadable as wrong:
            self._found.faults.append(Fault.at(None, place, wrong))
        return standard.value

    def _tax(self, taxes: tuple[TaxCategory, ...], place: str) -> TaxCategory | None:
        """The VAT of a line; taxes of other schemes are named."""
        vat: list[TaxCategory] = []
        for tax in taxes:
            if any(name in tax.scheme.upper() for name in _VAT_NAMES):
                vat.append(tax)
            else:
                self._remark(
                    place,
                    "not taken: {code} {rate} % of the tax {scheme}, which is no VAT.",
                    code=tax.code,
                    rate=tax.percent if tax.percent is not None else "?",
                    scheme=shown(tax.scheme),
                )
        if len(set(vat)) > 1:
            self._fault(place, "The line has two VAT rates: leave the one that counts.")
        return vat[0] if vat else None

    def _charge(self, charge: AllowanceCharge) -> FileCharge:
        place = f"cac:AllowanceCharge {charge.reason or ''}".rstrip()
        self._check_allowances((charge,), place)
        tax = self._tax((charge.tax,), place) if charge.tax else None
        return FileCharge(
            amount=charge.signed,
            reason=None if charge.reason in UNNAMED else charge.reason,
            vat_category=tax.code or None if tax else None,
            vat_rate=tax.percent if tax else None,
        )

    def _check_allowances(self, allowances: Iterable[AllowanceCharge], place: str) -> None:
        """An allowance that states percent and base is that much; the percent may be a factor (0.1 is 10 %)."""
        for each in allowances:
            if each.percent is None or each.base_amount is None:
                continue
            due = each.base_amount * each.percent / 100
            if min(abs(each.amount - due), abs(each.amount - due * 100)) > ROUNDED:
                self._fault(
                    place,
                    "The allowance or charge is stated as {stated}, {percent} % of {base} are {ours}: correct one of "
                    "them.",
                    stated=each.amount,
                    percent=each.percent,
                    base=each.base_amount,
                    ours=due.quantize(CENT),
                )


_CARRIED_ELEMENTS = {
    "type_code": "cbc:OrderTypeCode",
    "customer_reference": "cbc:CustomerReference",
    "accounting_cost": "cbc:AccountingCost",
    "quotation_id": "cac:QuotationDocumentReference",
}
_REFERENCE_ELEMENTS = {
    "order": "cac:OrderDocumentReference",
    "contract": "cac:Contract",
    "attachment": "cac:AdditionalDocumentReference",
}


def _names(party: Party) -> list[str]:
    """What may name a party here, the most certain first."""
    identifiers = [party.legal_id, *party.identifiers, party.endpoint]
    numbers = [identifier.value for identifier in identifiers if identifier is not None]
    names = [*numbers, party.vat_id, party.legal_name, party.name]
    return list(dict.fromkeys(name for name in names if name))


def _codes(item: Item) -> tuple[str, ...]:
    return tuple(code for code in (item.buyers_id, item.sellers_id) if code)


def _named(what: str, *values: object) -> str:
    """An element and what it says, as a sentence has it."""
    text = " / ".join(" ".join(str(value).split()) for value in values if value is not None)
    if not text:
        return what
    return f"{what} «{text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}»"
