"""An order in the flavour of OCA is read by OCA's own functions; one in Peppol's is not, as docs/message.md says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from intergestan_msg.as_oca import order_as_oca
from intergestan_msg.flavour import Flavour
from intergestan_msg.money import AllowanceCharge
from intergestan_msg.order import Order
from intergestan_msg.ubl import read_order, write_order
from tests.factories import VAT_20, an_order, cfr1
from tests.msg.documents import assert_valid, example_orders
from tests.msg.strategies import orders
from tests.oca.importer import Refused, read
from tests.peppol.check import check


def as_oca(order: Order) -> bytes:
    return write_order(order_as_oca(order, "FR12802954785"), Flavour.OCA)


def test_the_stub_reads_what_oca_tests_its_importer_with() -> None:
    read_whole = [read(path.read_bytes()) for path in example_orders()]
    assert {each["doc_type"] for each in read_whole} == {"order"}
    assert all(each["lines"] for each in read_whole)


def test_their_importer_reads_an_order() -> None:
    found = read(as_oca(cfr1()))
    assert (found["order_ref"], found["date"], found["currency"]) == ("CFR1", "2020-11-15", {"iso": "EUR"})
    assert (found["partner"]["vat"], found["partner"]["name"]) == ("FR44732829320", "Arts de la Table Mulhouse")
    assert (found["partner"]["street"], found["partner"]["zip"]) == ("12 rue du Sauvage", "68100")
    assert found["company"] == {"vat": "FR12802954785"}
    assert (found["ship_to"]["street"], found["ship_to"]["city"]) == ("3 quai de la Cloche", "Mulhouse")
    assert found["delivery_detail"] == {"commitment_date": "2020-12-04"}
    assert found["note"] == "Matériel cuisine"
    first, second = found["lines"]
    assert (first["qty"], first["price_unit"], first["uom"]) == (2, 45, {"unece_code": "C62"})
    assert first["product"] == {"barcode": cfr1().lines[0].item.standard_id.value, "code": "FAI01"}  # type: ignore[union-attr]
    assert (second["order_line_ref"], second["qty"], second["price_unit"]) == ("L2", 6, 15)


def test_their_importer_refuses_the_flavour_of_peppol() -> None:
    """Which must not have the element that they need."""
    with pytest.raises(Refused, match="does not contain the version"):
        read(write_order(cfr1()))
    broken = {each.rule for each in check(as_oca(cfr1())) if each.severity == "fatal"}
    assert "PEPPOL-T01-B00110" in broken


@given(orders())
def test_any_order_is_read(order: Order) -> None:
    """As it is by us: what is signed is what both find."""
    xml = as_oca(order)
    assert_valid(xml, "Order")
    ours = read_order(xml)
    assert replace(ours, left_out=()) == order_as_oca(order, "FR12802954785")
    assert set(ours.left_out) <= {"cbc:UBLVersionID", "cac:Delivery/cbc:LatestDeliveryDate"}
    found = read(xml)
    assert found["order_ref"] == order.id
    assert [Decimal(str(line["qty"])) for line in found["lines"]] == [line.quantity for line in order.lines]


def test_a_charge_is_not_read_by_them() -> None:
    """`docs/message.md` says so: an order with charges must be looked at there."""
    charged = an_order(
        lines=1, charges=(AllowanceCharge(is_charge=True, amount=Decimal(10), reason="Port", tax=VAT_20),)
    )
    assert b"Port" in as_oca(charged)
    assert read(as_oca(charged)) == read(as_oca(an_order(lines=1)))
