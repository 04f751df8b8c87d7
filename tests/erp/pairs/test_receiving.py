"""Goods of another agency come in, and are the customers' for whom they were ordered (A45, A46, D50)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    GoodsReceiptLine,
    Invoice,
    Reservation,
    Stock,
    StockMove,
)
from intergestan_erp.selling.invoicing import invoice
from tests.erp.pairs.agencies import Arrivals
from tests.site_factories import NOW, SiteToTest


def test_case_3_of_the_seed(a_site: SiteToTest) -> None:
    """A46: 2 in transit, then 12 of which 3 are set aside in AB; the customer's order has all of it."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs(order=number)
    assert agencies.transit() == []
    note = agencies.send()
    assert agencies.transit() == [f"{note} RD>AB 2"]
    received = agencies.receive(note)
    assert received.number == "BR1"
    (line,) = received.lines
    assert [line.quantity, line.unit_cost, line.for_customers] == [2, 6, 2]
    assert agencies.stand().startswith("AB 12/3")
    assert agencies.cost("AB") == 6
    assert {f"{number} AB stock 1", f"{number} AB stock 2"} <= agencies.set_aside()
    assert agencies.transit() == []
    (move,) = a_site.rows(StockMove, reason="receipt")
    assert (move.quantity, move.document, move.unit_cost) == (2, "BR1", 6)


def test_twice_is_refused(a_site: SiteToTest) -> None:
    """D50: a line of a delivery note comes in once; so does one that is named."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs(order=number)
    note = agencies.send()
    agencies.receive(note)
    stood = agencies.stand()
    for wanted in (None, {1: Decimal(2)}):
        with pytest.raises(Problem) as refused:
            agencies.receive(note, wanted)
        assert refused.value.code is ProblemCode.RECEIVED_BEFORE
    assert agencies.stand() == stood


def test_all_that_an_order_brought_comes_in_by_its_number(a_site: SiteToTest) -> None:
    """D50: two delivery notes of CFR1 are one receipt; before anything left, and once all came, it is refused."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", "ALB0002=3", L1="RD=2:indirect", L2="RD=3:indirect"))
    with pytest.raises(Problem, match="Nothing of CFR1 has left yet"):
        agencies.receive("CFR1")
    assert [agencies.send(lines={"1": 2}), agencies.send(lines={"2": 1}), agencies.send()] == ["BL1", "BL2", "BL3"]
    agencies.receive("BL3")
    with pytest.raises(Problem, match="several delivery notes: BL1, BL2, BL3"):
        agencies.receive("CFR1", {1: Decimal(1)})
    received = agencies.receive("CFR1")
    assert (received.number, received.purchase_order) == ("BR2", "CFR1")
    assert [f"{each.delivery_note}/{each.position} {each.quantity:.0f}" for each in received.lines] == [
        *("BL1/1 2", "BL2/1 1"),
    ]
    assert agencies.stand().startswith("AB 15/5")
    with pytest.raises(Problem) as refused:
        agencies.receive("CFR1")
    assert refused.value.code is ProblemCode.RECEIVED_BEFORE


def test_what_came_less_stays_on_its_way(a_site: SiteToTest) -> None:
    """D50: 1 of 2 came: the other one is inbound still, and shown in transit."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs(order=number)
    note = agencies.send()
    agencies.receive(note, {1: Decimal(1)})
    assert {f"{number} AB stock 1", f"{number} AB inbound 1"} <= agencies.set_aside()
    assert agencies.transit() == [f"{note} RD>AB 1"]
    assert agencies.stand().startswith("AB 11/1")


def test_what_did_not_come_and_nobody_waits_for_is_not_on_its_way(a_site: SiteToTest) -> None:
    """D50: 1 of 2 came, and a line comes in once: choosing depots anew, or an order that ends, gives up the other one;
    what nobody has unpacked comes in whatever becomes of the orders.
    """
    agencies = Arrivals(a_site)
    first, second = (agencies.for_customer("ALB0002=2", L1="RD=2:indirect") for _ in range(2))
    notes = [
        agencies.send(pair.sales_order) for number in (first, second) for pair in agencies.order_pairs(order=number)
    ]
    for note in notes:
        agencies.receive(note, {1: Decimal(1)})
    assert len(agencies.transit()) == 2
    agencies.allocate(first, L1="AB=1")
    assert agencies.transit() == [f"{notes[1]} RD>AB 1"]
    agencies.cancel(second)
    assert agencies.transit() == []
    third = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    (pair,) = agencies.order_pairs(order=third)
    note = agencies.send(pair.sales_order)
    agencies.cancel(third)
    assert agencies.transit() == [f"{note} RD>AB 2"]
    agencies.receive(note, {1: Decimal(1)})
    assert agencies.transit() == []


def test_the_average_of_what_lay_there_and_what_came(a_site: SiteToTest) -> None:
    """D50: billable, 2 at 8.00 beside 10 at 6.00 cost 6.333333 each."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    with a_site.database.transaction() as connection:
        connection.execute(update(Stock).where(Stock.depot_id == agencies.ids["RD"]).values(average_cost=Decimal(8)))
    agencies.order_pairs(order=number)
    with a_site.database.transaction() as connection:
        connection.execute(update(AgencyOrder).values(billable=True))
    agencies.receive(agencies.send())
    assert agencies.cost("AB") == Decimal("6.333333")


def test_what_nobody_needs_any_more_is_free(a_site: SiteToTest) -> None:
    """D50: the goods come in all the same, and others may have them."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    note = agencies.send()
    with a_site.database.transaction() as connection:
        gone = {"state": "released", "ended_at": NOW}
        connection.execute(update(Reservation).where(Reservation.kind == "inbound").values(**gone))
        connection.execute(update(AgencyOrderLine).values(allocation_id=None))
    received = agencies.receive(note)
    assert len(received.freed.products) == 1
    assert agencies.stand().startswith("AB 12/0")


@pytest.mark.parametrize(
    ("note", "wanted", "here", "code"),
    [
        (None, None, "2/RD", ProblemCode.WRONG_PLACE),  # D62: it goes to AB
        (None, {1: "1"}, "2/RD", ProblemCode.WRONG_PLACE),
        (None, {1: "3"}, "1/AB", ProblemCode.NO_VALUE),
        (None, {1: "-1"}, "1/AB", ProblemCode.NO_VALUE),
        (None, {1: "0.5"}, "1/AB", ProblemCode.NO_VALUE),  # pieces
        (None, {1: "NaN"}, "1/AB", ProblemCode.NO_VALUE),
        (None, {2: "1"}, "1/AB", ProblemCode.NO_LINE),
        (None, {}, "1/AB", ProblemCode.NO_VALUE),
        ("BL9", None, "1/AB", ProblemCode.NO_DELIVERY),
    ],
)
def test_what_cannot_come(
    a_site: SiteToTest, note: str | None, wanted: dict[int, str] | None, here: str, code: ProblemCode
) -> None:
    """I13, D62: nothing is changed, and no number is used."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    sent = agencies.send()
    before = (agencies.stand(), agencies.set_aside())
    quantities = None if wanted is None else {line: Decimal(quantity) for line, quantity in wanted.items()}
    with pytest.raises(Problem) as refused:
        agencies.receive(note or sent, quantities, here)
    assert refused.value.code is code
    assert (agencies.stand(), agencies.set_aside()) == before
    assert not a_site.rows(GoodsReceiptLine)
    assert agencies.receive(sent).number == "BR1"


def test_nothing_of_a_line_came(a_site: SiteToTest) -> None:
    """D50: all of it stays inbound; the line cannot come in later."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs(order=number)
    note = agencies.send()
    agencies.receive(note, {1: Decimal(0)})
    assert f"{number} AB inbound 2" in agencies.set_aside()
    assert agencies.transit() == [f"{note} RD>AB 2"]


def test_what_is_not_to_be_invoiced_is_not_invoiced_by_hand_either(a_site: SiteToTest) -> None:
    """I11, A15: between agencies of one company goods go without an invoice; neither note nor order makes one."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    note = agencies.send()
    for number in (note, "CCL2"):
        with pytest.raises(Problem) as refused, a_site.database.transaction() as connection:
            invoice(connection, [number], by="marie", at=NOW)
        assert refused.value.code is ProblemCode.NOT_BILLABLE
    assert not a_site.rows(Invoice)
