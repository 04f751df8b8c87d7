"""Writing the parts that orders and answers share, each with its elements in the order of the schema."""

from datetime import date, time
from enum import Enum

from intergestan_msg.money import AllowanceCharge, TaxCategory
from intergestan_msg.order import Address, Contact, Identifier, Item, Party, Period
from intergestan_msg.ubl.xml_out import amount, each, escape, flag, identifier, inside, number, optional, text


def address(value: Address) -> str:
    """The content of a `cac:Address`."""
    return (
        text("Postbox", value.postbox)
        + text("StreetName", value.line1)
        + text("AdditionalStreetName", value.line2)
        + text("BuildingNumber", value.building)
        + text("CityName", value.city)
        + text("PostalZone", value.postcode)
        + text("CountrySubentity", value.subdivision)
        + inside("AddressLine", text("Line", value.line3))
        + inside("Country", text("IdentificationCode", value.country))
    )


def _contact(value: Contact) -> str:
    return text("Name", value.name) + text("Telephone", value.telephone) + text("ElectronicMail", value.email)


def _identification(value: Identifier) -> str:
    return f"<cac:PartyIdentification>{identifier('ID', value)}</cac:PartyIdentification>"


class Named(Enum):
    """Which elements have a party's name, where it is registered by it: a reader takes either for both."""

    TWICE = 0
    ALONE = 1  # cac:PartyName
    AS_REGISTERED = 2  # cac:PartyLegalEntity


def party(tag: str, value: Party | None, named: Named = Named.TWICE) -> str:
    """A whole `cac:Party`, under this tag."""
    if value is None:
        return ""
    is_one = value.name == value.legal_name
    tax = text("CompanyID", value.vat_id)
    content = (
        identifier("EndpointID", value.endpoint)
        + each(_identification, value.identifiers)
        + ("" if is_one and named is Named.AS_REGISTERED else inside("PartyName", text("Name", value.name)))
        + inside("PostalAddress", optional(address, value.address))
        + (inside("PartyTaxScheme", tax + _scheme("VAT")) if tax else "")
        + inside(
            "PartyLegalEntity",
            ("" if is_one and named is Named.ALONE else text("RegistrationName", value.legal_name))
            + identifier("CompanyID", value.legal_id),
        )
        + inside("Contact", optional(_contact, value.contact))
    )
    return f"<cac:{tag}>{content}</cac:{tag}>"


def role(tag: str, value: Party | None, named: Named = Named.TWICE) -> str:
    """A party in its role, such as `cac:BuyerCustomerParty`."""
    return inside(tag, party("Party", value, named))


def issued(on: date, at: time | None) -> str:
    """When a document was issued."""
    return text("IssueDate", on.isoformat()) + text("IssueTime", optional(time.isoformat, at))


def period(tag: str, value: Period | None) -> str:
    """A span of days."""
    if value is None:
        return ""
    start = text("StartDate", optional(str, value.start))
    return inside(tag, start + text("EndDate", optional(str, value.end)))


def _scheme(scheme: str) -> str:
    return f"<cac:TaxScheme><cbc:ID>{escape(scheme)}</cbc:ID></cac:TaxScheme>"


def tax_category(tag: str, value: TaxCategory | None) -> str:
    """A tax category with its rate."""
    if value is None:
        return ""
    return inside(tag, text("ID", value.code) + number("Percent", value.percent) + _scheme(value.scheme))


def allowance(value: AllowanceCharge, currency: str) -> str:
    """An allowance or a charge."""
    return inside(
        "AllowanceCharge",
        flag("ChargeIndicator", value.is_charge)
        + text("AllowanceChargeReasonCode", value.reason_code)
        + text("AllowanceChargeReason", value.reason)
        + number("MultiplierFactorNumeric", value.percent)
        + amount("Amount", value.amount, currency)
        + amount("BaseAmount", value.base_amount, currency)
        + tax_category("TaxCategory", value.tax),
    )


def allowances(values: tuple[AllowanceCharge, ...], currency: str) -> str:
    """All allowances and charges of a document or a line."""
    return "".join(allowance(value, currency) for value in values) if values else ""


def _classification(value: Identifier) -> str:
    return inside("CommodityClassification", identifier("ItemClassificationCode", value, "listID"))


def _property(value: tuple[str, str]) -> str:
    name, content = value
    return (
        f"<cac:AdditionalItemProperty><cbc:Name>{escape(name)}</cbc:Name>"
        f"<cbc:Value>{escape(content)}</cbc:Value></cac:AdditionalItemProperty>"
    )


def item(value: Item) -> str:
    """A whole `cac:Item`."""
    content = (
        text("Description", value.description)
        + text("Name", value.name)
        + inside("BuyersItemIdentification", text("ID", value.buyers_id))
        + inside("SellersItemIdentification", text("ID", value.sellers_id))
        + inside("StandardItemIdentification", identifier("ID", value.standard_id))
        + each(_classification, value.classifications)
        + tax_category("ClassifiedTaxCategory", value.tax)
        + each(_property, value.properties)
    )
    return f"<cac:Item>{content}</cac:Item>"
