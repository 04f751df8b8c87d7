"""Processes that do the same of agencies at once: one does it, the others are told, and nobody waits in a circle."""

from __future__ import annotations

from collections import Counter

import pytest

from intergestan_db.tables import DeliveryNote, GoodsReceipt, Invoice, InvoiceLine, Reservation
from tests.at_once import at_once
from tests.erp.pairs import held
from tests.erp.picking.preparing import Preparing
from tests.site_factories import SiteToTest

ACTING = "tests.erp.pairs.acting"


def together(site: SiteToTest, *acts: str) -> list[list[str]]:
    """What each of these acts printed; a word of it is an argument."""
    return at_once(ACTING, *((site.database.url, *act.split()) for act in acts))


def is_in_order(site: SiteToTest) -> None:
    with site.database.read() as connection:
        held.check_stock(connection)
        held.check_lines(connection)
        held.check_pairs(connection)
        held.check_numbers(connection)
        held.check_slips(connection)
        held.check_returns(connection)


def opened(site: SiteToTest, quantity: str = "10") -> Preparing:
    """So many pieces in each depot, with the moves that say so."""
    agencies = Preparing(site, "0 0 0")
    agencies.open(quantity)
    return agencies


@pytest.mark.race
def test_one_order_leaves_once(a_site: SiteToTest) -> None:
    """D38, I4: three deliver all of an order; it leaves once, and the others are told."""
    agencies = opened(a_site)
    number = agencies.for_customer("ALB0002=6")
    said = together(a_site, *([f"deliver {number} AB"] * 3))
    assert sorted(lines[0].split()[0] for lines in said) == ["BL1", "refused", "refused"]
    assert agencies.stand() == "AB 4/0, RD 10/0, ABL 10/0"
    assert len(a_site.rows(DeliveryNote)) == 1
    is_in_order(a_site)


@pytest.mark.race
def test_two_orders_want_what_nobody_set_aside(a_site: SiteToTest) -> None:
    """D38, I2: each takes all that is there, which is enough for one of them."""
    agencies = opened(a_site)
    numbers = [agencies.enter("ALB0002=6").number for _ in range(2)]
    said = together(a_site, *(f"deliver {number} AB" for number in numbers))
    assert sorted(lines[0] for lines in said) == ["BL1", "refused not_in_stock"]
    assert agencies.stand() == "AB 4/0, RD 10/0, ABL 10/0"
    is_in_order(a_site)


@pytest.mark.race
def test_goods_come_in_once(a_site: SiteToTest) -> None:
    """D50: three unpack the same delivery note."""
    agencies = opened(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=3", L1="RD=3:indirect"))
    note = agencies.send()
    said = together(a_site, *([f"receive {note} AB"] * 3))
    assert Counter(lines[0] for lines in said) == {"BR1": 1, "refused received_before": 2}
    assert agencies.stand() == "AB 13/3, RD 7/0, ABL 10/0"
    assert len(a_site.rows(GoodsReceipt)) == 1
    is_in_order(a_site)


@pytest.mark.race
def test_an_order_is_cancelled_while_its_pair_is_made_and_its_goods_leave(a_site: SiteToTest) -> None:
    """I4, I6: whichever comes first, both sides stay the same, and nothing is held for what is cancelled."""
    agencies = opened(a_site)
    numbers = [agencies.for_customer("ALB0002=2", L1="AB=1 RD=1:indirect") for _ in range(4)]
    together(a_site, "order", f"cancel {numbers[0]}", f"deliver {numbers[1]} AB", "order", f"cancel {numbers[3]}")
    agencies.order_pairs()
    is_in_order(a_site)
    assert agencies.order(numbers[0]).state == agencies.order(numbers[3]).state == "cancelled"
    assert sum(row.quantity for row in a_site.rows(Reservation, state="active", kind="inbound")) <= 2


@pytest.mark.race
def test_runs_and_single_invoices_at_once(a_site: SiteToTest) -> None:
    """A25, A26, D51: two runs and two people who invoice; every line once, no gap, chains and books in order."""
    agencies = opened(a_site)
    notes = []
    for _ in range(8):
        number = agencies.for_customer("ALB0002=1")
        notes += [agencies.send(number, here="1/AB")]
    said = together(a_site, "invoices", "invoices", f"invoice {notes[0]}", f"invoice {notes[-1]} {notes[-2]}")
    made = [line for lines in said for line in lines if not line.startswith("refused")]
    rows = a_site.rows(Invoice)
    assert sorted(made) == sorted(row.number for row in rows)
    assert len(a_site.rows(InvoiceLine)) == 8
    is_in_order(a_site)
    with a_site.database.read() as connection:
        held.check_invoices(connection)
        held.check_folder(connection, agencies.folder())
