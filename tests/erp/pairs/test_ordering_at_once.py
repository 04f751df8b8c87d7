"""Processes that order between agencies at once: each allocation is ordered once, two orders for each pair made."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from subprocess import PIPE

import pytest

from intergestan_db.tables import AgencyOrder, AgencyOrderLine, PurchaseOrder, SalesOrder
from tests import warm
from tests.erp.pairs.agencies import Agencies
from tests.patience import PATIENCE
from tests.site_factories import SiteToTest

ORDERS = 6


@pytest.mark.race
def test_all_at_once_and_one_by_one(a_site: SiteToTest) -> None:
    """A40, A41, A43, I6: all that waits, twice, against single orders: nothing twice, nothing left, no deadlock."""
    agencies = Agencies(a_site, "10 20 20")
    numbers = [agencies.for_customer("ALB0002=3", L1="AB=1 RD=1:indirect ABL=1:indirect") for _ in range(ORDERS)]
    said = at_once(a_site.database.url, ["-", "-", numbers[0], numbers[-1]])
    made = [line for lines in said for line in lines]
    pairs = a_site.rows(AgencyOrder)
    assert len(made) == len(pairs) == len(a_site.rows(PurchaseOrder))
    assert len(a_site.rows(SalesOrder)) == ORDERS + len(pairs)
    assert len({row.allocation_id for row in a_site.rows(AgencyOrderLine)}) == 2 * ORDERS
    assert agencies.order_pairs() == []
    assert agencies.stand() == f"AB 10/{ORDERS}, RD 20/{ORDERS}, ABL 20/{ORDERS}"
    assert sum(agencies.reserved().values()) == 3 * ORDERS
    assert sorted(row.number for row in a_site.rows(PurchaseOrder)) == [f"CFR{n}" for n in range(1, len(pairs) + 1)]


def at_once(url: str, wanted: list[str]) -> list[list[str]]:
    """What each of the processes said, which began at the same moment."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                warm.Popen(
                    [sys.executable, "-m", "tests.erp.pairs.ordering_process", url, each],
                    stdin=PIPE,
                    stdout=PIPE,
                    text=True,
                )
            )
            for each in wanted
        ]
        for process in processes:
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=PATIENCE)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(wanted)
    return said
