"""A pair is taken back: what was handed over goes back, and is ordered once more or not (A43, A45)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    AgencyOrderLine,
    Event,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.stock.allocate import NewLine, release_lines
from tests.databases import as_service
from tests.erp.pairs.agencies import Arrivals
from tests.site_factories import NOW, SiteToTest


@pytest.mark.parametrize("number", ["CFR1", "CCL3"])
def test_all_is_as_before(a_site: SiteToTest, number: str) -> None:
    """A45: of two customers' orders; stock is never free in between; it may be ordered once more."""
    agencies = Arrivals(a_site)
    first = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.for_customer("ALB0002=1", L1="RD=1:indirect")
    before = (agencies.set_aside(), agencies.stand())
    agencies.order_pairs()
    cancelled = agencies.cancel_pair(number)
    assert (cancelled.purchase_order, cancelled.sales_order) == ("CFR1", "CCL3")
    assert (agencies.set_aside(), agencies.stand()) == before
    assert a_site.row(PurchaseOrder).state == "cancelled"
    assert a_site.row(SalesOrder, number="CCL3").state == "cancelled"
    assert not a_site.rows(AgencyOrderLine)
    assert {row.subject for row in a_site.rows(Event, name="pair_cancel")} == {"purchase_order", "sales_order"}
    (made,) = agencies.order_pairs(order=first)
    assert (made.purchase_order, made.sales_order) == ("CFR2", "CCL4")


def test_what_cannot_be_cancelled(a_site: SiteToTest) -> None:
    """I13: once something left, twice, or what is no pair; nothing is changed."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    agencies.send()
    before = agencies.set_aside()
    for wanted, code in (("CFR1", ProblemCode.GOODS_LEFT), (number, ProblemCode.NO_PAIR), ("X", ProblemCode.NO_PAIR)):
        with pytest.raises(Problem) as refused:
            agencies.cancel_pair(wanted)
        assert refused.value.code is code
    assert agencies.set_aside() == before


def test_twice_is_refused(a_site: SiteToTest) -> None:
    agencies = Arrivals(a_site)
    agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    agencies.cancel_pair("CFR1")
    with pytest.raises(Problem) as refused:
        agencies.cancel_pair("CFR1")
    assert refused.value.code is ProblemCode.OTHER_STATE


def test_the_customer_cancels_before_it_left(a_site: SiteToTest) -> None:
    """A45: the pair's lines shrink on both sides, in the same act; an empty pair is cancelled."""
    agencies = Arrivals(a_site)
    first = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    second = agencies.for_customer("ALB0002=1", "ALB0002=2", L1="RD=1:indirect", L2="RD=2:indirect")
    agencies.order_pairs()
    agencies.cancel(first)
    assert agencies.stand() == "AB 10/0, RD 10/3, ABL 10/0"
    assert agencies.set_aside() == {
        *(f"{second} AB inbound 1", f"{second} AB inbound 2", "CCL3 RD stock 1", "CCL3 RD stock 2"),
    }
    for table, kind in ((PurchaseOrderLine, PurchaseOrder), (SalesOrderLine, SalesOrder)):
        own = [row for row in a_site.rows(table) if row.total and row.line_id in {"1", "2", "3"}]
        assert [(row.line_id, row.quantity, row.total) for row in own] == [("2", 1, 6), ("3", 2, 12)]
        assert a_site.row(kind, number="CFR1" if kind is PurchaseOrder else "CCL3").total_ht == 18
    agencies.cancel(second)
    assert agencies.stand() == "AB 10/0, RD 10/0, ABL 10/0"
    assert a_site.row(PurchaseOrder).state == "cancelled"
    assert a_site.row(SalesOrder, number="CCL3").state == "cancelled"
    assert agencies.set_aside() == set()


def test_a_part_is_taken_from_another_depot(a_site: SiteToTest) -> None:
    """A32, A45: a new choice for the line gives back what a pair was to bring, and the rest is ordered anew."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs()
    agencies.allocate(number, L1="AB=1 ABL=1 RD=1:indirect")
    assert agencies.set_aside() == {f"{number} AB stock 1", f"{number} ABL stock 1", f"{number} RD stock 1"}
    assert a_site.row(PurchaseOrder).state == "cancelled"
    (made,) = agencies.order_pairs()
    assert [line.pending.quantity for line in made.lines] == [1]


def test_what_left_comes_in_as_free_stock(a_site: SiteToTest) -> None:
    """D50: the customer chooses anew once the goods are on their way: the pair stays, and its goods are free."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    note = agencies.send()
    assert agencies.stand() == "AB 10/0, RD 8/0, ABL 10/0"
    agencies.allocate(number, L1="AB=2")
    assert a_site.row(PurchaseOrder).state == "accepted"
    received = agencies.receive(note)
    assert received.lines[0].for_customers == 0
    assert agencies.stand() == "AB 12/2, RD 8/0, ABL 10/0"


def test_what_came_in_is_given_back_where_it_lies(a_site: SiteToTest) -> None:
    """I3: after the receipt the customer's goods are set aside in AB, and freed there."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    agencies.receive(agencies.send())
    assert agencies.stand() == "AB 12/2, RD 8/0, ABL 10/0"
    agencies.cancel(number)
    assert agencies.stand() == "AB 12/0, RD 8/0, ABL 10/0"


def test_the_customer_reduces_by_mail(a_site: SiteToTest) -> None:
    """A45: the importer may do that with the rights of its role; what is on its way is given up first."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.for_customer("ALB0002=1", L1="RD=1:indirect")
    agencies.order_pairs()
    (line,) = [row for row in a_site.rows(SalesOrderLine) if row.line_id == "L1" and row.quantity == 3]
    importer = as_service(a_site.database, "importer")
    for quantity, left in ((Decimal(2), {"CCL3 RD stock 1"}), (Decimal(0), {"CCL3 RD stock 1"})):
        with importer.transaction() as connection:
            release_lines(connection, {line.id: NewLine(quantity=quantity)}, by="importer", at=NOW)
        assert left <= agencies.set_aside()
    assert not {each for each in agencies.set_aside() if each.startswith(f"{number} ")}
    assert a_site.row(PurchaseOrder).total_ht == 6
    with importer.transaction() as connection:
        (other,) = [row for row in a_site.rows(SalesOrderLine) if row.line_id == "L1" and row.quantity == 1]
        release_lines(connection, {other.id: NewLine()}, by="importer", at=NOW)
    assert a_site.row(PurchaseOrder).state == "cancelled"
    assert agencies.stand() == "AB 10/0, RD 10/0, ABL 10/0"
