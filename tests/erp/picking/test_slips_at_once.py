"""Several processes prepare and deliver at once: nothing is prepared or leaves twice (A52, I5, I13)."""

from __future__ import annotations

import pytest

from intergestan_db.tables import DeliveryNote, PickingSlip, PickingSlipLine, SalesOrder, StockMove
from tests.at_once import at_once
from tests.erp.picking.preparing import Preparing
from tests.site_factories import SiteToTest

MODULE = "tests.erp.picking.slip_process"
ORDERS = 4


@pytest.mark.race
def test_validated_twice_at_once(a_site: SiteToTest) -> None:
    """A35, A52: each slip becomes one note, whoever validates it; notes are numbered without a gap."""
    agencies = Preparing(a_site, "50 0 0")
    for _ in range(ORDERS):
        agencies.make(agencies.for_customer("ALB0002=2"))
    for number in range(1, ORDERS + 1):
        agencies.ready(f"BP{number}")
    said = at_once(MODULE, *[(a_site.database.url, "validate")] * 3)
    notes = dict(line.split() for lines in said for line in lines)
    assert sum(map(len, said)) == len(notes) == ORDERS
    assert sorted(notes.values()) == sorted(row.number for row in a_site.rows(DeliveryNote))
    assert set(notes.values()) == {f"BL{number}" for number in range(1, ORDERS + 1)}
    assert agencies.stand() == f"AB {50 - 2 * ORDERS}/0, RD 0/0, ABL 0/0"
    assert sum(row.quantity for row in a_site.rows(StockMove)) == -2 * ORDERS
    agencies.check()


@pytest.mark.race
def test_made_twice_at_once(a_site: SiteToTest) -> None:
    """A34: what is set aside stands on one slip, whoever makes it."""
    agencies = Preparing(a_site, "50 0 0")
    orders = [agencies.for_customer("ALB0002=2") for _ in range(ORDERS)]
    said = at_once(MODULE, *((a_site.database.url, "make", *some) for some in (orders, orders[::-1], orders)))
    assert sorted(slip for lines in said for slip in lines) == sorted(row.number for row in a_site.rows(PickingSlip))
    assert len(a_site.rows(PickingSlipLine)) == ORDERS


@pytest.mark.race
def test_left_or_cancelled(a_site: SiteToTest) -> None:
    """A35, A52: an order is cancelled with its slip, or its goods leave; never both."""
    agencies = Preparing(a_site, "50 0 0")
    for place in range(1, ORDERS + 1):
        number = agencies.for_customer("ALB0002=2")
        agencies.make(number)
        agencies.enter_found(f"BP{place}")
        leaving = (a_site.database.url, "leave", f"BP{place}")
        (note,), (order,) = at_once(MODULE, leaving, (a_site.database.url, "cancel", number))
        states = a_site.row(PickingSlip, number=f"BP{place}").state, a_site.row(SalesOrder, number=number).state
        if order == "cancelled":
            assert (note, states) == ("refused", ("cancelled", "cancelled"))
        else:
            assert (note.split()[0], states) == (f"BP{place}", ("expired", "accepted"))
    agencies.check()
