"""Documents in the form that Peppol BIS 3 allows: what leaves, what is made up, and what a reader finds of it.

Whether the form keeps Peppol's rules is judged by `tests/peppol`, on what sites write.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.as_peppol import (
    UNNAMED,
    Lack,
    answer_as_peppol,
    change_as_peppol,
    lacking,
    order_as_peppol,
)
from intergestan_msg.business_hash import business_hash, change_hash
from intergestan_msg.change import ChangeCode, OrderChange
from intergestan_msg.electronic_address import address_of, country_of
from intergestan_msg.money import AllowanceCharge, TaxCategory
from intergestan_msg.order import Address, Delivery, Identifier, Item, Order, Party
from intergestan_msg.peppol import PEPPOL_ADVANCED_ORDERING, PEPPOL_ORDER_CHANGE
from intergestan_msg.ubl import (
    read_order,
    read_order_change,
    read_order_response,
    write_order,
    write_order_change,
    write_order_response,
)
from tests.factories import BUYER, STAUBER, a_line, an_order
from tests.msg.strategies import answers, orders


@given(orders())
def test_what_is_hashed_is_what_a_reader_finds(order: Order) -> None:
    """Whatever an order says, once it is in its form nothing of it is lost on the way, and the form is stable."""
    form = order_as_peppol(order)
    found = read_order(write_order(form))
    assert found == form
    assert business_hash(found) == business_hash(form)
    assert order_as_peppol(form) == form


@given(answers())
def test_an_answer_keeps_its_form(answer: OrderAnswer) -> None:
    form = answer_as_peppol(answer)
    assert read_order_response(write_order_response(form)) == form
    assert answer_as_peppol(form) == form


def test_an_order_leaves_out_what_has_no_place() -> None:
    whole = Party("Dépôt", "Dépôt SAS", legal_id=Identifier("1", "0009"), vat_id="FR1", address=Address("1 rue A"))
    order = replace(
        an_order(), seller=whole, delivery=Delivery(Address("2 rue B", building="7", postbox="BP 1"), None, whole)
    )
    form = order_as_peppol(order)
    assert (form.seller.vat_id, form.seller.address) == (None, Address("1 rue A", country="FR"))
    assert form.delivery is not None
    assert form.delivery.party == Party("Dépôt", address=Address("1 rue A", country="FR"))
    assert form.delivery.address == Address("2 rue B 7", "BP 1", country="FR")
    assert form.buyer.vat_id == order.buyer.vat_id


def test_what_has_no_name_gets_one() -> None:
    line = replace(
        a_line(1),
        item=Item("", buyers_id="FAI01", tax=TaxCategory("S", Decimal(0))),
        allowances=(
            AllowanceCharge(is_charge=True, amount=Decimal(0)),
            AllowanceCharge(is_charge=False, amount=Decimal(0)),
        ),
    )
    charges = (AllowanceCharge(is_charge=True, amount=Decimal(0)), AllowanceCharge(is_charge=False, amount=Decimal(0)))
    form = order_as_peppol(an_order(lines=(line,), charges=charges))
    (made,) = form.lines
    assert (made.item.name, made.item.tax) == ("FAI01", TaxCategory("Z", Decimal(0)))
    assert [each.reason_code for each in made.allowances] == ["ZZZ", "95"]
    assert {each.reason for each in form.allowances} == UNNAMED


def test_a_change_is_of_its_own_day() -> None:
    """Peppol has no day of the order in a change: who reads it has the change's."""
    order = replace(an_order(), customization_id=PEPPOL_ORDER_CHANGE, profile_id=PEPPOL_ADVANCED_ORDERING)
    codes = tuple(ChangeCode.CHANGED for _ in order.lines)
    change = OrderChange("CFR1/1", 1, date(2020, 12, 24), order, codes)
    form = change_as_peppol(change)
    found = read_order_change(write_order_change(form))
    assert (found, change_hash(found)) == (form, change_hash(form))
    assert found.order.issue_date == date(2020, 12, 24)
    assert read_order_change(write_order_change(change)).order.issue_date == order.issue_date


def test_the_tax_of_an_answer_stands_with_the_same_thing_again() -> None:
    """Peppol's answers have a tax category for what takes the place of a thing, and for nothing else."""
    item = Item(
        "Faitout", "En inox", "FAI01", "F-1", Identifier("3250390000013", "0160"), tax=TaxCategory("S", Decimal(10))
    )
    line = AnswerLine("L1", LineCode.CHANGED, item, Decimal(1), "C62")
    answer = OrderAnswer(
        "R1", date(2020, 11, 16), "CFR1", AnswerCode.CHANGED, BUYER, STAUBER, lines=(line,), change_id="CFR1/1"
    )
    form = answer_as_peppol(answer)
    xml = write_order_response(form)
    assert xml.count(b"<cac:ClassifiedTaxCategory>") == xml.count(b"<cac:SellerSubstitutedLineItem>") == 1
    assert b"order_response_advanced:3" in xml
    assert b"<cac:OrderChangeDocumentReference><cbc:ID>CFR1/1<" in xml
    (found,) = read_order_response(xml).lines
    assert found.item == replace(item, description=None)
    assert found.substitute is None
    other = replace(
        line, substitute=Item("Casserole", buyers_id="CAS", sellers_id="C-1", tax=TaxCategory("S", Decimal(20)))
    )
    (found,) = read_order_response(write_order_response(answer_as_peppol(replace(answer, lines=(other,))))).lines
    assert found.substitute == Item("Casserole", sellers_id="C-1", tax=TaxCategory("S", Decimal(20)))
    assert found.item == replace(item, description=None, tax=None)


def test_an_answer_to_a_change_by_an_earlier_release_is_read() -> None:
    answer = OrderAnswer("R1", date(2020, 11, 16), "CFR1", AnswerCode.ACCEPTED, BUYER, STAUBER, change_id="CFR1/1")
    xml = write_order_response(answer)
    assert b"<cac:OrderDocumentReference><cbc:ID>CFR1/1<" in xml
    assert read_order_response(xml).change_id == "CFR1/1"


@pytest.mark.parametrize(
    ("siret", "vat_id", "address", "country"),
    [
        ("73282932000074", "FR1", ("0009", "73282932000074"), "FR"),
        (None, "FR40303265045", ("9957", "FR40303265045"), "FR"),
        (None, "DE123456789", ("9930", "DE123456789"), "DE"),
        (None, "EL123456789", ("9933", "EL123456789"), "GR"),
        (None, "XI123456789", ("9932", "XI123456789"), "GB"),
        (None, "SE556036079301", ("0007", "5560360793"), "SE"),
        (None, "SE12", None, "SE"),
        (None, "XX12", None, None),
        (None, None, None, None),
    ],
)
def test_where_a_document_goes(
    siret: str | None, vat_id: str | None, address: tuple[str, str] | None, country: str | None
) -> None:
    assert (address_of(siret, vat_id), country_of(siret, vat_id)) == (address, country)


def test_what_nobody_can_make_up_is_named() -> None:
    order = an_order()
    assert lacking(order_as_peppol(order)) == ()
    nobody = Party("X", address=Address("1 rue A"))
    form = order_as_peppol(
        replace(order, buyer=nobody, seller=replace(nobody, address=None), delivery=Delivery(Address("2 rue B")))
    )
    assert lacking(form) == tuple(Lack)
    answer = OrderAnswer("R1", date(2020, 11, 16), "CFR1", AnswerCode.ACCEPTED, nobody, STAUBER)
    assert lacking(answer_as_peppol(answer)) == (Lack.BUYER,)
