from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from lxml import etree

from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Order
from intergestan_msg.ubl import read_order, write_order
from tests.factories import an_order, cfr1, cfr2
from tests.msg.documents import SCHEMAS, assert_valid
from tests.msg.strategies import orders


@given(orders())
def test_an_order_is_read_back_as_it_was_written(order: Order) -> None:
    xml = write_order(order)
    assert read_order(xml) == order
    assert_valid(xml, "Order")


@pytest.mark.parametrize("order", [cfr1(), cfr2(), an_order(lines=8)], ids=["CFR1", "CFR2", "8 lines"])
def test_orders_of_the_house_are_valid_ubl(order: Order) -> None:
    xml = write_order(order)
    for wheel in SCHEMAS:
        assert_valid(xml, "Order", wheel)
    assert read_order(xml) == order


def test_the_reference_orders_say_what_the_screen_shows() -> None:
    """G11: CFR1 of 15/11/2020, 180,00 HT, 216,00 TTC; CFR2 of 19/11/2020, 120,00 HT, 144,00 TTC."""
    first, second = (read_order(write_order(order)) for order in (cfr1(), cfr2()))
    assert (first.id, first.issue_date, first.note) == ("CFR1", date(2020, 11, 15), "Matériel cuisine")
    assert (second.id, second.issue_date, second.note) == ("CFR2", date(2020, 11, 19), "Casseroles")
    for order, exclusive, inclusive in ((first, "180.00", "216.00"), (second, "120.00", "144.00")):
        assert order.totals is not None
        assert (order.totals.tax_exclusive, order.totals.tax_inclusive) == (
            Decimal(exclusive),
            Decimal(inclusive),
        )
    assert first.seller.address is not None
    assert (first.seller.name, first.seller.address.postcode) == ("STAUBER", "88100")


def test_an_order_names_the_peppol_transaction_that_other_erps_look_for() -> None:
    root = etree.fromstring(write_order(an_order()))
    names = {etree.QName(child).localname: child.text for child in root}
    assert names["CustomizationID"] == "urn:fdc:peppol.eu:poacc:trns:order:3"
    assert names["ProfileID"] == "urn:fdc:peppol.eu:poacc:bis:ordering:3"
    assert names["OrderTypeCode"] == "220"
    assert "UBLVersionID" not in names


def test_no_element_is_empty() -> None:
    """Peppol COMMON-R001."""
    tree = etree.fromstring(write_order(an_order()))
    assert not [each.tag for each in tree.iter() if len(each) == 0 and not (each.text or "").strip()]


def test_the_same_order_gives_the_same_bytes() -> None:
    assert write_order(cfr1()) == write_order(cfr1())


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\ufffeb", "a\ud800b"])
def test_a_text_that_xml_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(BadDocument, match="XML can't carry"):
        write_order(an_order(nature=text))


def test_markup_in_texts_stays_text() -> None:
    nature = '</cbc:Note><cbc:ID>CFR9</cbc:ID> "&amp;" ]]>'
    order = read_order(write_order(an_order(nature=nature)))
    assert (order.id, order.note) == ("CFR1", nature)


def test_numbers_are_written_without_exponent() -> None:
    order = an_order()
    line = replace(order.lines[0], quantity=Decimal("1E+1"), line_total=Decimal("1.05E+2"))
    xml = write_order(replace(order, lines=(line,), totals=None, tax_amount=None))
    assert b">10</cbc:Quantity>" in xml
    assert b">105</cbc:LineExtensionAmount>" in xml
