"""A sales order in review: a clerk accepts or refuses it, and the buyer is told (`design.md` §5, §10)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Answer,
    Event,
    Ledger,
    OutboundMail,
    Product,
    ProductMatch,
    ReviewReply,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.selling.deliveries import deliver
from intergestan_exchange.holds import review
from tests.desk import Desk
from tests.factories import a_line, an_order


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    desk.set_policy(acceptance="review")
    return desk


def act(desk: Desk, what: Any, *arguments: Any) -> Bells:
    with desk.base.transaction() as connection:
        bells = what(connection, *arguments, by="anne", at=desk.base.now())
    assert isinstance(bells, Bells)
    return bells


def answers(desk: Desk) -> list[tuple[int, str, str | None]]:
    return [(row.n, row.code, row.sales_order_number) for row in desk.rows(Answer)]


def test_accepting_answers_that_all_is_as_asked(desk: Desk) -> None:
    order = an_order("A1", 2)
    desk.know_products_of(order)
    booked, _ = desk.book(order)
    with pytest.raises(Problem, match="review"), desk.base.transaction() as connection:
        deliver(connection, "CCL1", None, by="anne", at=desk.base.now())
    bells = act(desk, review.accept, "CCL1", {})
    assert [row.state for row in desk.rows(SalesOrder)] == ["accepted"]
    assert answers(desk) == [(1, "AB", "CCL1"), (2, "AP", "CCL1")]
    (mail,) = desk.rows(OutboundMail, id=bells.compose[0])
    assert (mail.kind, mail.in_reply_to_id) == ("answers", booked.transfer_id)
    assert desk.rows(ReviewReply) == []
    assert desk.rows(Event, subject="sales_order", name="accept")[0].who == "anne"
    with pytest.raises(Problem, match="accepted"):
        act(desk, review.accept, "CCL1", {})


def test_accepting_tells_what_is_not_as_asked(desk: Desk) -> None:
    """Our price is booked, so the answer is CA with every line."""
    order = an_order("A1", 2)
    desk.know_products_of(order)
    desk.set_policy(price_policy="take_ours")
    with desk.base.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "CAS0001").values(sale_price=Decimal(7)))
    desk.book(order)
    act(desk, review.accept, "CCL1", {})
    last = desk.rows(Answer)[-1]
    assert (last.code, [line["code"] for line in last.lines]) == ("CA", ["3", "5"])
    assert "10.5" in last.note


def test_a_parked_line_needs_a_product(desk: Desk) -> None:
    known, strange = a_line(1), a_line(2)
    strange = replace(strange, item=replace(strange.item, sellers_id="X-77", buyers_id=None, standard_id=None))
    desk.know_products_of(an_order("known", (known, a_line(3))))
    desk.set_policy(unknown_product="park_line", acceptance="accept")
    desk.book(an_order("A1", (known, strange)))
    for products, told in (
        ({}, "L2"),
        ({"L1": "CAS0003"}, "L1"),
        ({"L2": "NONE"}, "NONE"),
    ):
        with pytest.raises(Problem, match=told):
            act(desk, review.accept, "CCL1", products)
    act(desk, review.accept, "CCL1", {"L2": "CAS0003"})
    assert [row.product_code for row in desk.rows(SalesOrderLine)] == ["CAS0001", "CAS0003"]
    assert [row.their_code for row in desk.rows(ProductMatch)] == ["X-77"], "remembered"
    assert answers(desk)[-1] == (2, "AP", "CCL1")
    desk.book(an_order("A2", (replace(strange, id="L1"),)))
    assert [row.state for row in desk.rows(SalesOrder)] == ["accepted", "accepted"]


def test_a_product_in_another_unit_is_not_taken_for_a_parked_line(desk: Desk) -> None:
    desk.know_products_of(an_order("known", (a_line(3),)))
    desk.set_policy(unknown_product="park_line")
    with desk.base.transaction() as connection:
        connection.execute(update(Product).values(unit="KGM"))
    desk.book(an_order("A1", (a_line(1),)))
    with pytest.raises(Problem, match="KGM"):
        act(desk, review.accept, "CCL1", {"L1": "CAS0003"})
    assert desk.rows(ProductMatch) == []


def test_refusing_cancels_and_tells_why(desk: Desk) -> None:
    order = an_order("A1", 2)
    desk.know_products_of(order)
    _, transfer = desk.book(order)
    act(desk, review.refuse, "CCL1", "Plus de stock.")
    assert [row.state for row in desk.rows(SalesOrder)] == ["cancelled"]
    assert [row.outcome for row in desk.rows(Ledger)] == ["rejected"]
    assert answers(desk)[-1] == (2, "RE", "CCL1")
    assert desk.rows(Answer)[-1].note == "Plus de stock."
    desk.book(order, transfer=transfer)
    assert len(desk.rows(SalesOrder)) == 1, "the same document again is a duplicate"
    with pytest.raises(Problem, match="cancelled"):
        act(desk, review.refuse, "CCL1", None)


def test_after_a_refusal_the_order_may_come_anew(desk: Desk) -> None:
    """A new attempt after a rejection has the next revision (`design.md` §5)."""
    order = an_order("A1", 2)
    desk.know_products_of(order)
    desk.book(order)
    act(desk, review.refuse, "CCL1", None)
    desk.book(order, revision=1)
    assert [(row.number, row.state) for row in desk.rows(SalesOrder)] == [("CCL1", "cancelled"), ("CCL2", "review")]
    act(desk, review.accept, "CCL2", {})
    assert answers(desk)[-1] == (4, "AP", "CCL2")
    assert [row.revision for row in desk.rows(Answer)] == [0, 0, 1, 1], "each says which attempt it answers"
