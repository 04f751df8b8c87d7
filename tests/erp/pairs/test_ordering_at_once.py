"""Processes that order between agencies at once: each allocation is ordered once, two orders for each pair made."""

from __future__ import annotations

import pytest

from intergestan_db.tables import AgencyOrder, AgencyOrderLine, PurchaseOrder, SalesOrder
from tests.at_once import at_once
from tests.erp.pairs.agencies import Agencies
from tests.site_factories import SiteToTest

ORDERS = 6


@pytest.mark.race
def test_all_at_once_and_one_by_one(a_site: SiteToTest) -> None:
    """A40, A41, A43, I6: all that waits, twice, against single orders: nothing twice, nothing left, no deadlock."""
    agencies = Agencies(a_site, "10 20 20")
    numbers = [agencies.for_customer("ALB0002=3", L1="AB=1 RD=1:indirect ABL=1:indirect") for _ in range(ORDERS)]
    wanted = ["-", "-", numbers[0], numbers[-1]]
    said = at_once("tests.erp.pairs.ordering_process", *((a_site.database.url, each) for each in wanted))
    made = [line for lines in said for line in lines]
    pairs = a_site.rows(AgencyOrder)
    assert len(made) == len(pairs) == len(a_site.rows(PurchaseOrder))
    assert len(a_site.rows(SalesOrder)) == ORDERS + len(pairs)
    assert len({row.allocation_id for row in a_site.rows(AgencyOrderLine)}) == 2 * ORDERS
    assert agencies.order_pairs() == []
    assert agencies.stand() == f"AB 10/{ORDERS}, RD 20/{ORDERS}, ABL 20/{ORDERS}"
    assert sum(agencies.reserved().values()) == 3 * ORDERS
    assert sorted(row.number for row in a_site.rows(PurchaseOrder)) == [f"CFR{n}" for n in range(1, len(pairs) + 1)]
