"""*Histoire d'une commande*: the stations over both sites, on both sides, live, and what went wrong alone."""

from __future__ import annotations

import re

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import select, update

from intergestan_db.tables import Product, User
from intergestan_erp.people.passwords import set_password
from intergestan_exchange.holds import hold_acts
from intergestan_exchange.outbox import outbound
from intergestan_exchange.tracing.stations import Stands, Station, stops_of
from intergestan_exchange.tracing.trace import trace
from services.console.worker import Console
from tests.databases import as_service
from tests.pipeline.two_sites import SiteUnderTest
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, PASSWORD
from tests.services.console.sending_desk import SendingDesk

pytestmark = pytest.mark.mainly_on("postgresql")


def stops(page: Answer) -> list[tuple[str, str]]:
    """Each station as the page shows it: its word and where the order stands there."""
    found = re.findall(r'(?s)<li class="stop ([\w-]+)"><span class="word"><svg.*?</svg>(.*?)</span>', page.text)
    return [(word, stands) for stands, word in found]


def stands(site: SiteUnderTest, number: str) -> list[Stands]:
    with site.database.read() as connection:
        (story,) = trace(connection, number)
    return [stop.stands for stop in stops_of(story, site.database.now(), 4)]


def carl(desk: SendingDesk) -> Browser:
    return desk.browser("carl")


def sent(desk: SendingDesk, *, known: bool = True) -> bytes:
    """CFR1 is on its way in the hands of a mail server."""
    if not known:
        with desk.seller.database.transaction() as connection:
            connection.execute(update(Product).values(active=False))
    mail_id = desk.buyer.request(desk.seller.code, "CFR1")
    mail = desk.buyer.compose(mail_id)
    desk.pair.clock.move(seconds=2)
    desk.buyer.mark_sent(mail_id)
    return mail


PASSED, NOW, LATE, TO_COME, NEVER = Stands.PASSED, Stands.NOW, Stands.LATE, Stands.TO_COME, Stands.NEVER


def test_the_stations_of_an_order_that_is_answered(sending: SendingDesk) -> None:
    """Seven stations on both sides; what the other site did is known by its answer."""
    browser, buyer, seller = carl(sending), sending.buyer, sending.seller
    assert stops(browser.get("/histoire/CFR1"))[:3] == [
        ("préparée", "passed"),
        ("envoyée", "now"),
        ("acceptée par le serveur", "to-come"),
    ]
    mail = sent(sending)
    page = browser.get("/histoire/CFR1")
    words = ["préparée", "envoyée", "acceptée par le serveur", "relevée", "importée", "répondue", "livrée"]
    assert [word for word, _ in stops(page)] == words
    assert stands(buyer, "CFR1") == [PASSED] * 3 + [NOW] + [TO_COME] * 3
    assert "c'est au tour de Stauber" in page.said.replace("’", "'")
    assert 'data-again="3000"' in page.text
    sending.move(hours=5)
    page = browser.get("/histoire/CFR1")
    assert stops(page)[3] == ("relevée", "late")
    assert "en retard" in page.said
    seller.receive(mail)
    (answer,) = seller.compose_requested()
    assert stands(seller, "CCL1") == [PASSED] * 6 + [NOW]
    sending.move(minutes=1)
    buyer.receive(answer)
    page = browser.get("/histoire/CFR1")
    assert [stand for _, stand in stops(page)] == ["passed"] * 6 + ["now"]
    assert "au plus tard" in page.said
    assert "data-again" not in page.text, "nothing comes by itself any more"
    with buyer.database.read() as connection:
        (story,) = trace(connection, "CFR1")
    collected, taken_in = stops_of(story, buyer.database.now(), 4)[3:5]
    assert collected.at_latest
    assert taken_in.at_latest
    assert (taken_in.station, taken_in.is_ours) == (Station.TAKEN_IN, False)


def test_an_order_that_waits_for_a_person_says_so(sending: SendingDesk, portal: BlockingPortal) -> None:
    """The seller's page leads to what waits; refused, the order ends on both sides."""
    seller = sending.seller
    seller.receive(sent(sending, known=False))
    with seller.database.transaction() as connection:
        set_password(connection, seller.user_id, HASH, by="anne", at=seller.database.now())
        login = connection.execute(select(User.login)).scalar_one()
    console = Console(as_service(seller.database, "console"), sending.console.own, answer_hours=4)
    browser = Browser(console.application, portal)
    assert browser.enter(login, PASSWORD).status == 303
    page = browser.get("/histoire/CFR1")
    assert stops(page)[4] == ("importée", "late")
    assert 'href="/a-traiter/order-1"' in page.text
    sending.move(minutes=1)
    with seller.database.transaction() as connection:
        hold_acts.refuse(connection, ["order-1"], "Trop tard.", by=login, at=seller.database.now())
    (held, refused) = seller.compose_requested()
    sending.buyer.receive(held)
    assert stands(sending.buyer, "CFR1") == [PASSED] * 5 + [NOW, TO_COME]
    sending.buyer.receive(refused)
    assert stands(sending.buyer, "CFR1") == [PASSED] * 6 + [NEVER]
    assert stands(seller, "CFR1") == [PASSED] * 6 + [NEVER]
    page = browser.get("/histoire/CFR1?ennuis=1")
    told = [row[4].replace("\xa0", " ") for row in page.rows()]
    assert sorted(told) == [
        "au registre : refusé",
        "commande en attente d'une personne",
        "commande refusée",
        "réponse : refusée",
    ]


def test_a_mail_that_was_given_up_carries_nothing(sending: SendingDesk) -> None:
    buyer = sending.buyer
    mail_id = buyer.request(sending.seller.code, "CFR1")
    buyer.compose(mail_id)
    assert stands(buyer, "CFR1")[:2] == [PASSED, NOW]
    with buyer.database.transaction() as connection:
        outbound.abandon(connection, [mail_id], by="carl", at=buyer.database.now())
    assert stands(buyer, "CFR1") == [PASSED, NOW, *[TO_COME] * 5]


def test_what_is_not_known_is_said_at_the_field(sending: SendingDesk) -> None:
    browser = carl(sending)
    assert browser.get("/histoire?n=CFR1").headers["location"] == "/histoire/CFR1"
    page = browser.get("/histoire/none-such")
    assert (page.status, 'value="none-such"' in page.text) == (404, True)
    assert browser.get("/histoire").status == 200
