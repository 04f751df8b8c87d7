"""*Commandes inter-agences* in the browser: looked at, ordered once, followed, cancelled; over ASGI."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.tables import AgencyOrder, AgencyOrderLine, Depot, PurchaseOrder, SalesOrder
from intergestan_erp.people.passwords import set_password
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.pairs.agencies import Arrivals
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, PEOPLE, Desk, let_in
from tests.site_factories import NOW, make_site

pytestmark = pytest.mark.mainly_on("postgresql")

PAGE, MAKE = "/inter-agences", "/inter-agences/commander"


@dataclass
class Office(Desk):
    """A desk before agencies AB, RD and ABL with ten ALB0002 each."""

    agencies: Arrivals

    def orders(self) -> tuple[int, int]:
        return len(self.site.rows(PurchaseOrder)), len(self.site.rows(SalesOrder))


@pytest.fixture
def office(database: Database, portal: BlockingPortal) -> Office:
    site = make_site(database)
    agencies = Arrivals(site)
    with database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@agences.test", by="marie", at=NOW)
        set_password(connection, site.user_id, HASH, by="marie", at=NOW)
    console = Console(as_service(database, "console"), ConsoleSettings(), answer_hours=4)
    return Office(site, console, portal, agencies)


def plain(answer: Answer) -> str:
    """What is read, with one kind of space and apostrophe."""
    return re.sub(r"[\u00a0\u202f]", " ", answer.said).replace("’", "'")


def follow(browser: Browser, answer: Answer) -> Answer:
    assert answer.status == 303, answer.said
    return browser.get(answer.headers["location"])


def test_what_is_shown_is_ordered_once(office: Office) -> None:
    """A40, A42, A43, A45: two orders for one pair, however often the form comes; then nothing is left."""
    office.agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    carl = office.browser("carl")
    page = carl.get(PAGE)
    for word in ("ALB0002", "CCL1", "RD → AB", "Générer 2 commandes pour 1 couple", "C0000004"):
        assert word in plain(page), word
    assert office.orders() == (0, 1)
    fields = page.form_at(MAKE)
    first = carl.post(MAKE, fields)
    made = follow(carl, first)
    assert "CFR1 (" in plain(made)
    assert "CCL2 (" in plain(made)
    assert carl.post(MAKE, fields).headers["location"] == first.headers["location"]
    assert (office.orders(), len(office.site.rows(AgencyOrderLine))) == ((1, 2), 1)
    assert {"CCL1 AB stock 1", "CCL2 RD stock 2", "CCL1 AB inbound 2"} <= office.agencies.set_aside()
    assert "Rien à commander entre agences." in plain(carl.get(PAGE))


def test_case_3_is_followed_to_its_receipt(office: Office) -> None:
    """A46: the stages of a pair, and what of it is where."""
    office.agencies.order_pairs(order=office.agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect"))
    carl = office.browser("carl")
    pairs = f"{PAGE}?onglet=couples"
    assert "à préparer" in plain(carl.get(pairs))
    note = office.agencies.send()
    assert ("en transit" in plain(carl.get(pairs)), note in plain(carl.get(pairs))) == (True, True)
    office.agencies.receive(note)
    page = carl.get(f"{PAGE}/CFR1")
    assert ("BR1" in plain(page), "reçu" in plain(page).lower(), "/annuler" in page.text) == (True, True, False)
    assert carl.get(f"{PAGE}/CCL2").status == 200
    assert carl.get(f"{PAGE}/CCL1").status == 404
    assert "CFR1;CCL2" in carl.get(f"{PAGE}.csv?onglet=couples").text
    assert plain(carl.get(f"{pairs}&etablissement=3")).count("CFR1") == 0
    assert carl.get(f"{pairs}&etablissement=99").status == 422


def test_only_pairs_that_are_ticked(office: Office) -> None:
    office.agencies.for_customer("ALB0002=2", L1="RD=1:indirect ABL=1:indirect")
    carl = office.browser("carl")
    page = carl.get(PAGE)
    assert "Générer 4 commandes pour 2 couples" in plain(page)
    fields = page.form_at(MAKE)
    ticks = [name for name in fields if name.startswith("couple.")]
    without = {name: value for name, value in fields.items() if name != ticks[0]}
    assert carl.post(MAKE, {name: value for name, value in without.items() if name not in ticks}).status == 422
    carl.post(MAKE, without)
    assert [row.supplying_id for row in office.site.rows(AgencyOrder)] == [int(ticks[1].split("-")[1])]
    assert "Générer 2 commandes pour 1 couple" in plain(carl.get(PAGE))


def test_what_changed_since_it_was_shown_is_said(office: Office) -> None:
    """What waits still of what was seen is ordered, nothing else; the difference is told."""
    office.agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    office.agencies.for_customer("ALB0002=1", L1="RD=1:indirect")
    carl = office.browser("carl")
    fields = carl.get(PAGE).form_at(MAKE)
    office.agencies.order_pairs(order="CCL1")
    office.agencies.for_customer("ALB0002=1", L1="RD=1:indirect")
    made = follow(carl, carl.post(MAKE, fields))
    assert "CCL1 ligne L1 : ALB0002 a été commandé entre-temps par CFR1." in plain(made)
    assert len(office.site.rows(AgencyOrderLine)) == 2
    assert "Générer 2 commandes pour 1 couple" in plain(carl.get(PAGE)), "what came later is looked at first"


def test_all_and_one_at_once(office: Office) -> None:
    """A43: from two browsers at the same moment there are two orders for each pair, and nothing stands on two."""
    for _n in range(3):
        office.agencies.for_customer("ALB0002=2", L1="RD=1:indirect ABL=1:indirect")
    browsers = [office.browser(who) for who in ("carl", "adam")]
    forms = [
        browser.get(path).form_at(MAKE) for browser, path in zip(browsers, (PAGE, f"{PAGE}?commande=CCL2"), strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(browser.post, MAKE, form) for browser, form in zip(browsers, forms, strict=True)]
        assert [each.result().status for each in found] == [303, 303]
    pairs = len(office.site.rows(AgencyOrder))
    assert office.orders() == (pairs, 3 + pairs)
    assert len(office.site.rows(AgencyOrderLine)) == 6
    assert pairs in {2, 4}


def test_a_pair_is_cancelled_and_ordered_anew(office: Office) -> None:
    office.agencies.order_pairs(order=office.agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    carl = office.browser("carl")
    path = f"{PAGE}/CFR1/annuler"
    page = carl.get(path)
    assert "2 ALB0002 en RD : réservés de nouveau pour CCL1" in plain(page)
    answers = [carl.post(path, page.form_at(path)) for _ in range(2)]
    assert [each.status for each in answers] == [303, 303]
    assert "annulée" in plain(carl.get(f"{PAGE}?onglet=couples"))
    assert office.agencies.set_aside() == {"CCL1 RD stock 2"}
    again = carl.get(PAGE)
    assert follow(carl, carl.post(MAKE, again.form_at(MAKE))).status == 200
    assert "CFR2" in plain(carl.get(f"{PAGE}?onglet=couples"))


def test_a_pair_of_which_goods_have_left_is_not_cancelled(office: Office) -> None:
    office.agencies.order_pairs(order=office.agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    carl = office.browser("carl")
    path = f"{PAGE}/CFR1/annuler"
    fields = carl.get(path).form_at(path)
    office.agencies.send()
    answer = carl.post(path, fields)
    assert answer.status in {409, 422}
    assert "CCL2" in answer.said
    assert "annulée" not in plain(carl.get(f"{PAGE}?onglet=couples"))


def test_what_cannot_be_ordered_says_why(office: Office) -> None:
    """A16: the depot and the side that lack a third party, with where it is put right."""
    with office.site.database.transaction() as connection:
        connection.execute(update(Depot).where(Depot.code == "RD").values(supplier_party_id=None))
    office.agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    page = office.browser("carl").get(PAGE)
    assert "Le dépôt RD n'a pas de tiers fournisseur : aucune commande inter-agences possible." in plain(page)
    assert ('href="/depots/RD"' in page.text, MAKE in page.text) == (True, False)


def test_who_sees_and_who_orders(office: Office) -> None:
    """Section 10: all see; clerks and administrators order and cancel."""
    office.agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    fields = office.browser("carl").get(PAGE).form_at(MAKE)
    for who, may in (("nadia", False), ("odile", False), ("adele", False), ("carl", True), ("adam", True)):
        browser = office.browser(who)
        page = browser.get(PAGE)
        assert (page.status, MAKE in page.text) == (200, may), who
        if not may:
            token = browser.get("/moi").token
            assert browser.post(MAKE, {**fields, "jeton": token}).status == 403
    assert office.orders() == (0, 1)


@pytest.mark.parametrize("query", ["du=32/13/2020", "commande=RIEN", "onglet=couples&au=rien"])
def test_what_cannot_be_read_is_said(office: Office, query: str) -> None:
    assert office.browser("carl").get(f"{PAGE}?{query}").status == 422
