"""Goods leave: what was set aside for an order goes first, the rest from what is available, else nothing does (D38)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import DeliveryNote, PurchaseOrder, Reservation, Stock, StockMove
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.picking.delivering import deliver
from intergestan_msg.money import plain
from tests.erp.pairs.agencies import Agencies, Arrivals
from tests.erp.stock.depots import Depots
from tests.site_factories import NOW, SiteToTest
from tests.statements import noted


def leave(depots: Depots, number: str, here: str | None = "AB", **quantities: str) -> str:
    """Deliver so much by line, or all that remains; None: where the order is."""
    wanted = {line: Decimal(quantity) for line, quantity in quantities.items()} or None
    with depots.site.database.transaction() as connection:
        place = None if here is None else in_depot(connection, here)
        return deliver(connection, number, wanted, by="paul", at=NOW, place=place)


def reservations(site: SiteToTest, state: str) -> list[str]:
    return sorted(plain(row.quantity) for row in site.rows(Reservation, state=state))


def test_what_was_set_aside_leaves_first(a_site: SiteToTest) -> None:
    """D38, A33, I3, I4: a part splits its reservation; what is available is set aside, and given back elsewhere."""
    depots = Depots(a_site)
    depots.enter("ALB0002=6")
    depots.allocate("CCL1", L1="AB=4 RD=2")
    with a_site.database.transaction() as connection:
        connection.execute(update(Stock).where(Stock.depot_id == depots.ids["AB"]).values(average_cost=Decimal("6.5")))
    assert leave(depots, "CCL1", L1="3") == "BL1"
    assert depots.stand() == "AB 7/1, RD 10/2, ABL 10/0"
    assert (reservations(a_site, "consumed"), reservations(a_site, "active")) == (["3"], ["1", "2"])
    (move,) = a_site.rows(StockMove)
    assert (move.quantity, move.reason, move.document, move.unit_cost) == (-3, "delivery", "BL1", Decimal("6.5"))
    assert leave(depots, "CCL1", L1="2") == "BL2"
    assert depots.stand() == "AB 5/0, RD 10/1, ABL 10/0"
    assert depots.shown("CCL1") == "L1: AB 5/0 direct, RD 1/1 direct"
    assert leave(depots, "CCL1", "RD") == "BL3"
    assert depots.stand() == "AB 5/0, RD 9/0, ABL 10/0"
    assert (reservations(a_site, "consumed"), reservations(a_site, "active")) == (["1", "1", "1", "3"], [])
    note = a_site.row(DeliveryNote, number="BL3")
    assert (note.depot_id, note.establishment_id) == (depots.ids["RD"], 2)
    with pytest.raises(Problem, match="has left already"):
        leave(depots, "CCL1")


def test_what_nobody_set_aside_leaves_too(a_site: SiteToTest) -> None:
    """D38: an order that was never allocated, without a place; services lie nowhere; a product stands on two lines."""
    depots = Depots(a_site, "5 0 0")
    depots.enter("ALB0002=2", "POSE=1", "ALB0002=3")
    leave(depots, "CCL1", None)
    assert depots.stand() == "AB 0/0, RD 0/0, ABL 0/0"
    (move,) = a_site.rows(StockMove)
    assert move.quantity == -5
    depots.enter("POSE=2")
    assert leave(depots, "CCL2") == "BL2"
    assert len(a_site.rows(StockMove)) == 1


@pytest.mark.parametrize(("here", "left"), [("AB", "3"), ("RD", "1"), ("ABL", "0")])
def test_not_enough_is_there(a_site: SiteToTest, here: str, left: str) -> None:
    """D38, I13: what is set aside for others stays theirs; nothing is delivered, and no number is used."""
    depots = Depots(a_site, "5 3 0")
    depots.enter("ALB0002=3")
    depots.allocate("CCL1", L1="AB=2 RD=1")
    depots.enter("ALB0002=4")
    depots.allocate("CCL2", L1="AB=1")
    depots.enter("ALB0002=1")
    depots.allocate("CCL3", L1="RD=1")
    before = depots.stand(), depots.shown("CCL2"), a_site.rows(Reservation)
    with pytest.raises(Problem) as refused:
        leave(depots, "CCL2", here)
    assert refused.value.code is ProblemCode.NOT_IN_STOCK
    assert refused.value.next == (Act.SHOW_STOCK, Act.ALLOCATE_AGAIN)
    said = {name: refused.value.values[name] for name in ("left", "product", "depot", "wanted")}
    assert said == {"left": left, "product": "ALB0002", "depot": here, "wanted": "4"}
    assert (depots.stand(), depots.shown("CCL2"), a_site.rows(Reservation)) == before
    assert not a_site.rows(StockMove)
    assert leave(depots, "CCL1", L1="1") == "BL1"


def test_below_nothing_where_the_depot_allows_it(a_site: SiteToTest) -> None:
    """D38: the depot's card decides, for a product that never lay there, too."""
    depots = Depots(a_site, "1 0 0")
    with a_site.database.transaction() as connection:
        depots.allow_negative(connection, "AB")
    depots.enter("ALB0002=3", "VRAC=0.000001")
    leave(depots, "CCL1")
    assert depots.stand() == "AB -2/0, RD 0/0, ABL 0/0"
    assert depots.stand("VRAC") == "AB -0.000001/0"


def test_what_another_agency_was_to_send_is_given_up(a_site: SiteToTest) -> None:
    """D38, I4: all of it leaves from here, so that the pair of orders is empty and cancelled."""
    agencies = Agencies(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs(order=number)
    leave(agencies, number, L1="2")
    assert agencies.set_aside() == {f"{number} AB inbound 1", "CCL2 RD stock 1"}
    leave(agencies, number)
    assert agencies.set_aside() == set()
    assert agencies.stand() == "AB 7/0, RD 10/0, ABL 10/0"
    assert a_site.row(PurchaseOrder).state == "cancelled"


@pytest.mark.mainly_on("postgresql")
def test_a_site_without_stock_is_asked_no_more(a_site: SiteToTest) -> None:
    """D38: with stock off it takes the statements of before, none of them about stock."""
    depots = Depots(a_site)
    depots.enter("ALB0002=3")
    depots.sets(manage_stock=False)
    with a_site.database.transaction() as connection, noted(connection) as asked:
        deliver(connection, "CCL1", None, by="paul", at=NOW)
    texts = [statement for statement, _parameters in asked]
    assert len(texts) == 10
    assert not [text for text in texts if "reservation" in text or "stock_move" in text or " stock " in text]
    assert depots.stand() == "AB 10/0, RD 10/0, ABL 10/0"


def test_what_a_pair_ordered_leaves_from_its_own_agency(a_site: SiteToTest) -> None:
    """D62: at another agency both places are named and nothing is done; from any depot of its own it may leave."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    stood = agencies.stand()
    with pytest.raises(Problem) as refused:
        agencies.send(here="1/AB")
    assert (refused.value.code, refused.value.next) == (ProblemCode.WRONG_PLACE, (Act.BE_THERE,))
    assert "CCL2 is of RD, and this was done at 1/AB" in str(refused.value)
    assert (agencies.stand(), a_site.rows(DeliveryNote)) == (stood, [])
    assert agencies.send(here="2/RD") == "BL1"
