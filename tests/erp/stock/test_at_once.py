"""Several clerks at once, as real processes: nothing is set aside twice, and nobody waits in a circle (A05, A32)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.at_once import at_once
from tests.erp.stock.depots import Depots
from tests.site_factories import SiteToTest

CLERKS, ORDERS = 8, 5


def together(url: str, choice: str, clerks: Sequence[Sequence[str]]) -> list[str]:
    """What each clerk is told of each of their orders."""
    said = at_once("tests.erp.stock.allocating", *((url, choice, *orders) for orders in clerks))
    return ["\n".join(lines) for lines in said]


@pytest.mark.race
def test_the_last_unit(a_site: SiteToTest) -> None:
    """A32: two clerks choose the last one; one gets it, the other is told what is left."""
    depots = Depots(a_site, "0 1 0")
    orders = [depots.enter("ALB0002=1").number for _ in range(2)]
    assert sorted(together(a_site.database.url, "RD=1", [[order] for order in orders])) == ["full", "refused"]
    assert depots.stand() == "AB 0/0, RD 1/1, ABL 0/0"


@pytest.mark.race
def test_clerks_who_take_two_products_the_other_way_round(a_site: SiteToTest) -> None:
    """D45, I2: orders with the same two products in opposite lines; no deadlock, each unit once, the rest remains."""
    depots = Depots(a_site, "7 5 3")
    for depot, quantity in (("AB", "4"), ("RD", "8"), ("ABL", "3")):
        depots.comes(depot, quantity, "VRAC")
    lines = ("ALB0002=1", "VRAC=1")
    clerks = [
        [depots.enter(*(lines if clerk % 2 else reversed(lines))).number for _ in range(ORDERS)]
        for clerk in range(CLERKS)
    ]
    said = " ".join(together(a_site.database.url, "-", clerks)).split()
    assert len(said) == CLERKS * ORDERS
    assert 0 < said.count("full") <= 15
    for order in (order for orders in clerks for order in orders):
        depots.allocate(order)  # whoever lost three times in a row has left something
    assert depots.stand() == "AB 7/7, RD 5/5, ABL 3/3"
    assert depots.stand("VRAC") == "AB 4/4, RD 8/8, ABL 3/3"
    assert sum(depots.reserved().values()) == 30
