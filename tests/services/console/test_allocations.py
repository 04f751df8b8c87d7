"""*Administration des réservations* in the pages (A05, A45, A54): listed by tab, allocated, freed, closed."""

from __future__ import annotations

import html
import re

import pytest

from intergestan_db.tables import Event, SalesOrderLine
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.picking.making import make_slips
from tests.erp.stock.depots import Depots
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk, counted_by
from tests.services.console.test_availability import arrivals
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

ACT = "/affectations/faire"


def listed(desk: Desk, tab: str = "", more: str = "") -> list[str]:
    """`CCL2 L1 6 AB 6 stock 0`: order, line, quantity, depot, reserved, nature, remainder."""
    page = desk.browser("nadia").get(f"/affectations?etat={tab}{more}")
    assert page.status == 200, page.said
    rows = [row for row in page.rows() if row[0] != "CCL1"]  # the office's own order
    return [" ".join(" ".join((row[0], row[1], *row[4:6], *row[7:10])).split()) for row in rows]


def ticks_of(page: Answer) -> dict[str, str]:
    found = re.findall(r'<input type="checkbox" name="(pris[^"]*)" value="([^"]*)"', page.text)
    return {html.unescape(name): value for name, value in found}


def form_of(browser: Browser, tab: str, act: str, *orders: str) -> dict[str, str]:
    page = browser.get(f"/affectations?etat={tab}")
    ticks = {name: value for name, value in ticks_of(page).items() if name[5:].split("|")[0] in orders}
    assert ticks, page.said
    return {**page.form_at(ACT), **ticks, "faire": act}


def press(browser: Browser, tab: str, act: str, *orders: str) -> Answer:
    answer = browser.post(ACT, form_of(browser, tab, act, *orders))
    assert answer.status == 303, answer.said
    return browser.get(answer.headers["location"])


def test_each_line_stands_in_its_tab(desk: Desk) -> None:
    """A05, A45, A54: nobody allocated it, it waits, it is expected, it is on a slip; and all of it."""
    depots = arrivals(desk, "3 2 0")
    waits, new = depots.enter("ALB0002=9").number, depots.enter("ALB0002=1").number
    assert listed(desk) == [f"{waits} L1 9 0 9", f"{new} L1 1 0 1"]
    depots.allocate(waits, L1="AB=2 RD=2:indirect")
    assert listed(desk) == [f"{new} L1 1 0 1"]
    assert listed(desk, "reliquats") == [f"{waits} L1 7 AB 2 stock 5"]
    assert listed(desk, "toutes") == [f"{waits} L1 7 AB 2 stock 5", f"{waits} L1 2 RD 2 stock 0"]
    (pair,) = depots.order_pairs()
    assert listed(desk, "attendues") == [f"{waits} L1 2 RD 2 attendu de {pair.purchase_order}/1 0"]
    with desk.site.database.transaction() as connection:
        (slip,) = make_slips(connection, pair.sales_order, in_depot(connection, "RD"), by="marie", at=NOW).slips
    assert listed(desk, "bp") == [f"{pair.sales_order} 1 2 RD 2 stock 0"]
    assert f'href="/bp/{slip.number}"' in desk.browser("nadia").get("/affectations?etat=bp").text
    assert listed(desk, "toutes", "&depot=ab") == [f"{waits} L1 7 AB 2 stock 5"]
    assert listed(desk, "toutes", f"&commande={new}") == []
    assert len(listed(desk, "", "&article=ALB0002&client=C0000004")) == 1
    assert desk.browser("nadia").get("/affectations?client=personne").status == 422
    file = desk.browser("nadia").get("/affectations.csv?etat=reliquats")
    assert f"{waits};L1;" in file.text
    assert "/affectations" in desk.browser("nadia").get("/").text


def test_the_proposal_is_taken_for_what_is_ticked_once(desk: Desk) -> None:
    """One transaction for each order; what came of each is told, and a second click does nothing more."""
    depots = Depots(desk.site, "3 2 0")
    first, second, third = (depots.enter(f"ALB0002={n}").number for n in (3, 4, 1))
    carl = desk.browser("carl")
    fields = form_of(carl, "", "proposer", first, second)
    answers = [carl.post(ACT, fields) for _ in range(2)]
    assert [each.status for each in answers] == [303, 303]
    page = carl.get(answers[0].headers["location"])
    assert f"{first} : sa marchandise est réservée." in page.said
    assert f"{second} : ce qui est là est réservé ; il reste quelque chose." in page.said
    assert len(desk.site.rows(Event, name="allocate")) == 2
    assert listed(desk) == [f"{third} L1 1 0 1"]
    nothing = carl.post(ACT, {**carl.get("/affectations").form_at(ACT), "faire": "proposer"})
    assert (nothing.status, "Rien n'est coché" in nothing.said or "rien n'a été fait" in nothing.said) == (422, True)


def test_what_is_freed_waits_for_somebody(desk: Desk) -> None:
    """A05: it is nobody's remainder then, so nothing serves it by itself; others may have the goods."""
    depots = Depots(desk.site, "3 2 0")
    number, other = depots.enter("ALB0002=5").number, depots.enter("ALB0002=1").number
    depots.allocate(number)
    carl = desk.browser("carl")
    fields = form_of(carl, "toutes", "liberer", number)
    rd = {name: value for name, value in fields.items() if "|RD|" in name}
    page = carl.get(carl.post(ACT, {**{n: v for n, v in fields.items() if "|AB|" not in n}}).headers["location"])
    assert rd
    assert f"{number}, ligne L1 : libérée." in page.said
    assert depots.stand() == "AB 3/3, RD 2/0, ABL 0/0"
    assert listed(desk) == [f"{number} L1 2 0 2", f"{other} L1 1 0 1"]
    late = carl.post(ACT, {**fields, "jeton_acte": "b" * 20})
    said = carl.get(late.headers["location"]).said
    assert f"{number}, ligne L1 : quelqu'un a choisi autrement entre-temps" in said
    assert depots.stand() == "AB 3/3, RD 2/0, ABL 0/0"


def test_what_is_on_a_ready_slip_is_not_freed(desk: Desk) -> None:
    from tests.erp.picking.preparing import Preparing

    depots = Preparing(desk.site)
    number = depots.for_customer("ALB0002=2")
    slip = depots.made(number).split()[0]
    depots.ready(slip)
    page = press(desk.browser("carl"), "toutes", "liberer", number)
    assert f"2 sont sur {slip}, qui est prêt" in page.said
    assert f'href="/bp/{slip}"' in page.text


def test_a_remainder_is_closed_after_a_look(desk: Desk) -> None:
    """A54: what is set aside stays ordered, the rest ends; before that it is said what will not follow."""
    depots = Depots(desk.site, "3 0 0")
    number = depots.enter("ALB0002=5").number
    depots.allocate(number)
    carl = desk.browser("carl")
    ask = carl.post(ACT, form_of(carl, "reliquats", "clore", number))
    assert (ask.status, "ligne L1 : 2 ne suivront pas" in ask.said) == (200, True)
    assert {row.quantity for row in desk.site.rows(SalesOrderLine, line_id="L1")} == {2, 5}
    done = carl.post(ACT, {**ask.form_at(ACT), "faire": "clore"})
    assert done.status == 303, done.said
    assert f"{number} : L1 : 2 ne suivront pas." in carl.get(done.headers["location"]).said
    assert depots.shown(number) == "L1: AB 3/3 direct"
    assert listed(desk, "reliquats") == []


def test_goods_that_came_are_seen_by_the_others(desk: Desk) -> None:
    """Goods received serve the oldest remainder; who had the other list open is told that it is another one now."""
    depots = Depots(desk.site, "0 0 0")
    old, new = depots.enter("ALB0002=2").number, depots.enter("ALB0002=2").number
    for number in (old, new):
        depots.allocate(number)
    adam, carl = desk.browser("adam"), desk.browser("carl")
    seen = form_of(adam, "reliquats", "liberer", old)
    depots.comes("AB", "2")
    assert f"{old} : sa marchandise est réservée." in press(carl, "reliquats", "proposer", old).said
    assert listed(desk, "reliquats") == [f"{new} L1 2 AB 0 2"]
    told = adam.get(adam.post(ACT, seen).headers["location"])
    assert f"{old}, ligne L1 : quelqu'un a choisi autrement entre-temps" in told.said
    assert depots.shown(old) == "L1: AB 2/2 direct"


def test_a_hundred_lines_cost_as_many_statements_as_one(desk: Desk) -> None:
    depots = Depots(desk.site, "100 0 0")
    nadia = desk.browser("nadia")

    def asked(tab: str) -> int:
        nadia.get(f"/affectations?etat={tab}")
        with counted_by(desk.console) as statements:
            assert nadia.get(f"/affectations?etat={tab}").rows()
        return sum("sales_order" in each or "reservation" in each for each in statements)

    depots.allocate(depots.enter("ALB0002=1").number)
    depots.enter("ALB0002=1")
    few = [asked(tab) for tab in ("", "toutes")]
    for n in range(8):
        depots.allocate(depots.enter(*["ALB0002=1"] * (n + 1)).number)
        depots.enter("ALB0002=1")
    assert [asked(tab) for tab in ("", "toutes")] == few
    assert few == [1, 2]
