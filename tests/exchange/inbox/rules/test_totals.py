"""What an order states must be what it comes to: a difference is a matter of the partner's policy, never of silence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_db.enums import HoldReason, PriceAction, PricePolicy
from intergestan_db.tables import Answer, Difference, SalesOrder
from intergestan_exchange.findings.findings import explain_all
from intergestan_exchange.inbox.decide import decide
from intergestan_exchange.inbox.decisions import Accepted, Held, Refused
from intergestan_msg.answer import AnswerCode, LineCode
from intergestan_msg.money import ZERO, Totals
from intergestan_msg.order import Order
from tests.desk import Desk
from tests.exchange.inbox.facts import facts, products_of
from tests.factories import a_line, an_order

FOREIGN = "urn:example:erp:order"


def foreign(**changes: Any) -> Order:
    """An order in a dialect that promises nothing about its figures: 3 × 10.00, 36.00 with VAT."""
    return replace(an_order("CFR1", (a_line(1),)), customization_id=FOREIGN, **changes)


def with_line_total(amount: str) -> Order:
    order = foreign()
    return replace(order, lines=(replace(order.lines[0], line_total=Decimal(amount)),), totals=None, tax_amount=None)


def found(decision: object) -> list[str | None]:
    assert isinstance(decision, Held | Refused | Accepted)
    return [each.variant for each in decision.findings if each.reason is HoldReason.TOTAL_DIFFERENCE]


def test_an_order_that_agrees_with_itself_is_accepted() -> None:
    for order in (foreign(), an_order(), foreign(totals=None, tax_amount=None)):
        assert isinstance(decide(order, facts(products_of(order))), Accepted)


def test_a_line_total_that_its_price_does_not_give() -> None:
    """A discount that nobody wrote down: 3 × 10.00 stated as 27.00."""
    order = with_line_total("27.00")
    ours = facts(products_of(order))
    held = decide(order, ours)
    assert isinstance(held, Held)
    assert found(held) == ["line"]
    assert "27.00" in explain_all(held.findings, "fr")
    assert "30.00" in explain_all(held.findings, "en")
    booked = decide(order, ours, frozenset({HoldReason.TOTAL_DIFFERENCE}))
    assert isinstance(booked, Accepted)
    assert (booked.total_ht, booked.code) == (Decimal(30), AnswerCode.CHANGED)
    assert [line.code for line in booked.answer_lines] == [LineCode.CHANGED]


@pytest.mark.parametrize(
    ("totals", "tax", "variant"),
    [
        (Totals(Decimal(28), Decimal("33.60")), None, "lines"),
        (Totals(Decimal(30), Decimal(36), Decimal(25), Decimal(36)), None, "ht"),
        (Totals(Decimal(30), Decimal("31.65"), Decimal(30), Decimal("31.65")), Decimal("1.65"), "vat"),
        (Totals(Decimal(30), Decimal(36), Decimal(30), Decimal(35)), Decimal(6), "ttc"),
        (Totals(Decimal(30), Decimal(40), Decimal(30), Decimal(36)), Decimal(6), "payable"),
        (Totals(Decimal(30), Decimal(26), prepaid=Decimal(10)), Decimal(6), None),
        (Totals(Decimal(30), Decimal(36), allowances=Decimal(5)), Decimal(6), "allowances"),
        (Totals(Decimal(30), Decimal(36), charges=Decimal(5)), Decimal(6), "charges"),
    ],
)
def test_totals_of_the_document(totals: Totals, tax: Decimal | None, variant: str | None) -> None:
    """The first total that differs is told; what follows from it would be noise."""
    order = foreign(totals=totals, tax_amount=tax)
    assert found(decide(order, facts(products_of(order)))) == ([variant] if variant else [])


def test_an_order_that_says_nothing_of_vat_is_to_be_paid_without_it() -> None:
    line = replace(a_line(1), item=replace(a_line(1).item, tax=None))
    order = foreign(lines=(line,), totals=Totals(Decimal(30), Decimal(30)), tax_amount=None)
    assert isinstance(decide(order, facts(products_of(order))), Accepted)


def test_an_allowance_that_only_the_totals_know() -> None:
    """Of Peppol's documents too: what is not written down as an allowance would not be booked."""
    totals = Totals(Decimal(30), Decimal(30), Decimal(25), Decimal(30), allowances=Decimal(5))
    order = replace(an_order("CFR1", (a_line(1),)), totals=totals, tax_amount=Decimal(5))
    assert found(decide(order, facts(products_of(order)))) == ["ht"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"price_action": PriceAction.HOLD}, Held),
        ({"price_action": PriceAction.REJECT}, Refused),
        ({"price_action": PriceAction.ACCEPT}, Accepted),
        ({"price_policy": PricePolicy.TAKE_THEIRS}, Accepted),
        ({"price_policy": PricePolicy.TAKE_OURS}, Accepted),
        ({"price_tolerance": Decimal(3)}, Accepted),
        ({"price_tolerance_percent": Decimal(10)}, Accepted),
    ],
)
def test_the_partners_price_policy_decides(policy: dict[str, Any], expected: type) -> None:
    order = with_line_total("27.00")
    decision = decide(order, facts(products_of(order), **policy))
    assert isinstance(decision, expected)
    within = "price_tolerance" in policy or "price_tolerance_percent" in policy
    assert found(decision) == ([] if within else ["line"])


@given(
    st.lists(
        st.tuples(
            st.decimals(min_value="0.01", max_value=1000, places=2), st.decimals(min_value=0, max_value=99, places=4)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_our_own_orders_never_differ(figures: list[tuple[Decimal, Decimal]]) -> None:
    lines = tuple(a_line(n, str(quantity), str(price)) for n, (quantity, price) in enumerate(figures, start=1))
    order = an_order(lines=lines)
    assert order.totals is not None
    assert found(decide(order, facts(products_of(order)))) == []
    off = replace(order.totals, payable=order.totals.payable + 100, rounding=ZERO)
    changed = replace(order, customization_id=FOREIGN, totals=off)
    assert found(decide(changed, facts(products_of(order)))) == ["payable"]


def test_what_was_accepted_all_the_same_is_in_the_answer_and_in_the_report(database: Database) -> None:
    desk = Desk(database)
    order = with_line_total("27.00")
    desk.know_products_of(order)
    facts_now = desk.facts(order)
    assert facts_now.partner.price_action is PriceAction.HOLD
    desk.set_policy(price_action="accept")
    desk.book(order)
    (sold,) = desk.rows(SalesOrder)
    (answer,) = desk.rows(Answer)
    (difference,) = desk.rows(Difference)
    assert (sold.total_ht, answer.code, difference.reason) == (30, "CA", "total_difference")
    assert "27.00" in answer.note
