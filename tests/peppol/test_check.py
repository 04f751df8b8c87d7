"""The check itself: a sound document of each kind breaks nothing, and each rule finds the document that breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.msg.documents import assert_valid
from tests.peppol import stated_rules
from tests.peppol.check import check, fatal, transaction_of
from tests.peppol.finding import CAC, CBC, found
from tests.peppol.model_rules import Element, Value, broken, codes, model

TRANSACTIONS = ("T01", "T76", "T114", "T115", "T116")
DOCUMENTS = Path(__file__).parent / "documents"


def sound(transaction: str) -> str:
    """A document that keeps all rules."""
    return (DOCUMENTS / f"{transaction}.xml").read_text()


def rules(xml: str) -> set[str]:
    """The ids of what a document breaks."""
    return {each.rule for each in check(xml.encode())}


@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_a_sound_document_breaks_nothing(transaction: str) -> None:
    xml = sound(transaction)
    root = etree.fromstring(xml.encode())
    assert transaction_of(root) == transaction
    assert check(xml.encode()) == []
    for each in found(root, "cac:OrderChangeDocumentReference"):  # which is younger than UBL 2.1
        root.remove(each)
    assert_valid(etree.tostring(root), etree.QName(root).localname)


SELLER = r'<cbc:EndpointID schemeID="{}">{}</cbc:EndpointID>'
GLN = SELLER.format("0088", "7300010000001")
VAT_20 = "<cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent>"
GROSS = '<cbc:BaseAmount currencyID="EUR">12.50</cbc:BaseAmount>'
LESS = '<cbc:Amount currencyID="EUR">2.50</cbc:Amount>'
PACKING = '<cbc:Amount currencyID="EUR">6.00</cbc:Amount>'
SUM = '<cbc:LineExtensionAmount currencyID="EUR">40.00</cbc:LineExtensionAmount>'
STAUBER = '<cac:PartyIdentification><cbc:ID schemeID="0009">80295478500028</cbc:ID></cac:PartyIdentification>'
ORDERS, ANSWERS, ALL = ("T01", "T114"), ("T76", "T116"), TRANSACTIONS

BROKEN: list[tuple[tuple[str, ...], str, str, set[str]]] = [
    # The transactions, what stands in the sound document, what in place of it, the rules that this breaks.
    (ALL, "<cbc:ID>CFR1</cbc:ID>", "<cbc:ID> </cbc:ID>", {"COMMON-R001"}),
    (ALL, ' xmlns="', ' xmlns:x="urn:x" x:schemaLocation="urn:a b.xsd" xmlns="', {"COMMON-R003"}),
    (ALL, "<cbc:IssueDate>2027-01-0.", "<cbc:IssueDate>2027-02-30", {"COMMON-R030"}),
    (ALL, "<cbc:IssueDate>2027-01-0.", "<cbc:IssueDate>20270106", {"COMMON-R030"}),
    (ALL, GLN, SELLER.format("0088", "7300010000002"), {"COMMON-R040"}),
    (ALL, GLN, SELLER.format("0088", "73000 10000001"), {"COMMON-R040"}),
    (ALL, GLN, SELLER.format("0192", "923609017"), {"COMMON-R041"}),
    (ALL, GLN, SELLER.format("0208", "0202239952"), {"COMMON-R043"}),
    (ALL, GLN, SELLER.format("0007", "2021005488"), {"COMMON-R049"}),
    (ALL, GLN, SELLER.format("0151", "51824753557"), {"COMMON-R050"}),
    (ORDERS, "<cbc:ID>2</cbc:ID>", "<cbc:ID>1</cbc:ID>", {"R001"}),
    (ORDERS, "<cac:ValidityPeriod>.*</cac:ValidityPeriod>", "", {"R002"}),
    (ORDERS, SUM, SUM.replace("EUR", "USD"), {"R003"}),
    (ORDERS, '"KGM">0.5<', '"KGM">-0.5<', {"R004", "R024"}),
    (ORDERS, 'PriceAmount currencyID="EUR">8.00', 'PriceAmount currencyID="EUR">-8.00', {"R005", "R024"}),
    (ORDERS, "57.60</cbc:PayableAmount>", "-57.60</cbc:PayableAmount>", {"R006", "R016"}),
    (ORDERS, SUM, SUM.replace("40", "-40"), {"R007", "R008", "R011"}),
    (ORDERS, SUM, SUM.replace("40.00", "40.01"), {"R008", "R011"}),
    (ORDERS, 'AllowanceTotalAmount currencyID="EUR">2.', 'AllowanceTotalAmount currencyID="EUR">3.', {"R009", "R011"}),
    (ORDERS, 'ChargeTotalAmount currencyID="EUR">10.', 'ChargeTotalAmount currencyID="EUR">11.', {"R010", "R011"}),
    (
        ORDERS,
        'TaxExclusiveAmount currencyID="EUR">48.00',
        'TaxExclusiveAmount currencyID="EUR">48.05',
        {"R011", "R017"},
    ),
    (ORDERS, '<cbc:Quantity unitCode="KGM">0.5</cbc:Quantity>', "", {"R004", "R013", "R024", "quantity"}),
    (ORDERS, "<cac:PartyName>.*</cac:PartyName>", "<cac:Contact><cbc:Name>X</cbc:Name></cac:Contact>", {"R014"}),
    (ORDERS, "57.60</cbc:PayableAmount>", "57.50</cbc:PayableAmount>", {"R016"}),
    (ORDERS, 'TaxAmount currencyID="EUR">9.60', 'TaxAmount currencyID="EUR">9.61', {"R017"}),
    (ORDERS, GROSS, GROSS.replace("12.50", "12.60"), {"R019"}),
    (ORDERS, '<cbc:BaseAmount currencyID="EUR">40.00</cbc:BaseAmount>', "", {"R020"}),
    (ORDERS, "<cbc:MultiplierFactorNumeric>5</cbc:MultiplierFactorNumeric>", "", {"R021"}),
    (ORDERS, "Numeric>5</cbc", "Numeric>6</cbc", {"R022"}),
    (ORDERS, "<cbc:AllowanceChargeReason>Emballage</cbc:AllowanceChargeReason>", "", {"R023"}),
    (ORDERS, '"KGM">0.5<', '"KGM">0.503<', {"R024"}),
    (ORDERS, "<cbc:BaseQuantity>100<", "<cbc:BaseQuantity>-100<", {"R025", "R024"}),
    (ORDERS, "FR44732829320", "44732829320", {"R026"}),
    (ORDERS, GROSS, GROSS.replace("12.50", "-12.50"), {"R027", "R019"}),
    (ORDERS, "9.60</cbc:TaxAmount>", "9.600</cbc:TaxAmount>", {"R028"}),
    (ORDERS, VAT_20, "<cbc:ID>S</cbc:ID>", {"R029", "R030"}),
    (ORDERS, VAT_20, "<cbc:ID>E</cbc:ID>", {"R029"}),
    (ORDERS, VAT_20, "<cbc:ID>S</cbc:ID><cbc:Percent>0.00</cbc:Percent>", {"R030"}),
    (("T01",), "bis:ordering:3", "bis:order_agreement:3", {"R031"}),
    (("T114", "T115"), "bis:advanced_ordering:3", "bis:ordering:3", {"R031", "profile"}),
    (ORDERS, PACKING, PACKING.replace("6", "-6"), {"R032", "R024"}),
    (ORDERS, LESS, LESS.replace("2", "-2"), {"R033", "R019"}),
    (("T01", "T114", "T115"), "poacc:trns:", "poacc:trms:", {"R034", "specification"}),
    (ORDERS, "ReasonCode>95<", "ReasonCode>FC<", {"CL001"}),
    (ORDERS, "ReasonCode>FC<", "ReasonCode>95<", {"CL002"}),
    (ANSWERS, "<cac:PartyLegalEntity>.*Essai.*</cac:PartyLegalEntity>", "", {"R001"}),
    (ANSWERS, f"{STAUBER}\n *<cac:PartyLegalEntity>.*</cac:PartyLegalEntity>", "", {"R002"}),
    (ANSWERS, "<cbc:ID>2</cbc:ID>", "<cbc:ID>1</cbc:ID>", {"R003"}),
    (ANSWERS, "<cbc:EndDate>2027-01-12", "<cbc:EndDate>2027-01-10", {"R004"}),
    (ANSWERS, 'PriceAmount currencyID="EUR"', 'PriceAmount currencyID="USD"', {"R005"}),
    (("T76",), "poacc:trns:", "poacc:trms:", {"R006"}),
    (ANSWERS, "(?s)<cac:OrderLine>.*</cac:OrderLine>", "", {"R007"}),
    (ANSWERS, ">CA<", ">AP<", {"R008"}),
    (ANSWERS, ">CA<", ">RE<", {"R009"}),
    (ANSWERS, ">CA<", ">AB<", {"R010"}),
]
MODEL = {
    # What the data model asks for besides, by its names above.
    ("T01", "quantity"): "B23902",
    ("T114", "quantity"): "B23103",
    ("T114", "profile"): "B00301",
    ("T115", "profile"): "B00301",
    ("T114", "specification"): "B00201",
    ("T115", "specification"): "B00201",
}


@pytest.mark.parametrize(
    ("transaction", "old", "new", "expected"),
    [(transaction, *rest) for transactions, *rest in BROKEN for transaction in transactions],
)
def test_a_broken_rule_is_found(transaction: str, old: str, new: str, expected: set[str]) -> None:
    xml, count = re.subn(old, new, sound(transaction), count=1)
    assert count, old
    names = {MODEL.get((transaction, each), "" if each.islower() else each) for each in expected} - {""}
    assert rules(xml) == {
        f"PEPPOL-{each}" if each.startswith("COMMON") else f"PEPPOL-{transaction}-{each}" for each in names
    }


def test_each_rule_of_people_is_broken_by_a_document_above() -> None:
    tried = {(transaction, each.removeprefix("COMMON-")) for row in BROKEN for transaction in row[0] for each in row[3]}
    wanted = {
        (transaction, each.id)
        for each in stated_rules.RULES
        for transaction in (each.transactions or ALL)
        if (transaction, each.id) != ("T116", "R006")  # by which the transaction is known
    }
    assert wanted - tried == set()
    answer = sound("T76").encode()
    assert "PEPPOL-T116-R006" in {each.rule for each in check(answer, "T116")}


def test_severities() -> None:
    """R008 of a change is a warning: its deleted lines count in Peppol's sum, not in ours. Warnings refuse nothing."""
    edited = {each: sound(each).replace(SUM, SUM.replace("40.00", "40.01")) for each in ORDERS}
    severities = {each.rule: each.severity for xml in edited.values() for each in check(xml.encode())}
    assert (severities["PEPPOL-T01-R008"], severities["PEPPOL-T114-R008"]) == ("fatal", "warning")
    assert fatal(re.sub("<cac:ValidityPeriod>.*</cac:ValidityPeriod>", "", sound("T01")).encode()) == []
    says = fatal(sound("T01").replace("57.60</cbc:PayableAmount>", "57.50</cbc:PayableAmount>").encode())
    why = "PayableAmount is TaxInclusiveAmount less what is prepaid, with the rounding"
    assert says == [f"PEPPOL-T01-R016 (fatal) at Order/AnticipatedMonetaryTotal: {why}"]


# The rules of the data models. A document with everything that a model has is made from the outline, and damaged.


def whole(transaction: str) -> etree._Element:
    """A document with every element and attribute of the model, once."""
    return _whole(model(transaction))


def _whole(known: Element) -> etree._Element:
    element = etree.Element((CAC if known.inner else CBC) + known.name)
    for each in known.inner:
        element.append(_whole(each))
    if not known.inner:
        element.text = _sample(known.value)
    for attribute in known.attributes:
        element.set(attribute.name, _sample(attribute.value))
    return element


def _sample(value: Value) -> str:
    return value.fixed or min(codes(value.lists[0]) if value.lists else ["x"])


def model_rules_of(transaction: str, root: etree._Element) -> list[str]:
    """The ids, without the transaction's."""
    return [each.rule.removeprefix(f"PEPPOL-{transaction}-") for each in broken(transaction, root)]


def _elements(known: Element, path: str = ".") -> Iterator[tuple[Element, str]]:
    yield known, path
    for each in known.inner:
        yield from _elements(each, f"{path}/{{*}}{each.name}")


@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_each_rule_of_a_model_finds_what_breaks_it(transaction: str) -> None:
    assert model_rules_of(transaction, whole(transaction)) == []
    tried = 0
    for known, path in _elements(model(transaction)):
        needed = [each.name for each in known.inner if each.least]
        for place, name in enumerate(needed, 1):
            root = whole(transaction)
            parent = root.find(path)
            assert parent is not None
            for gone in parent.findall(f"{{*}}{name}"):
                parent.remove(gone)
            assert model_rules_of(transaction, root) == [f"B{known.number:03}{place:02}"], (path, name)
            tried += 1
        if known.inner:
            root = whole(transaction)
            parent = root.find(path)
            assert parent is not None
            etree.SubElement(parent, f"{CBC}Stranger").text = "x"
            closed = len(needed) + (2 if path == "." else 1)
            assert model_rules_of(transaction, root) == [f"B{known.number:03}{closed:02}"], path
            tried += 1
        tried += _values_found(transaction, known, path)
    assert tried > 80


def _values_found(transaction: str, known: Element, path: str) -> int:
    """Each code that is none, and each attribute that is gone, is found; how many there were."""
    check = tried = 0

    def damaged(*, attribute: str | None, value: str | None) -> list[str]:
        root = whole(transaction)
        element = root.find(path)
        assert element is not None
        if attribute is None:
            element.text = value
        elif value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)
        return model_rules_of(transaction, root)

    if known.value.rule():
        check += 1
        tried += 1
        assert damaged(attribute=None, value="nonsense") == [f"B{known.number:03}{check:02}"], path
    for each in known.attributes:
        if each.needed:
            check += 1
            tried += 1
            assert damaged(attribute=each.name, value=None) == [f"B{known.number:03}{check:02}"], path
        else:
            assert damaged(attribute=each.name, value=None) == [], path
        if each.value.rule():
            check += 1
            tried += 1
            assert damaged(attribute=each.name, value="nonsense") == [f"B{known.number:03}{check:02}"], path
    return tried


@pytest.mark.parametrize(
    ("transaction", "parent", "change", "rule"),
    [
        # As the release of May 2026 numbers them.
        ("T01", ".", "+UBLVersionID", "B00110"),
        ("T01", "BuyerCustomerParty/Party", "-EndpointID", "B03701"),
        ("T01", "SellerSupplierParty/Party", "-EndpointID", "B07201"),
        ("T01", "SellerSupplierParty/Party", "+PartyTaxScheme", "B07204"),
        ("T01", "SellerSupplierParty/Party/PostalAddress", "-Country", "B08001"),
        ("T01", "Delivery/DeliveryLocation/Address", "-Country", "B15301"),
        ("T01", "Delivery/DeliveryLocation/Address/Country/IdentificationCode", "=fr", "B16201"),
        ("T01", "Delivery/DeliveryParty", "+PartyLegalEntity", "B16802"),
        ("T01", "AllowanceCharge", "-AllowanceChargeReason", "B20302"),
        ("T01", "OrderLine/LineItem/Quantity", "@unitCode=pce", "B24102"),
        ("T76", ".", "+OrderDocumentReference", "B00111"),
        ("T76", "SellerSupplierParty/Party", "+PartyName", "B01502"),
        ("T76", "SellerSupplierParty/Party/PartyLegalEntity", "+CompanyID", "B02102"),
        ("T76", "BuyerCustomerParty/Party", "+PostalAddress", "B02402"),
        ("T76", "BuyerCustomerParty/Party/PartyLegalEntity", "+CompanyID", "B03002"),
        ("T76", "OrderLine/LineItem/Item", "+ClassifiedTaxCategory", "B05702"),
        ("T116", "OrderLine/LineItem/Price/BaseQuantity", "@unitCode=pce", "B05702"),
        ("T114", "OrderReference", "+IssueDate", "B01502"),
        ("T114", "SellerSupplierParty/Party", "+PartyTaxScheme", "B06804"),
        ("T114", "Delivery/DeliveryParty", "+PartyLegalEntity", "B16402"),
        ("T115", "SellerSupplierParty/Party", "+PartyTaxScheme", "B06004"),
    ],
)
def test_a_rule_has_the_number_that_peppol_gives_it(transaction: str, parent: str, change: str, rule: str) -> None:
    root = whole(transaction)
    path = "." if parent == "." else "/".join(f"{{*}}{each}" for each in parent.split("/"))
    element = root.find(path)
    assert element is not None
    kind, what = change[0], change[1:]
    if kind == "+":
        etree.SubElement(element, f"{CBC}{what}").text = "x"
    elif kind == "-":
        gone = element.find(f"{{*}}{what}")
        assert gone is not None
        element.remove(gone)
    elif kind == "@":
        element.set(*what.split("="))
    else:
        element.text = what
    assert model_rules_of(transaction, root) == [rule]


def test_an_element_that_stands_twice_is_told() -> None:
    """Ours: Peppol's own files do not look for it, and examples of theirs have two numbers of one party."""
    xml = sound("T01").replace(STAUBER, STAUBER * 2)
    assert {(each.rule, each.severity) for each in check(xml.encode())} == {("MODEL-T01-075", "warning")}


def test_a_document_of_another_kind_is_no_transaction() -> None:
    with pytest.raises(KeyError):
        check(b"<Invoice/>")
