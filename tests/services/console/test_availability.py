"""*Article, onglet DISPONIBLE* in the pages (A32): what lies where, what is to come, what moved it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import delete

from intergestan_db.tables import PurchaseOrder, PurchaseOrderLine
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.stock.entry import Goods, receive
from tests.erp.pairs.agencies import Arrivals
from tests.services.console.desk import Desk
from tests.services.console.test_allocation import form_of, page_of, send
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

TAB = "/produits/ALB0002?onglet=disponible"


def arrivals(desk: Desk, stock: str = "10 10 10") -> Arrivals:
    """The three agencies, in a site without purchase orders: those of pairs are numbered from the first on."""
    with desk.site.database.transaction() as connection:
        connection.execute(delete(PurchaseOrderLine))
        connection.execute(delete(PurchaseOrder))
    return Arrivals(desk.site, stock)


def figures(desk: Desk, path: str = TAB) -> list[str]:
    """`AB 10 1 9 0 0`: on hand, reserved, available, expected, in transit of each depot."""
    page = desk.browser("nadia").get(path)
    assert page.status == 200, page.said
    return [" ".join((row[0].replace(" (ici)", ""), *row[2:7])) for row in page.rows()]


def test_the_figures_of_an_indirect_order(desk: Desk) -> None:
    """A32, A37: after each row of case 3, from the order of the customer to the goods that came in."""
    depots = arrivals(desk)
    assert figures(desk) == ["AB 10 0 10 0 0", "RD 10 0 10 0 0", "ABL 10 0 10 0 0"]
    number = depots.enter("ALB0002=3").number
    carl = desk.browser("carl")
    assert send(carl, number, AB="1", RD="2 indirect").status == 303
    assert figures(desk) == ["AB 10 1 9 0 0", "RD 10 2 8 0 0", "ABL 10 0 10 0 0"]
    (pair,) = depots.order_pairs()
    assert figures(desk) == ["AB 10 1 9 2 0", "RD 10 2 8 0 0", "ABL 10 0 10 0 0"]
    note = depots.send(pair.sales_order)
    assert figures(desk) == ["AB 10 1 9 2 2", "RD 8 0 8 0 0", "ABL 10 0 10 0 0"]
    depots.receive(note)
    assert figures(desk) == ["AB 12 3 9 0 0", "RD 8 0 8 0 0", "ABL 10 0 10 0 0"]
    page = desk.browser("nadia").get(TAB)
    for label in ("DISPONIBLE", "En stock", "Réservé", "Disponible", "Attendu", "En transit", "Coût moyen"):
        assert label in page.said
    total = re.search(r"(?s)<tfoot>(.*?)</tfoot>", page.text)
    assert total is not None
    assert re.findall(r">(\d+)<", total[1].replace("<strong>", "").replace("</strong>", "")) == [
        *("30", "3", "27", "0", "0"),
    ]


def test_another_choice_takes_back_what_was_ordered_elsewhere(desk: Desk) -> None:
    """A45: what nobody altered of such a line is left alone; another choice shrinks both orders of the pair."""
    depots = arrivals(desk)
    number = depots.enter("ALB0002=3").number
    carl = desk.browser("carl")
    assert send(carl, number, AB="1", RD="2 indirect").status == 303
    depots.order_pairs()
    page = page_of(carl, number)
    assert "Une autre agence doit envoyer 2 de cette ligne" in page.said
    assert carl.post(f"/ventes/{number}/affectation", form_of(page)).status == 303
    assert figures(desk)[0] == "AB 10 1 9 2 0"
    assert send(carl, number, AB="1", ABL="2").status == 303
    assert figures(desk) == ["AB 10 1 9 0 0", "RD 10 0 10 0 0", "ABL 10 2 8 0 0"]
    assert depots.shown(number) == "L1: AB 1/1 direct, ABL 2/2 direct"


def test_a_day_of_the_past_and_what_moved_it(desk: Desk) -> None:
    depots = arrivals(desk, "0 0 0")
    with desk.site.database.transaction() as connection:
        goods = [Goods("ALB0002", Decimal(4), Decimal(6))]
        receive(connection, in_depot(connection, "RD"), goods, by="marie", at=NOW, document="BL-77")
    desk.move(days=3)
    depots.comes("AB", "9")
    assert figures(desk)[:2] == ["AB 9 0 9 0 0", "RD 4 0 4 0 0"]
    assert figures(desk, f"{TAB}&au=20/11/2020") == ["AB 0 – – – –", "RD 4 – – – –", "ABL 0 – – – –"]
    nadia = desk.browser("nadia")
    moves = nadia.get("/produits/ALB0002?onglet=mouvements&depot=RD").rows()
    assert [row[1:] for row in moves] == [["RD", "+4", "réception", "BL-77", "marie"]]
    assert nadia.get(f"{TAB}&au=32/13").status == 422
    assert nadia.get("/produits/RIEN?onglet=disponible").status == 404
    assert "Prestation : toujours disponible." in nadia.get("/produits/POSE?onglet=disponible").said
    part = nadia.get(TAB, hx_request="true", hx_target="disponible")
    assert (part.status, "<main" in part.text, "data-again" in part.text) == (200, False, True)
    assert "onglet=disponible" in nadia.get("/produits/ALB0002").text
