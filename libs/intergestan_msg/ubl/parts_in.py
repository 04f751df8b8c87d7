"""Reading the parts that orders and answers share: parties, items, periods, allowances."""

from decimal import Decimal
from typing import Any

from lxml.etree import _Element as Element

from intergestan_msg.money import AllowanceCharge, TaxCategory
from intergestan_msg.order import Address, Contact, Identifier, Item, Party, Period
from intergestan_msg.ubl.names import cac, cbc
from intergestan_msg.ubl.xml_in import (
    JOINED,
    LISTED,
    ONCE,
    Reader,
    Reading,
    Repeat,
    Table,
    amount,
    collect,
    day,
    flag,
    identifier,
    number,
    reference,
    required,
    text,
)


def inside(tag: str, read: Reader, repeat: Repeat = ONCE) -> Reader:
    """Read the one child that an aggregate exists for, such as the ID of a reference to a document."""
    table: Table = {tag: ("value", read, repeat)}

    def read_inside(element: Element, reading: Reading) -> Any:
        if len(element) == 1 and (child := element[0]).tag == tag:  # nearly always: spare the walk
            return read(child, reading)
        return collect(element, table, reading).get("value")

    return read_inside


_TAX_SCHEME: Table = {
    cbc("ID"): ("id", reference, ONCE),
    cbc("TaxTypeCode"): ("type", reference, ONCE),
}


def _tax_scheme(element: Element, reading: Reading) -> str | None:
    """The kind of tax. UBL 2.0 documents may name it freely (UK VAT) and give the code apart."""
    found = collect(element, _TAX_SCHEME, reading)
    return found.get("type") or found.get("id")


_ADDRESS: Table = {
    cbc("StreetName"): ("line1", text, ONCE),
    cbc("AdditionalStreetName"): ("line2", text, ONCE),
    cbc("BuildingNumber"): ("building", text, ONCE),
    cbc("Postbox"): ("postbox", text, ONCE),
    cbc("CityName"): ("city", text, ONCE),
    cbc("PostalZone"): ("postcode", text, ONCE),
    cbc("CountrySubentity"): ("subdivision", text, ONCE),
    cac("AddressLine"): ("line3", inside(cbc("Line"), text), JOINED),
    cac("Country"): ("country", inside(cbc("IdentificationCode"), reference), ONCE),
}


def address(element: Element, reading: Reading) -> Address | None:
    """A postal address, unless it says nothing that we keep."""
    values = collect(element, _ADDRESS, reading)
    return Address(**values) if values else None


_CONTACT: Table = {
    cbc("Name"): ("name", text, ONCE),
    cbc("Telephone"): ("telephone", text, ONCE),
    cbc("ElectronicMail"): ("email", text, ONCE),
}


def _contact(element: Element, reading: Reading) -> Contact | None:
    values = collect(element, _CONTACT, reading)
    return Contact(**values) if values else None


_TAX_REGISTRATION: Table = {
    cbc("CompanyID"): ("id", reference, ONCE),
    cac("TaxScheme"): ("scheme", _tax_scheme, ONCE),
}


def _vat_id(element: Element, reading: Reading) -> str | None:
    """The VAT number; a registration for another tax is left out."""
    values = collect(element, _TAX_REGISTRATION, reading)
    if "VAT" in values.get("scheme", "VAT").upper():
        vat_id: str | None = values.get("id")
        return vat_id
    reading.leave_out(element)
    return None


_LEGAL_ENTITY: Table = {
    cbc("RegistrationName"): ("legal_name", text, ONCE),
    cbc("CompanyID"): ("legal_id", identifier, ONCE),
}


def _legal_entity(element: Element, reading: Reading) -> dict[str, Any]:
    return collect(element, _LEGAL_ENTITY, reading)


_PARTY: Table = {
    cbc("EndpointID"): ("endpoint", identifier, ONCE),
    cac("PartyIdentification"): ("identifiers", inside(cbc("ID"), identifier), LISTED),
    cac("PartyName"): ("name", inside(cbc("Name"), text), ONCE),
    cac("PostalAddress"): ("address", address, ONCE),
    cac("PartyTaxScheme"): ("vat_id", _vat_id, ONCE),
    cac("PartyLegalEntity"): ("legal", _legal_entity, ONCE),
    cac("Contact"): ("contact", _contact, ONCE),
}


def party(element: Element, reading: Reading) -> Party:
    """A `cac:Party`. One without a name goes by its registered name, else it has none."""
    values = collect(element, _PARTY, reading)
    values.update(values.pop("legal", {}))
    values.setdefault("name", values.get("legal_name", ""))
    return Party(**tuples(values, "identifiers"))


role = inside(cac("Party"), party)  # cac:OriginatorCustomerParty and the like


def principal(element: Element, reading: Reading) -> Party:
    """The buyer or the seller: the element must be there, but may say nothing of the party."""
    found: Party | None = role(element, reading)
    return found or Party(name="")


_PERIOD: Table = {
    cbc("StartDate"): ("start", day, ONCE),
    cbc("EndDate"): ("end", day, ONCE),
}


def period(element: Element, reading: Reading) -> Period | None:
    """A span of days, unless it names none."""
    values = collect(element, _PERIOD, reading)
    return Period(**values) if values else None


_TAX_CATEGORY: Table = {
    cbc("ID"): ("code", reference, ONCE),
    cbc("Percent"): ("percent", number, ONCE),
    cac("TaxScheme"): ("scheme", _tax_scheme, ONCE),
}


def tax_category(element: Element, reading: Reading) -> TaxCategory | None:
    """A tax category, unless it has neither code nor rate."""
    values = collect(element, _TAX_CATEGORY, reading)
    if "code" in values or "percent" in values:
        return TaxCategory(**{"code": "", **values})
    return None


_ALLOWANCE: Table = {
    cbc("ChargeIndicator"): ("is_charge", flag, ONCE),
    cbc("AllowanceChargeReasonCode"): ("reason_code", reference, ONCE),
    cbc("AllowanceChargeReason"): ("reason", text, JOINED),
    cbc("MultiplierFactorNumeric"): ("percent", number, ONCE),
    cbc("Amount"): ("amount", amount, ONCE),
    cbc("BaseAmount"): ("base_amount", amount, ONCE),
    cac("TaxCategory"): ("tax", tax_category, ONCE),
}


def allowance(element: Element, reading: Reading) -> AllowanceCharge:
    """An allowance or a charge."""
    values = collect(element, _ALLOWANCE, reading)
    required(values, "is_charge", element, "cbc:ChargeIndicator")
    required(values, "amount", element, "cbc:Amount")
    return AllowanceCharge(**values)


def _classification(element: Element, reading: Reading) -> Identifier | None:
    value = reference(element, reading)
    return Identifier(value, element.get("listID") or None) if value else None


_PROPERTY: Table = {
    cbc("Name"): ("name", text, ONCE),
    cbc("Value"): ("value", text, ONCE),
}


def _property(element: Element, reading: Reading) -> tuple[str, str]:
    values = collect(element, _PROPERTY, reading)
    return values.get("name", ""), values.get("value", "")


ITEM: Table = {
    cbc("Description"): ("description", text, JOINED),
    cbc("Name"): ("name", text, ONCE),
    cac("BuyersItemIdentification"): ("buyers_id", inside(cbc("ID"), reference), ONCE),
    cac("SellersItemIdentification"): ("sellers_id", inside(cbc("ID"), reference), ONCE),
    cac("StandardItemIdentification"): ("standard_id", inside(cbc("ID"), identifier), ONCE),
    cac("CommodityClassification"): (
        "classifications",
        inside(cbc("ItemClassificationCode"), _classification),
        LISTED,
    ),
    cac("ClassifiedTaxCategory"): ("tax", tax_category, ONCE),
    cac("AdditionalItemProperty"): ("properties", _property, LISTED),
}


def item(element: Element, reading: Reading) -> Item:
    """What is ordered; without a name it goes by its description, else it has none."""
    return item_of(collect(element, ITEM, reading))


def item_of(values: dict[str, Any]) -> Item:
    """The item that has these fields."""
    values.setdefault("name", values.get("description", ""))
    return Item(**tuples(values, "classifications", "properties"))


def quantity(element: Element, reading: Reading) -> tuple[Decimal, str | None] | None:
    """A quantity and its unit."""
    value = number(element, reading)
    return None if value is None else (value, element.get("unitCode") or None)


_PRICE: Table = {
    cbc("PriceAmount"): ("amount", amount, ONCE),
    cbc("BaseQuantity"): ("base", quantity, ONCE),
}


def price(element: Element, reading: Reading) -> dict[str, Any]:
    """The `amount`, `base_quantity` and `base_unit` of a price, as far as it states them."""
    values = collect(element, _PRICE, reading)
    required(values, "amount", element, "cbc:PriceAmount")
    if "base" in values:
        values["base_quantity"], values["base_unit"] = values.pop("base")
    return values


def tuples(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same fields, with these lists as the tuples that frozen values keep."""
    for name in names:
        if name in values:
            values[name] = tuple(values[name])
    return values
