"""Units, remembered matches and the report of differences, as the importer meets them."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.enums import HoldReason, PricePolicy, UnknownProduct
from intergestan_db.problem import Problem
from intergestan_db.tables import Answer, Difference, Event, Partner, Product, SalesOrderLine
from intergestan_exchange.findings.findings import explain_all
from intergestan_exchange.inbox.decide import decide
from intergestan_exchange.inbox.decisions import Accepted, Held
from intergestan_exchange.inbox.differences import Selection, refuse_differences, report
from intergestan_exchange.partners.product_matches import list_matches, remember_match
from intergestan_msg.answer import AnswerCode, LineCode
from intergestan_msg.money import Price, line_total
from intergestan_msg.order import Identifier, Order
from intergestan_msg.unit_factors import SIZES, factor
from tests.clock import Clock
from tests.desk import Desk
from tests.exchange.inbox.facts import facts, product
from tests.factories import a_line, an_order

pytestmark = pytest.mark.mainly_on("sqlite")


def one_line(quantity: str = "3", amount: str = "10.00", **changes: Any) -> Order:
    """An order of CAS0001, without totals."""
    line = a_line(1, quantity, amount)
    order = an_order("CFR1", (line,))
    return replace(order, lines=(replace(line, line_total=None, **changes),), totals=None, tax_amount=None)


def in_unit(unit: str, price: str, **policy: Any) -> Any:
    return facts({"CAS0001": replace(product("CAS0001", price), unit=unit)}, **policy)


@pytest.mark.parametrize(
    ("theirs", "quantity", "price", "ours", "our_price", "booked"),
    [
        ("DZN", "2", "120", "C62", "10", ("24", "120", "12")),
        ("C62", "6", "10", "DZN", "120", ("0.5", "120", None)),
        ("GRM", "1500", "0.02", "KGM", "20", ("1.5", "0.02", "0.001")),
        ("TNE", "0.25", "1000", "KGM", "1", ("250", "1000", "1000")),
        ("EA", "3", "10", "C62", "10", ("3", "10", "1")),
        ("MGM", "1000000000", "0.000001", "TNE", "1000", ("1", "1000", "1")),
    ],
)
def test_a_line_in_another_unit_is_booked_in_ours(
    theirs: str, quantity: str, price: str, ours: str, our_price: str, booked: tuple[str, str, str | None]
) -> None:
    """Rec 20: the amount of the line stays; the price is compared in our unit."""
    order = one_line(quantity, price, unit=theirs)
    decision = decide(order, in_unit(ours, our_price))
    assert isinstance(decision, Accepted)
    (line,) = decision.lines
    assert (line.unit, line.quantity) == (ours, Decimal(booked[0]))
    if booked[2] is not None:
        assert (line.price, line.base_quantity) == (Decimal(booked[1]), Decimal(booked[2]))
    assert line.total == line_total(Decimal(quantity), Decimal(price))
    assert decision.code is AnswerCode.ACCEPTED
    told = [(finding.reason, finding.variant) for finding in decision.findings]
    same_figure = Decimal(quantity) == line.quantity
    assert told == ([] if same_figure else [(HoldReason.UNIT_MISMATCH, "converted")])


@pytest.mark.parametrize(("theirs", "ours"), [("KGM", "C62"), ("C62", "DZN"), ("XBX", "C62"), ("C62", "XBX")])
def test_what_cannot_be_said_exactly_is_held(theirs: str, ours: str) -> None:
    """With its sentence; no waiver makes kilograms of pieces."""
    decision = decide(one_line("5", unit=theirs), in_unit(ours, "10"), frozenset(HoldReason))
    assert isinstance(decision, Held)
    assert [finding.reason for finding in decision.findings] == [HoldReason.UNIT_MISMATCH]
    assert f"5 {theirs}" in explain_all(decision.findings, "fr")


def test_a_price_for_another_unit_than_the_line() -> None:
    """UBL BaseQuantity@unitCode: 5 kg at 2.00 for 100 g are 100.00."""
    order = one_line("5", price=Price(Decimal(2), Decimal(100), "GRM"), unit="KGM")
    decision = decide(order, in_unit("KGM", "20"))
    assert isinstance(decision, Accepted)
    assert decision.lines[0].total == 100
    strange = one_line("5", price=Price(Decimal(2), Decimal(100), "LTR"), unit="KGM")
    assert isinstance(decide(strange, in_unit("KGM", "20")), Held)


def test_our_price_goes_back_in_their_unit() -> None:
    """CA: quantity, unit and price as the buyer counts; what is booked stands in the note."""
    order = one_line("2", "100", unit="DZN")
    decision = decide(order, in_unit("C62", "10", price_policy=PricePolicy.TAKE_OURS))
    assert isinstance(decision, Accepted)
    booked = decision.lines[0]
    assert [booked.quantity, booked.price, decision.total_ht] == [24, 10, 240]
    (line,) = decision.answer_lines
    assert (line.code, line.quantity, line.unit) == (LineCode.CHANGED, Decimal(2), "DZN")
    assert line.price is not None
    assert line.price / line.base_quantity == 120
    assert explain_all(decision.findings, "en") == (
        "Line L1: CAS0001: 2 DZN are booked as 24 C62. Line L1: CAS0001: the order says 8.333333 EUR, our price is 10."
    )


def test_the_tolerance_is_per_our_unit() -> None:
    order = one_line("1", "120.12", unit="DZN")
    assert isinstance(decide(order, in_unit("C62", "10")), Accepted)
    assert isinstance(decide(one_line("1", "120.13", unit="DZN"), in_unit("C62", "10")), Held)


@given(
    quantity=st.integers(1, 10**9).map(lambda digits: Decimal(digits).scaleb(-6)),
    amount=st.integers(0, 10**9).map(lambda digits: Decimal(digits).scaleb(-6)),
    base=st.sampled_from(["1", "12", "100", "0.5"]).map(Decimal),
    theirs=st.sampled_from(sorted(SIZES)),
    ours=st.sampled_from(sorted(SIZES)),
    policy=st.sampled_from(PricePolicy),
)
def test_no_conversion_makes_or_loses_anything(
    quantity: Decimal, amount: Decimal, base: Decimal, theirs: str, ours: str, policy: PricePolicy
) -> None:
    """Booked is exactly what was ordered, or it is held; at their price the line costs what they said."""
    order = one_line(str(quantity), unit=theirs, price=Price(amount, base))
    decision = decide(order, in_unit(ours, "10", price_policy=policy), frozenset(HoldReason))
    times = factor(theirs, ours)
    if isinstance(decision, Held):
        assert [finding.reason for finding in decision.findings] in (["unit_mismatch"], ["bad_document"])
        return
    assert isinstance(decision, Accepted)
    assert times is not None
    (line,) = decision.lines
    assert line.unit == ours
    assert Fraction(line.quantity) == Fraction(quantity) * times
    if policy is not PricePolicy.TAKE_OURS:
        assert line.total == line_total(quantity, amount, base)
        assert decision.code is AnswerCode.ACCEPTED
    for answered in decision.answer_lines:
        assert (answered.quantity, answered.unit) == (quantity, theirs)
        if answered.price is not None:
            per_their_unit = Fraction(answered.price) / Fraction(answered.base_quantity)
            assert per_their_unit in (Fraction(10) * times, Fraction(10))


# -- remembered matches ----------------------------------------------------------------------------------------


def match(desk: Desk, theirs: str, ours: str) -> None:
    with desk.base.transaction() as connection:
        product_id = connection.execute(select(Product.id).where(Product.code == ours)).scalar_one()
        remember_match(connection, desk.partner_id, theirs, product_id, by="marie", at=desk.base.now())


def foreign(number: str = "CFR1", code: str = "ART-9") -> Order:
    """An order of a product by a code that is only theirs."""
    line = a_line(1)
    return an_order(
        number, (replace(line, item=replace(line.item, buyers_id=code, sellers_id=None, standard_id=None)),)
    )


def booked_products(desk: Desk) -> list[str | None]:
    return [row.product_code for row in desk.rows(SalesOrderLine)]


def test_a_match_is_remembered_for_its_partner(base: Database) -> None:
    """What a person said once counts in the next order, and only for this partner's codes."""
    desk = Desk(base)
    desk.know_products_of(an_order("X", 2))
    with base.transaction() as connection:
        connection.execute(update(Partner).values(price_policy=PricePolicy.TAKE_THEIRS))
    held, transfer = desk.book(foreign())
    assert held.outcomes == ("held",)
    match(desk, "ART-9", "CAS0001")
    again, _ = desk.book(foreign(), transfer=transfer)
    assert again.outcomes == ("created",)
    match(desk, "ART-9", "CAS0002")
    desk.book(foreign("CFR2"))
    assert booked_products(desk) == ["CAS0001", "CAS0002"]
    with base.read() as connection:
        assert [asdict(row) for row in list_matches(connection, desk.partner_id)] == [
            {"their_code": "ART-9", "code": "CAS0002", "name": "CAS0002"}
        ]
    assert [row.detail["product"] for row in desk.rows(Event, name="match")] == ["CAS0001", "CAS0002"]


def test_a_match_wins_over_a_code_that_is_ours_by_chance(base: Database) -> None:
    desk = Desk(base)
    desk.know_products_of(an_order("X", 2))
    match(desk, "CAS0001", "CAS0002")
    with base.transaction() as connection:
        connection.execute(update(Partner).values(price_policy=PricePolicy.TAKE_THEIRS))
    desk.book(foreign(code="CAS0001"))
    assert booked_products(desk) == ["CAS0002"]


def test_a_match_with_a_product_out_of_use_is_none(base: Database) -> None:
    desk = Desk(base)
    desk.know_products_of(an_order("X", 1))
    match(desk, "ART-9", "CAS0001")
    with base.transaction() as connection:
        connection.execute(update(Product).values(active=False))
    booked, _ = desk.book(foreign())
    assert booked.outcomes == ("held",)


def test_by_our_code_theirs_and_gtin(base: Database) -> None:
    """G05: each of the ways by itself."""
    desk = Desk(base)
    with base.transaction() as connection:
        row = {"code": "CAS0001", "name": "x", "unit": "C62", "sale_price": Decimal(10), "vat_rate": Decimal(20)}
        connection.execute(insert(Product).values(**row, gtin="3000000000001"))
    line = a_line(1)
    bare = replace(line.item, buyers_id=None, sellers_id=None, standard_id=None)
    for number, item in enumerate(
        (
            replace(bare, sellers_id="CAS0001"),
            replace(bare, buyers_id="CAS0001"),
            replace(bare, buyers_id="THEIRS", standard_id=Identifier("3000000000001", "0160")),
        )
    ):
        desk.book(an_order(f"N{number}", (replace(line, item=item),)))
    assert booked_products(desk) == ["CAS0001"] * 3


@pytest.mark.parametrize("code", ["", "x" * 61])
def test_what_is_no_code(base: Database, code: str) -> None:
    desk = Desk(base)
    with pytest.raises(Problem), base.transaction() as connection:
        remember_match(connection, desk.partner_id, code, 1, by="marie", at=base.now())


# -- the report ------------------------------------------------------------------------------------------------


def reported(desk: Desk, **wanted: Any) -> list[tuple[str, str | None, str, str]]:
    with desk.base.read() as connection:
        return [
            (each.order, each.sales_order, each.outcome, each.finding.reason)
            for each in report(connection, Selection(**wanted)).rows
        ]


def test_every_difference_is_in_the_answer_and_in_the_report(base: Database, clock: Clock) -> None:
    """Held, then booked after all: what was found first is out of date."""
    desk = Desk(base)
    order = an_order("CFR1", 2)
    desk.know_products_of(order)
    with base.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "CAS0001").values(sale_price=Decimal(11)))
        connection.execute(update(Product).where(Product.code == "CAS0002").values(vat_rate=Decimal("5.5")))
    _, transfer = desk.book(order)
    assert reported(desk) == [
        ("CFR1", None, "held", "price_difference"),
        ("CFR1", None, "held", "vat_difference"),
    ]
    clock.move(hours=1)
    with base.transaction() as connection:
        connection.execute(update(Partner).values(price_policy=PricePolicy.TAKE_OURS))
    desk.book(order, transfer=transfer)
    assert reported(desk) == [
        ("CFR1", "CCL1", "created", "price_difference"),
        ("CFR1", "CCL1", "created", "vat_difference"),
    ]
    note = desk.rows(Answer)[-1].note
    assert "10.5" in note
    assert "5.5 %" in note
    assert reported(desk, first=base.now()) == reported(desk)
    assert reported(desk, before=base.now()) == []
    assert reported(desk, partner_id=desk.partner_id) == reported(desk)
    assert reported(desk, partner_id=desk.partner_id + 1) == []
    desk.book(order, transfer=transfer)
    assert len(desk.rows(Difference)) == 2


def test_an_order_as_asked_leaves_nothing(base: Database) -> None:
    desk = Desk(base)
    order = an_order("CFR1", 3)
    desk.know_products_of(order)
    desk.book(order)
    assert reported(desk) == []


def test_parked_refused_and_converted(base: Database) -> None:
    desk = Desk(base)
    desk.know_products_of(an_order("X", 1))
    with base.transaction() as connection:
        connection.execute(update(Partner).values(unknown_product=UnknownProduct.PARK_LINE))
    desk.book(foreign("PARKED"))
    with base.transaction() as connection:
        connection.execute(update(Partner).values(unknown_product=UnknownProduct.REJECT))
    desk.book(foreign("REJECTED"))
    line = replace(a_line(1, "2", "120.00"), unit="DZN")
    with base.transaction() as connection:
        connection.execute(update(Product).values(sale_price=Decimal(10)))
    desk.book(an_order("DOZENS", (line,)))
    assert reported(desk) == [
        ("PARKED", "CCL1", "created", "unknown_product"),
        ("REJECTED", None, "rejected", "unknown_product"),
        ("DOZENS", "CCL2", "created", "unit_mismatch"),
    ]
    assert "2 DZN" in desk.rows(Answer)[-1].note
    with base.transaction() as connection:
        refuse_differences(connection, desk.partner_id, "PARKED")
    assert reported(desk)[0][2] == "rejected"
