"""Partners in the pages: taken by their card and the words that they read, paused and taken up again; over ASGI."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_db.tables import Event, Partner, Party
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.site.preferences import set_preference
from intergestan_msg.card import Card, write_card
from intergestan_msg.seal import SigningKey
from tests.console.forms import act_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.site_factories import NOW, add_party

pytestmark = pytest.mark.mainly_on("postgresql")

ADD = "/correspondants/ajouter"
KEY = SigningKey.generate()
CARD = Card(
    code="elle",
    name="<b>Elle</b> SARL",
    orders_address="commandes@elle.test",
    answers_address="reponses@elle.test",
    key=KEY.public,
    iat=1_600_000_000,
    siret="73282932000074",
)


def words(language: str = "fr") -> dict[str, str]:
    return {f"mot.{n}": word for n, word in enumerate(KEY.public.words(language), start=1)}


def look(browser: Browser) -> Answer:
    page = browser.get(ADD)
    return browser.post(ADD, {"jeton": page.token, "jeton_acte": act_of(page.text), "carte": write_card(CARD, KEY)})


def add(browser: Browser, page: Answer, **changes: str) -> Answer:
    fields = {**page.kept(), "courriel": "commandes@elle.test", "faire": "ajouter", **words(), **changes}
    return browser.post(ADD, fields)


def test_a_partner_is_taken_by_twelve_words(desk: Desk) -> None:
    """The words of the card are nowhere on the page; others are refused, and what was typed stays."""
    adam = desk.browser("adam")
    page = look(adam)
    assert page.status == 200, page.said
    assert "&lt;b&gt;Elle&lt;/b&gt; SARL" in page.text
    assert sum(f" {word} " in page.said for word in KEY.public.words("fr")) < 3
    wrong = add(adam, page, **{"mot.3": "zoologie"})
    assert (wrong.status, 'value="zoologie"' in wrong.text) == (422, True)
    assert not desk.site.rows(Partner)
    fields = {**page.kept(), "courriel": "commandes@elle.test", "faire": "ajouter", **words("en")}
    answers = [adam.post(ADD, fields) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == ["/correspondants/elle"] * 2, answers[0].said
    partner = desk.site.row(Partner)
    assert (partner.site_code, partner.order_address) == ("elle", "commandes@elle.test")
    assert desk.site.rows(Event, subject="partner")[0].who == "adam"
    assert adam.get("/correspondants/elle").status == 200
    assert "Elle" in desk.browser("nadia").get("/correspondants").said


def test_a_card_that_takes_a_third_party_over_needs_its_code(desk: Desk) -> None:
    with desk.site.database.transaction() as connection:
        add_party(connection, NewParty(code="ELLE", name="Elle", is_supplier=True, siret="73282932000074"))
    adam = desk.browser("adam")
    page = look(adam)
    refused = add(adam, page)
    assert (refused.status, "ELLE" in refused.said) == (422, True)
    assert add(adam, page, tiers="ELLE").status == 303


def test_what_a_new_customer_may_owe_is_never_decided_unseen(desk: Desk) -> None:
    """D22."""
    with desk.site.database.transaction() as connection:
        set_preference(connection, "credit.max_default", "1000", by="marie", at=NOW)
    adam = desk.browser("adam")
    page = look(adam)
    asked = add(adam, page)
    assert (asked.status, 'name="plafond" value="1' in asked.text) == (422, True)
    assert not desk.site.rows(Partner)
    assert add(adam, page, plafond="500,00").status == 303
    assert desk.site.row(Party, id=desk.site.row(Partner).party_id).credit_max == Decimal(500)


def test_what_is_no_card_is_said(desk: Desk) -> None:
    adam = desk.browser("adam")
    for text in ("", "bonjour", "\u202e" * 9):
        page = adam.get(ADD)
        answer = adam.post(ADD, {"jeton": page.token, "jeton_acte": act_of(page.text), "carte": text})
        assert answer.status == 422, text


def test_a_partner_rests_until_a_person_ends_it(desk: Desk) -> None:
    adam, odile = desk.browser("adam"), desk.browser("odile")
    assert add(adam, look(adam)).status == 303
    page = odile.get("/correspondants/elle")
    token = {"jeton": page.token, "jeton_acte": "d" * 20}
    path = "/correspondants/elle"
    assert odile.post(f"{path}/suspendre", {**token, "quoi": "both"}).status == 422
    assert odile.post(f"{path}/suspendre", {**token, "quoi": "both", "raison": "congés"}).status == 303
    assert "congés" in odile.get(path).said
    assert odile.post(f"{path}/reprendre", {**token, "jeton_acte": "e" * 20}).status == 303
    assert odile.post(f"{path}/reprendre", {**token, "jeton_acte": "f" * 20}).status == 422
    assert desk.site.row(Partner).rests is None
    assert odile.get("/correspondants/none").status == 404
