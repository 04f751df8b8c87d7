"""Orders that others wrote: whatever is legal UBL is read; whatever is not is refused, quickly and by name."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from intergestan_msg.errors import BadDocument
from intergestan_msg.money import Totals, in_millionths
from intergestan_msg.order import Address, Identifier, Order, Party, Period
from intergestan_msg.ubl import read_order, read_order_response, write_order
from intergestan_msg.ubl.names import CAC, CBC, ORDER
from tests.factories import an_order
from tests.msg.documents import assert_valid, example_orders
from tests.patience import cheaply


@pytest.mark.parametrize("path", example_orders(), ids=lambda path: path.name)
def test_example_orders_are_read_and_written_again(path: Path) -> None:
    order = read_order(path.read_bytes())
    xml = write_order(order)
    assert_valid(xml, "Order")
    assert read_order(xml).lines == order.lines


def example(version: str) -> Order:
    [path] = [path for path in example_orders() if path.name == f"UBL-Order-{version}-Example.xml"]
    return read_order(path.read_bytes())


def test_the_example_of_ubl_2_1_keeps_what_it_says() -> None:
    order = example("2.1")
    assert (order.id, order.currency, order.quotation_id) == ("34", "SEK", "QuoteID123")
    assert order.buyer.endpoint == Identifier("7300072311115", "GLN")
    assert (order.buyer.name, order.buyer.vat_id) == ("Johnssons byggvaror", "SE1234567801")
    assert order.buyer.address == Address(
        line1="Rådhusgatan",
        line2="2nd floor",
        postcode="11000",
        city="Stockholm",
        subdivision="RegionX",
        country="SE",
        building="5",
        postbox="PoBox123",
    )
    assert (order.incoterm, order.delivery_terms) == ("FOT", "CAD")
    assert [allowance.signed for allowance in order.allowances] == [100, -100]
    paint, pencils = order.lines
    assert (paint.quantity, paint.unit, paint.line_total) == (Decimal(120), "LTR", Decimal(6000))
    assert paint.item.properties == (("Paint type", "Acrylic"), ("Solvant", "Water"))
    assert (pencils.note, pencils.item.sellers_id) == ("Freetext note on line 2", "SItemNo011")


def test_the_example_of_ubl_2_0_is_read_though_its_figures_disagree() -> None:
    order = example("2.0")
    assert (order.id, order.currency, order.buyer.vat_id) == ("AEG012345", "GBP", "12356478")
    assert order.delivery is not None
    assert order.delivery.address is not None
    assert order.delivery.address.line1 == "Avon Way"
    assert (order.lines[0].quantity, order.lines[0].unit, order.lines[0].line_total) == (
        Decimal(100),
        "KG",
        Decimal(100),
    )


def test_what_has_no_field_is_named_once_and_shortly() -> None:
    left_out = example("2.1").left_out
    assert len(set(left_out)) == len(left_out)
    assert {
        "cbc:AccountingCostCode",
        "cac:BuyerCustomerParty/cac:DeliveryContact",
        "cac:BuyerCustomerParty/cac:Party/cac:Person",
        "cac:OrderLine/cac:LineItem/cac:OriginatorParty",
    } <= set(left_out)
    assert "cac:Delivery/cac:RequestedDeliveryPeriod/cbc:StartTime" in example("2.0").left_out


def an_xml(body: str = "", line: str = "", *, head: str = "") -> bytes:
    """The least that is a UBL Order, with more in it."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <o:Order xmlns:o="{ORDER}" xmlns:a="{CAC}" xmlns:b="{CBC}">
      {head}<b:ID> A1 </b:ID><b:IssueDate>2026-01-31</b:IssueDate>
      <a:BuyerCustomerParty/><a:SellerSupplierParty/>{body}
      <a:OrderLine><a:LineItem><b:ID>1</b:ID>{line}<a:Item/></a:LineItem></a:OrderLine>
    </o:Order>""".encode()


def test_the_least_that_is_legal_is_read_whatever_the_prefixes() -> None:
    xml = an_xml()
    assert_valid(xml, "Order")
    order = read_order(xml)
    assert (order.id, order.currency, order.buyer, order.seller) == ("A1", "XXX", Party(""), Party(""))
    assert (order.totals, order.customization_id, order.left_out) == (None, None, ())
    assert (order.lines[0].quantity, order.lines[0].item.name) == (None, "")
    written = write_order(order)
    assert_valid(written, "Order")
    assert read_order(written) == order


def test_comments_and_instructions_and_extensions_do_not_matter() -> None:
    extension = (
        '<e:UBLExtensions xmlns:e="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2">'
        '<e:UBLExtension><e:ExtensionContent><x xmlns="urn:x"/></e:ExtensionContent></e:UBLExtension>'
        "</e:UBLExtensions>"
    )
    order = read_order(an_xml("<!-- a --><?b c?>", "<b:Quantity>2<!-- d -->5</b:Quantity>", head=extension))
    assert order.lines[0].quantity == Decimal(25)
    assert order.left_out == ("ext:UBLExtensions",)


def test_other_encodings_are_read() -> None:
    text = an_xml("<a:PaymentTerms><b:Note>30 jours, été</b:Note></a:PaymentTerms>").decode()
    for encoding in ("ISO-8859-1", "UTF-16"):
        xml = text.replace("UTF-8", encoding).encode(encoding)
        assert read_order(xml).payment_terms == "30 jours, été"


def test_several_notes_are_lines_of_one() -> None:
    order = read_order(an_xml(head="", line="<b:Note>c</b:Note><b:Note>d</b:Note>"))
    assert order.lines[0].note == "c\nd"


def test_other_units_and_tax_categories_are_kept() -> None:
    tax = (
        "<a:Item><a:ClassifiedTaxCategory><b:ID>L</b:ID><b:Percent>7</b:Percent>"
        "<a:TaxScheme><b:ID>IGIC</b:ID></a:TaxScheme></a:ClassifiedTaxCategory></a:Item>"
    )
    xml = an_xml(line='<b:Quantity unitCode="XQQ">1</b:Quantity>').replace(b"<a:Item/>", tax.encode())
    line = read_order(xml).lines[0]
    assert line.unit == "XQQ"
    assert line.item.tax is not None
    assert (line.item.tax.code, line.item.tax.percent, line.item.tax.scheme) == ("L", Decimal(7), "IGIC")


def test_the_currency_may_stand_at_the_amounts_only() -> None:
    order = read_order(an_xml(line='<b:LineExtensionAmount currencyID="CHF">3.00</b:LineExtensionAmount>'))
    assert order.currency == "CHF"


@pytest.mark.parametrize(
    ("line_amount", "totals", "left_out"),
    [
        (
            '<b:LineExtensionAmount currencyID="EUR">3</b:LineExtensionAmount>',
            Totals(Decimal(3), Decimal(3)),
            (),
        ),
        ("", None, ("cac:AnticipatedMonetaryTotal",)),
    ],
)
def test_a_sum_of_lines_that_is_not_stated_is_what_the_lines_state(
    line_amount: str, totals: Totals | None, left_out: tuple[str, ...]
) -> None:
    total = (
        '<a:AnticipatedMonetaryTotal><b:PayableAmount currencyID="EUR">3</b:PayableAmount></a:AnticipatedMonetaryTotal>'
    )
    xml = an_xml(total, line_amount)
    assert_valid(xml, "Order")
    order = read_order(xml)
    assert (order.totals, order.left_out) == (totals, left_out)


def test_a_second_delivery_is_named_as_left_out() -> None:
    xml = an_xml(
        "<a:Delivery><a:RequestedDeliveryPeriod><b:EndDate>2026-02-01Z</b:EndDate></a:RequestedDeliveryPeriod></a:Delivery>"
        "<a:Delivery><a:RequestedDeliveryPeriod><b:EndDate>2026-03-01</b:EndDate></a:RequestedDeliveryPeriod></a:Delivery>"
    )
    order = read_order(xml)
    assert order.delivery is not None
    assert order.delivery.wanted == Period(end=order.issue_date.replace(month=2, day=1))
    assert order.left_out == ("cac:Delivery",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "<b:Quantity>1,5</b:Quantity>",
            r"cac:OrderLine/cac:LineItem/cbc:Quantity in line \d+ .*'1,5'.*line 1",
        ),
        ("<b:Quantity>1_000</b:Quantity>", "not a decimal number"),
        ("<b:Quantity>NaN</b:Quantity>", "not a decimal number"),
        ("<b:Quantity>1E3</b:Quantity>", "not a decimal number"),
        ("<b:Quantity>٣</b:Quantity>", "not a decimal number"),
        ("<b:Quantity>-1</b:Quantity>", "R004"),
        ("<b:PartialDeliveryIndicator>oui</b:PartialDeliveryIndicator>", "not true or false"),
        ("<a:Price/>", "a:Price has no cbc:PriceAmount|cac:Price has no cbc:PriceAmount"),
    ],
)
def test_a_wrong_value_in_a_line_is_named(line: str, message: str) -> None:
    with pytest.raises(BadDocument, match=message) as refused:
        read_order(an_xml(line=line))
    assert refused.value.line == "1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"2026-01-31", b"31/01/2026", "cbc:IssueDate in line .*not a date"),
        (b"2026-01-31", b"2026-02-30", "not a date"),
        (b"2026-01-31", b"2026-W05-1", "not a date"),
        (b"<b:ID> A1 </b:ID>", b"", "no cbc:ID"),
        (b"<a:BuyerCustomerParty/>", b"", "no cac:BuyerCustomerParty"),
        (b"<a:Item/>", b"", "no cac:Item"),
        (b" A1 ", "A\u202e1".encode(), "control or direction"),
    ],
)
def test_what_is_missing_or_wrong_is_named(old: bytes, new: bytes, message: str) -> None:
    xml = an_xml()
    assert old in xml
    with pytest.raises(BadDocument, match=message):
        read_order(xml.replace(old, new))


def test_two_currencies_are_refused() -> None:
    xml = write_order(an_order()).replace(b'currencyID="EUR">10', b'currencyID="USD">10', 1)
    with pytest.raises(BadDocument, match="USD") as refused:
        read_order(xml)
    assert refused.value.rule == "PEPPOL-T01-R003"


def test_what_names_another_specification_breaks_no_rule_of_peppol() -> None:
    """A document of another specification is refused for what any order must hold, under no id of Peppol's."""
    xml = write_order(an_order(lines=2)).replace(b"<cac:LineItem><cbc:ID>L2<", b"<cac:LineItem><cbc:ID>L1<")
    for document, rule in ((xml, "PEPPOL-T01-R001"), (xml.replace(b"poacc:trns:order:3", b"other"), "UBL")):
        with pytest.raises(BadDocument, match="same identifier") as refused:
            read_order(document)
        assert (refused.value.rule, refused.value.line) == (rule, "L1")


def test_a_price_of_more_decimals_is_taken_where_the_amount_agrees() -> None:
    """Exactly, for more units: what it comes to is what the line states."""
    xml = write_order(an_order(lines=1))
    line = read_order(xml).lines[0]
    assert line.price is not None
    assert line.quantity is not None
    fine = line.price.amount + Decimal("0.00000012")
    old, new = f">{line.price.amount}</cbc:PriceAmount>", f">{fine}</cbc:PriceAmount>"
    assert old.encode() in xml
    taken = read_order(xml.replace(old.encode(), new.encode())).lines[0].price
    assert taken is not None
    kept = in_millionths(taken)
    assert kept is not None
    assert (kept.amount / kept.base_quantity, kept.base_quantity) == (fine, Decimal(100))
    far = xml.replace(old.encode(), f">{fine + 1}</cbc:PriceAmount>".encode())
    with pytest.raises(BadDocument, match="more than 6 decimals"):
        read_order(far)
    without = re.sub(rb"<cbc:LineExtensionAmount[^/]*/cbc:LineExtensionAmount>", b"", far)
    with pytest.raises(BadDocument, match="more than 6 decimals"):
        read_order(without)


def test_a_document_that_contradicts_itself_is_refused() -> None:
    xml = write_order(an_order(lines=1)).replace(b">1</cbc:Quantity>", b">2</cbc:Quantity>")
    with pytest.raises(BadDocument) as refused:
        read_order(xml)
    assert (refused.value.rule, refused.value.line) == ("PEPPOL-T01-R024", "L1")


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 10))
BAD = {
    "nothing": b"",
    "no XML": b"\x00\xff\x10 not XML",
    "a page": b"<html><body>Bonjour</body></html>",
    "another document": f'<Invoice xmlns="{ORDER.replace("Order", "Invoice")}"/>'.encode(),
    "the root's name only": b"<Order/>",
    "cut short": write_order(an_order())[:-200],
    "a DOCTYPE": b"<!DOCTYPE Order>" + write_order(an_order()).split(b"\n", 1)[1],
    "an outer DOCTYPE": b'<!DOCTYPE Order SYSTEM "file:///etc/passwd">' + write_order(an_order()).split(b"\n", 1)[1],
    "a billion laughs": b'<!DOCTYPE o [<!ENTITY l0 "ha">' + LAUGHS + b"]><o>&l9;</o>",
    "an unknown entity": an_xml("&etc;"),
    "deep nesting": b"<a>" * 100_000 + b"</a>" * 100_000,
    "too many elements": an_xml("<b:X/>" * 650_000),
    "too large": an_xml(f"<b:Note>{'x' * 17_000_000}</b:Note>"),
    "a huge text": an_xml(f"<b:Note>{'x' * 12_000_000}</b:Note>"),
    "too many lines": an_xml("<a:OrderLine><a:LineItem><b:ID>1</b:ID><a:Item/></a:LineItem></a:OrderLine>" * 60_000),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_order_is_refused_quickly(case: str) -> None:
    with cheaply(), pytest.raises(BadDocument) as refused:
        read_order(BAD[case])
    assert refused.value.rule == "UBL"
    assert len(str(refused.value)) < 400


@pytest.mark.not_quick
def test_the_largest_order_that_is_taken_is_read() -> None:
    order = an_order(lines=10_000)
    assert len(read_order(write_order(order)).lines) == 10_000


INTEROP = Path(__file__).parents[1] / "cases" / "interop_docs"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("l-type-105.xml", b'unitCode="C62">10<', b'unitCode="C62">1<x/>0<'),
        ("l-type-105.xml", b'currencyID="EUR">5.00<', b'currencyID="EUR">5<cbc:Note>0</cbc:Note>.00<'),
        ("l-type-105.xml", b"<cbc:ID>L105<", b"<cbc:ID>L<x/>105<"),
        ("l-type-105.xml", b"<cbc:IssueDate>2026", b"<cbc:IssueDate><x/>2026"),
        ("l-type-105.xml", b"<cbc:Name>Widget<", b"<cbc:Name>Widget<x/><"),
    ],
)
def test_a_value_with_elements_in_it_is_no_value(name: str, old: bytes, new: bytes) -> None:
    """1<x/>00 is neither 1 nor 100: no reader may choose."""
    data = (INTEROP / name).read_bytes()
    assert old in data
    with pytest.raises(BadDocument, match="has elements in it"):
        read_order(data.replace(old, new))


def test_so_are_those_of_answers() -> None:
    data = (INTEROP / "t76-split-line.xml").read_bytes()
    for old, new in ((b">18<", b">1<x/>8<"), (b">CA<", b">C<x/>A<"), (b">2026-12-01<", b"><x/>2026-12-01<")):
        with pytest.raises(BadDocument, match="has elements in it"):
            read_order_response(data.replace(old, new))


def test_a_line_amount_is_compared_in_the_unit_of_its_price() -> None:
    """5.00 for 100 g, 10 kg: 500.00, not 0.50; where the units do not meet, whoever books the line says so."""
    data = (INTEROP / "b1-base-unit.xml").read_bytes()
    assert read_order(data).lines[0].line_total == Decimal(500)
    assert read_order(data.replace(b'unitCode="GRM"', b'unitCode="LTR"')).lines[0].line_total == Decimal(500)
    with pytest.raises(BadDocument, match="not quantity × price"):
        read_order(data.replace(b'unitCode="GRM"', b'unitCode="KGM"'))
