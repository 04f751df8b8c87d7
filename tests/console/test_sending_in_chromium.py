"""*Envoyer une commande* in a real browser, before real mail servers: the journey, by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.console.trade import Trade, open_trade
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.journey.conftest import MakePair
from tests.patience import eventually
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.not_quick


@pytest.fixture(scope="module")
def trade(make_pair: MakePair) -> Iterator[Trade]:
    trade = open_trade(make_pair, undo_seconds=2)
    yield trade
    trade.stop()


def test_an_order_is_sent_and_its_answer_seen(trade: Trade, watched: Watched) -> None:
    """G14 to G19: looked at, sent, taken back, sent again; the page turns to *acceptée* by itself. Every page is
    accessible, and fits 320 pixels.
    """
    before = {mail.id for mail in trade.mails()}
    page = watched.context.new_page()
    enter(page, trade.url)
    page.goto(trade.list)
    send = page.get_by_role("button", name="Valider")
    expect(send).to_have_text("Valider (2 commandes, 300,00 HT)")
    page.get_by_label("envoyer CFR2").uncheck()
    expect(send).to_have_text("Valider (une commande, 180,00 HT)")
    assert found_by_axe(page) == []
    page.get_by_label("toutes").check()
    expect(send).to_have_text("Valider (2 commandes, 300,00 HT)")
    fits(page)
    send.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Le courriel avant son départ")
    expect(heading).to_be_focused()
    assert found_by_axe(page) == []
    fits(page)
    send.click()
    expect(page.get_by_text("Partira dans")).to_be_visible()
    page.get_by_role("button", name="Annuler l'envoi").click()
    expect(page.locator(".told")).to_contain_text("Rien n'a été envoyé")
    page.get_by_role("link", name="Revenir à la sélection").click()
    send.click()
    expect(heading).to_have_text("Le courriel avant son départ")
    send.dblclick()
    expect(page.locator(".standing")).to_have_text("répondu")
    expect(page.locator("#envoi tbody").first).to_contain_text("acceptée")
    expect(page.locator("#direct-dit")).to_contain_text("répondu")
    expect(page.get_by_role("button", name="Suspendre le direct")).to_be_hidden()
    assert found_by_axe(page) == []
    fits(page)
    assert [mail.state for mail in trade.mails() if mail.id not in before] == ["abandoned", "answered"]
    for path in ("/envois", "/envoyer", "/envoyer?fournisseur=", "/envoyer/courriel?fournisseur=80295478500028"):
        page.goto(trade.url + path)
        assert found_by_axe(page) == [], path
        fits(page)


def test_a_console_that_dies_before_it_answers_sends_once(trade: Trade, watched: Watched) -> None:
    """The mail is asked for, and whoever pressed hears nothing: they press again, and are shown that mail."""
    trade.confirm_again()
    before = len(trade.mails())
    page = watched.context.new_page()
    enter(page, trade.url)
    page.goto(trade.other_list)
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Le courriel avant son départ")

    def die(route: Route) -> None:
        route.fetch()
        trade.console.kill()
        route.abort()

    page.route("**/envoyer", die, times=1)
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_text("La console ne répond pas.")).to_be_visible()
    trade.console.start()
    trade.console.wait_ready()
    page.get_by_role("button", name="Valider").click()
    expect(page.locator(".told")).to_contain_text("Déjà fait à")
    assert len(trade.mails()) == before + 1
    of_silence = ("net::ERR_FAILED", "htmx:afterRequest", "htmx:sendError")
    watched.complaints = [each for each in watched.complaints if not any(word in each for word in of_silence)]


def test_it_is_sent_by_keyboard_alone(trade: Trade, watched: Watched) -> None:
    """Single letters, a range by Shift, the menu of the supplier by Shift+F10."""
    eventually(trade.pair.at_rest)
    trade.confirm_again()
    page = watched.context.new_page()
    enter(page, trade.url)
    press(page, "g", "e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Envoyer une commande")
    page.goto(trade.other_list)
    press(page, "j", "x", "j", "Shift+X")
    send = page.get_by_role("button", name="Valider")
    expect(send).to_be_disabled()
    press(page, "*")
    expect(send).to_have_text("Valider (2 commandes, 300,00 HT)")
    page.get_by_label("Fournisseur", exact=True).focus()
    press(page, "Shift+F10")
    expect(page.get_by_role("link", name="Courriel commandes")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("link", name="Courriel commandes")).to_be_hidden()
    press(page, "v")
    expect(page.get_by_role("heading", level=1)).to_have_text("Le courriel avant son départ")
    press(page, "v")
    expect(page.get_by_text("Partira dans")).to_be_visible()
    press(page, "d")
    expect(page.get_by_role("button", name="Suspendre le direct")).to_have_attribute("aria-pressed", "true")


@pytest.mark.campaign
def test_it_is_sent_without_scripts(trade: Trade, chromium: Chromium) -> None:
    eventually(trade.pair.at_rest)
    trade.confirm_again()
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, trade.url)
    page.goto(trade.other_list)
    page.get_by_label("envoyer CFR12").uncheck()
    page.get_by_role("button", name="Enlever", exact=True).click()
    expect(page.get_by_text("Une commande enlevée (CFR12).")).to_be_visible()
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Le courriel avant son départ")
    page.get_by_role("button", name="Valider").click()
    page.get_by_role("button", name="Annuler l'envoi").click()
    expect(page.get_by_text("Rien n'a été envoyé")).to_be_visible()
    context.close()
