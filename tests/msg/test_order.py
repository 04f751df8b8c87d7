from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.errors import BadDocument
from intergestan_msg.money import (
    AllowanceCharge,
    Price,
    TaxCategory,
    Totals,
    fits,
    line_total,
    round_half_up,
    totals_of,
)
from intergestan_msg.order import Identifier, Order, OrderLine, Party
from tests.factories import VAT_20, a_line, an_order, cfr1, cfr2
from tests.msg.strategies import orders

D = Decimal
PORT = AllowanceCharge(is_charge=True, amount=D("12.50"), reason="Port", tax=VAT_20)
DISCOUNT = AllowanceCharge(is_charge=False, amount=D("5.00"), reason="Remise")


@given(orders())
def test_an_order_survives_json(order: Order) -> None:
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order


def test_an_order_from_json_is_checked_too() -> None:
    json = msgspec.json.encode(an_order()).replace(b'"payable":"', b'"payable":"1')
    with pytest.raises(BadDocument) as refused:
        msgspec.json.decode(json, type=Order)
    assert refused.value.rule == "PEPPOL-T01-R016"


def test_the_reference_orders_have_the_totals_of_the_screen() -> None:
    """G11: 180,00 HT and 216,00 TTC; 120,00 HT and 144,00 TTC."""
    for order, exclusive, tax, inclusive in ((cfr1(), "180", "36", "216"), (cfr2(), "120", "24", "144")):
        assert order.totals == Totals(D(exclusive), D(inclusive), D(exclusive), D(inclusive))
        assert order.tax_amount == D(tax)


def with_line(**changes: Any) -> Callable[[], object]:
    return lambda: replace(a_line(1), **changes)


def with_totals(**changes: Any) -> Callable[[], object]:
    order = an_order(charges=(PORT, DISCOUNT))
    assert order.totals is not None
    totals = replace(order.totals, **changes)
    return lambda: replace(order, totals=totals)


@pytest.mark.parametrize(
    ("make", "rule", "line"),
    [
        (lambda: an_order(lines=(a_line(1), a_line(1))), "R001", "L1"),
        (with_line(id=""), "R001", None),
        (lambda: replace(an_order(), currency="euro"), "R003", None),
        (with_line(quantity=D(-1)), "R004", "L1"),
        (with_line(price=Price(D("-0.01"))), "R005", "L1"),
        (with_line(price=Price(D(1), D(0))), "R025", "L1"),
        (with_line(line_total=D("30.001")), "R028", "L1"),
        (with_line(line_total=D("NaN")), "R028", "L1"),
        (with_line(line_total=D("1E+17")), "R028", "L1"),
        (with_line(tax_amount=D("Infinity")), "R028", "L1"),
        (with_line(allowances=(replace(PORT, amount=D(-1)),)), "R032", "L1"),
        (lambda: an_order(charges=(replace(PORT, amount=D(-1)),)), "R032", None),
        (lambda: an_order(lines=(replace(a_line(1), line_total=D("30.03")),)), "R024", "L1"),
        (lambda: an_order(charges=(replace(PORT, percent=D(10), base_amount=D(100)),)), "R022", None),
        (with_totals(payable=D(-1)), "R006", None),
        (with_totals(lines=D(-1)), "R007", None),
        (with_totals(lines=D("1.00")), "R008", None),
        (with_totals(allowances=D("5.01")), "R009", None),
        (with_totals(charges=D("12.49")), "R010", None),
        (with_totals(tax_exclusive=D("1.00")), "R011", None),
        (with_totals(payable=D("1.00")), "R016", None),
        (with_totals(tax_inclusive=D("1.00")), "R017", None),
    ],
)
def test_a_broken_rule_is_named_with_its_line(make: Callable[[], object], rule: str, line: str | None) -> None:
    with pytest.raises(BadDocument) as refused:
        make()
    assert (refused.value.rule, refused.value.line) == (f"PEPPOL-T01-{rule}", line)


@pytest.mark.parametrize(
    "make",
    [
        with_line(quantity=D("0.0000001")),
        with_line(quantity=D("sNaN")),
        with_line(quantity=D(10) ** 12),
        with_line(price=Price(D("1.0000001"))),
        with_line(id="L\u202e1"),
        with_line(id="L1 "),
        with_line(id=" "),
        with_line(unit="C62\x00"),
        with_line(item=replace(a_line(1).item, buyers_id="CAS\u200b1")),
        with_line(item=replace(a_line(1).item, standard_id=Identifier("1\n2"))),
        lambda: Party("X", vat_id="FR\u2066"),
        lambda: Party("X", endpoint=Identifier("1\x07")),
        lambda: replace(an_order(), id=""),
        lambda: replace(an_order(), id="CFR\u202e1"),
        lambda: replace(an_order(), lines=()),
        lambda: an_order(lines=10_001),
    ],
)
def test_what_no_peppol_rule_forbids_is_refused_as_ubl(make: Callable[[], object]) -> None:
    with pytest.raises(BadDocument) as refused:
        make()
    assert refused.value.rule == "UBL"


@pytest.mark.parametrize("reference", ["CFR 1", "CFR\u00a01", "№ 7/β", "注文1", "a&b<c>"])
def test_a_reference_may_be_anything_that_can_be_seen(reference: str) -> None:
    assert an_order(reference).id == reference


def test_roundings_that_peppol_grants_are_accepted() -> None:
    line = replace(a_line(1), line_total=D("30.02"))
    assert an_order(lines=(line,)).lines == (line,)


def test_figures_that_are_absent_are_not_missed() -> None:
    order = an_order(charges=(PORT, DISCOUNT))
    lines = tuple(replace(line, line_total=None, price=None) for line in order.lines)
    assert order.totals is not None
    bare = Totals(order.totals.lines, order.totals.payable)
    assert replace(order, lines=lines, totals=bare, tax_amount=None).totals == bare
    assert replace(order, allowances=()).totals == order.totals


def test_another_specification_promises_nothing_about_figures() -> None:
    lines = (replace(a_line(1), line_total=D("1.00")),)
    foreign = "urn:www.cenbii.eu:transaction:biicoretrdm001:ver1.0"
    order = replace(cfr1(), lines=lines, customization_id=foreign)
    assert order.lines == lines
    with pytest.raises(BadDocument):
        replace(order, customization_id=None)


@pytest.mark.parametrize(
    ("quantity", "price", "base", "total"),
    [
        ("3", "10.00", "1", "30.00"),
        ("1", "0.005", "1", "0.01"),
        ("1", "0.0049999", "1", "0.00"),
        ("250", "12.345", "100", "30.86"),
        ("1", "1", "3", "0.33"),
        ("0.333333", "0.000003", "1", "0.00"),
        ("999999999999.999999", "1", "1", "1000000000000.00"),
    ],
)
def test_a_line_is_rounded_half_up_and_once(quantity: str, price: str, base: str, total: str) -> None:
    assert str(line_total(D(quantity), D(price), D(base))) == total


def test_charges_and_allowances_of_a_line_are_in_its_total() -> None:
    assert line_total(D(3), D("10.005"), D(1), (PORT, DISCOUNT)) == D("37.52")


cents = st.decimals(0, 10_000, places=2)


@given(st.lists(cents, min_size=1, max_size=20), st.sampled_from([D("5.5"), D(10), D(20)]))
def test_vat_is_computed_once_on_the_sum_of_a_rate(amounts: list[Decimal], rate: Decimal) -> None:
    category = TaxCategory("S", rate)
    sums = totals_of([(amount, category) for amount in amounts])
    base = sum(amounts, D(0))
    assert [(vat.base, vat.amount) for vat in sums.vat] == [(base, round_half_up(base * rate / 100))]
    assert sums.totals.tax_inclusive == base + sums.tax_amount


def test_rates_are_summed_apart_and_charges_bear_their_own() -> None:
    reduced = TaxCategory("S", D("5.5"))
    lines = [
        (D("10.10"), VAT_20),
        (D("1.00"), reduced),
        (D("0.03"), TaxCategory("S", D("20.00"))),
        (D("7"), None),
    ]
    sums = totals_of(lines, (PORT, DISCOUNT))
    assert [(vat.category.percent, vat.base, vat.amount) for vat in sums.vat] == [
        (D(20), D("22.63"), D("4.53")),
        (D("5.5"), D("1.00"), D("0.06")),
    ]
    assert sums.totals == Totals(D("18.13"), D("30.22"), D("25.63"), D("30.22"), D("5.00"), D("12.50"))


@given(st.lists(st.tuples(cents, st.integers(1, 50)), min_size=1, max_size=10))
def test_an_order_made_with_these_totals_is_accepted(lines: list[tuple[Decimal, int]]) -> None:
    order = an_order(
        lines=tuple(a_line(i, str(count), str(price)) for i, (price, count) in enumerate(lines)),
        charges=(PORT,),
    )
    assert isinstance(order.lines[0], OrderLine)


@pytest.mark.parametrize(("value", "good"), [("1.10", True), ("1.100", True), ("1.101", False), ("NaN", False)])
def test_trailing_zeros_are_no_decimals(value: str, *, good: bool) -> None:
    assert fits(D(value), D("0.01")) is good
