from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.business_hash import business_hash
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, Totals
from intergestan_msg.order import Address, Delivery, Identifier, Order, Period
from intergestan_msg.ubl import read_order, write_order
from tests.factories import BUYER, DEPOT, STAUBER, an_order, cfr1, cfr2
from tests.msg.strategies import orders

D = Decimal


def as_it_was(order: Order) -> Order:
    """An order as it was when its hash was written down: the GTINs of the factory had no check digit."""
    lines = []
    for line in order.lines:
        assert line.item.standard_id is not None
        counted = int(line.item.standard_id.value[1:12])
        lines.append(replace(line, item=replace(line.item, standard_id=Identifier(f"3{counted:012}", "0160"))))
    return replace(order, lines=tuple(lines))


def test_the_hash_is_the_same_for_ever() -> None:
    """Ledgers keep it: if this fails, content equality has changed and the prefix must too."""
    assert business_hash(as_it_was(cfr1())) == "bh1:532e7233bf2bb508b452e975030345659b0bbdd209ddb1854f3c2e2ee7c09967"
    assert business_hash(as_it_was(cfr2())) == "bh1:aac0b6503e81e8fd82e48330f857639fcc9227a87e27bcb68fd18f1419b546ea"


@given(orders())
def test_the_receiver_computes_what_the_sender_computed(order: Order) -> None:
    assert business_hash(read_order(write_order(order))) == business_hash(order)


@given(orders(), st.randoms())
def test_the_order_of_lines_and_charges_does_not_count(order: Order, random: Any) -> None:
    lines, charges = list(order.lines), list(order.allowances)
    random.shuffle(lines)
    random.shuffle(charges)
    assert business_hash(replace(order, lines=tuple(lines), allowances=tuple(charges))) == business_hash(order)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_form_of_accents_does_not_count(form: Any) -> None:
    texts: dict[str, Any] = {"note": normalize(form, " Matériel écru "), "id": normalize(form, "Cé1")}
    assert business_hash(replace(cfr1(), **texts)) == business_hash(replace(cfr1(), note="Matériel écru", id="Cé1"))


def test_trailing_zeros_do_not_count() -> None:
    order = cfr1()
    line = replace(order.lines[0], quantity=D("2.000"), price=Price(D("45.0000"), D("1.0")), line_total=D(90))
    same = replace(order, lines=(line, order.lines[1]), tax_amount=D("3.6E+1"))
    assert business_hash(same) == business_hash(order)


def test_what_is_empty_and_what_is_not_said_are_the_same() -> None:
    assert business_hash(replace(cfr1(), note=" ")) == business_hash(replace(cfr1(), note=None))


@pytest.mark.parametrize(
    "change",
    [
        {"issue_time": None, "profile_id": "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"},
        {"left_out": ("cbc:UUID",)},
        {"payment_terms": "comptant"},
        {"buyer": replace(BUYER, name="ADT Mulhouse")},
    ],
)
def test_what_is_no_part_of_the_business_does_not_count(change: dict[str, Any]) -> None:
    assert business_hash(replace(cfr1(), **change)) == business_hash(cfr1())


# A foreign specification: its figures may differ from each other, so that each can be changed alone.
ORDER = replace(
    an_order(charges=(AllowanceCharge(is_charge=True, amount=D(10)),)), customization_id="urn:example:foreign"
)
TOTALS = ORDER.totals or Totals(D(0), D(0))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "CFR2"},
        {"type_code": "105"},
        {"issue_date": date(2020, 11, 16)},
        {"currency": "CHF"},
        {"note": "Autre"},
        {"buyer": replace(BUYER, vat_id="FR1")},
        {"buyer": replace(BUYER, endpoint=Identifier("1", "0009"))},
        {"seller": replace(STAUBER, identifiers=())},
        {"seller": replace(STAUBER, legal_id=Identifier("802954785", "0002"))},
        {"delivery": None},
        {"delivery": replace(DEPOT, wanted=Period(date(2020, 12, 2)))},
        {"delivery": replace(DEPOT, address=Address("5 quai de la Cloche"))},
        {"delivery": Delivery(DEPOT.address, Identifier("D1"), None, DEPOT.wanted)},
        {"allowances": ()},
        {"allowances": (AllowanceCharge(is_charge=False, amount=D(10)),)},
        {"allowances": (AllowanceCharge(is_charge=True, amount=D(11)),)},
        {"tax_amount": D(1)},
        {"totals": None},
        *(
            {"totals": replace(TOTALS, **{name: D(1)})}
            for name in ("lines", "payable", "tax_exclusive", "tax_inclusive")
        ),
    ],
)
def test_what_counts_in_an_order_counts(change: dict[str, Any]) -> None:
    assert business_hash(replace(ORDER, **change)) != business_hash(ORDER)


LINE = ORDER.lines[0]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "L99"},
        {"quantity": D(2)},
        {"unit": "KGM"},
        {"price": Price(D("10.51"))},
        {"price": Price(D("10.50"), D(100))},
        {"price": None},
        {"line_total": D(11)},
        {"allowances": (AllowanceCharge(is_charge=True, amount=D(1)),)},
        {"wanted": Period(date(2020, 12, 1))},
        {"item": replace(LINE.item, buyers_id="X")},
        {"item": replace(LINE.item, sellers_id="X")},
        {"item": replace(LINE.item, standard_id=None)},
        {"item": replace(LINE.item, tax=TaxCategory("Z", D(20)))},
        {"item": replace(LINE.item, tax=TaxCategory("S", D(10)))},
    ],
)
def test_what_counts_in_a_line_counts(change: dict[str, Any]) -> None:
    other = replace(ORDER, lines=(replace(LINE, **change), *ORDER.lines[1:]))
    assert business_hash(other) != business_hash(ORDER)


def test_a_line_more_or_less_counts() -> None:
    assert business_hash(replace(ORDER, lines=ORDER.lines[1:])) != business_hash(ORDER)
