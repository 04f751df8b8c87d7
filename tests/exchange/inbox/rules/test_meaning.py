"""What a mail's order says and a sales order cannot be is told by its name; what people need of it is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.findings import explain_all
from intergestan_exchange.inbox.decide import decide
from intergestan_exchange.inbox.decisions import Accepted, Held
from intergestan_exchange.inbox.heads import carried_by, head_values
from intergestan_msg.order import Order
from intergestan_msg.ubl import read_order, write_order
from tests.exchange.inbox.facts import facts, products_of
from tests.factories import an_order

FOLDER = Path(__file__).parents[3] / "cases" / "interop_docs"


def received(file: str) -> Order:
    return read_order((FOLDER / file).read_bytes())


@pytest.mark.parametrize(
    ("file", "variant", "words"),
    [
        ("l-copy.xml", "copy", "a copy of the order"),
        ("l-type-221.xml", "blanket", "Type 221 is a blanket order"),
        ("l-type-227.xml", "consignment", "Type 227 is a consignment order"),
        ("o1-sub-lines.xml", "sub_lines", "sub-lines"),
        ("m1-two-deliveries.xml", "deliveries", "several deliveries"),
        ("a3-prepaid-rounding.xml", "prepaid", "40.00 is prepaid"),
    ],
)
def test_what_makes_it_another_thing_is_held_by_its_name(file: str, variant: str, words: str) -> None:
    order = received(file)
    decision = decide(order, facts(products_of(order)))
    assert isinstance(decision, Held)
    assert (HoldReason.BAD_DOCUMENT, variant) in [(each.reason, each.variant) for each in decision.findings]
    assert words in explain_all(decision.findings, "en")
    assert explain_all(decision.findings, "fr") != explain_all(decision.findings, "en")


@pytest.mark.parametrize("file", ["l-type-105.xml", "l-type-226.xml", "l-type-402.xml", "c3-latest-delivery-date.xml"])
def test_what_is_an_order_is_taken(file: str) -> None:
    order = received(file)
    decision = decide(order, facts(products_of(order)))
    assert isinstance(decision, Accepted)
    assert decision.findings == ()
    kept = carried_by(order) or {}
    assert kept.get("type_code") == (order.type_code if order.type_code in {"226", "402"} else None)


def test_the_last_day_of_delivery_is_when_it_is_wanted() -> None:
    assert head_values(received("c3-latest-delivery-date.xml"))["wanted_date"] == date(2026, 12, 1)
    order = received("c3-latest-delivery-date.xml")
    assert order.left_out == ()


def with_extras(order: Order) -> bytes:
    """The document of an order with elements that have no place, and an empty copy mark."""
    return write_order(order).replace(
        b"<cac:BuyerCustomerParty>",
        b"<cac:ProjectReference><cbc:ID>P-1</cbc:ID></cac:ProjectReference><cac:BuyerCustomerParty>",
        1,
    )


def test_what_has_no_place_is_named_and_holds_nothing() -> None:
    order = read_order(with_extras(an_order()))
    decision = decide(order, facts(products_of(order)))
    assert isinstance(decision, Accepted)
    assert "Not taken, because an order here has no place for it: cac:ProjectReference." in explain_all(
        decision.findings, "en"
    )
    held = decide(order, facts({}))
    assert isinstance(held, Held)
    assert [each.variant for each in held.findings][-1] == "left_out"


def test_a_mark_that_says_that_it_is_no_copy_says_nothing() -> None:
    xml = (FOLDER / "l-copy.xml").read_bytes()
    assert b"<cbc:CopyIndicator>true<" in xml
    assert read_order(xml.replace(b"<cbc:CopyIndicator>true<", b"<cbc:CopyIndicator>false<")).left_out == ()
