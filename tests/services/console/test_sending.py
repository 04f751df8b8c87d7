"""*Envoyer une commande* (G09–G20), over ASGI with the rights of the console's role; the other site reads the mail."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import delete, update

from intergestan_db.tables import Event, OutboundOrder, Partner, PurchaseOrder, Session
from intergestan_erp.purchasing.purchase_orders import unconfirm
from intergestan_exchange.outbox.outbound import abandon
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.ubl import write_order
from tests.factories import cfr2
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, counted_by
from tests.services.console.sending_desk import NOVEMBER, SendingDesk, look, send

pytestmark = pytest.mark.mainly_on("postgresql")

PLACE = ["M. Wilfried ZWILLIG", "STAUBER", "", "88100", "PAIR ET GRANDRUPT"]


def rows(page: Answer) -> list[list[str]]:
    """The seed's columns of each row."""
    body = re.search(r'(?s)<table class="list picks".*?<tbody>(.*?)</tbody>', page.text)
    found = re.findall(r"(?s)<tr>(.*?)</tr>", body[1] if body else "")
    cells = [re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row) for row in found]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row[1:12]] for row in cells]


def numbers(page: Answer) -> list[str]:
    return [row[0] for row in rows(page)]


def draft(desk: SendingDesk, number: str) -> None:
    with desk.buyer.database.transaction() as connection:
        unconfirm(connection, [number], by="anne", at=desk.buyer.database.now())


def test_the_screen_is_that_of_the_seed(sending: SendingDesk) -> None:
    """G09, G10, G11, G18: filters, columns and buttons with their words in their order, the rows letter by letter."""
    page = sending.browser("carl").get(sending.list)
    labels = re.findall(r'<label for="(?:du|au|tout|fournisseur|suivi)">([^<]+)</label>', page.text)
    assert labels == ["Du", "Au", "tout voir", "Fournisseur", "Suivi"]
    assert re.search(r'<option value="">&lt;tous&gt;</option>', page.text)
    buttons = re.findall(r"<button[^>]*>\s*([A-ZÀ-Ý][\w ]+)", page.text)
    assert [each for each in buttons if each in {"Afficher", "Enlever", "Valider "}] == [
        "Afficher",
        "Enlever",
        "Valider ",
    ]
    assert re.search(r'<a class="button" href="/">Fermer</a>', page.text)
    assert re.search(r'<a href="/envoyer/courriel\?[^"]+">Courriel commandes</a>', page.text)
    titles = [re.sub("<[^>]+>", "", each) for each in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page.text)]
    seed = "ID Pièce, Date, Nature, Total HT, Total TTC, St, Nom, Raison sociale, Adresse 1, C. Postal, Ville"
    assert titles[1:12] == seed.split(", ")
    assert rows(page) == [
        ["CFR1", "15/11/2020", "Matériel cuisine", "180,00", "216,00", "", *PLACE],
        ["CFR2", "19/11/2020", "Casseroles", "120,00", "144,00", "", *PLACE],
    ]
    assert len(re.findall(r'name="pris\.CFR\d"[^>]* checked', page.text)) == 2
    assert "2 commandes, 300,00 HT" in page.said


def test_the_filters_say_what_is_shown(sending: SendingDesk) -> None:
    """G09, G12: both ends are in; drafts and what was sent with *tout voir* only, with their state and no box (D1)."""
    browser = sending.browser("carl")
    for query, expected in {
        "du=15/11/2020&au=15/11/2020": ["CFR1"],
        "du=16/11/2020&au=": ["CFR2"],
        "du=&au=18/11/2020": ["CFR1"],
        "du=&au=&suivi=moi": [],
        "": [],  # this month
    }.items():
        assert numbers(browser.get(f"/envoyer?fournisseur=STAUBER&{query}")) == expected, query
    draft(sending, "CFR2")
    assert numbers(browser.get(sending.list)) == ["CFR1"]
    everything = browser.get(f"{sending.list}&tout=1")
    assert [(row[0], row[5]) for row in rows(everything)] == [("CFR1", ""), ("CFR2", "brouillon")]
    assert re.findall(r'name="pris\.(\w+)"', everything.text) == ["CFR1"]
    confirmed = browser.post("/envoyer/confirmer", {**everything.form_at("/envoyer/apercu"), "commande": "CFR2"})
    assert confirmed.status == 303
    again = browser.get(confirmed.headers["location"])
    assert ("CFR2 est confirmée et peut être envoyée." in again.said, sending.states()["CFR2"]) == (True, "confirmed")
    nothing = browser.get("/envoyer?du=&au=&suivi=moi&fournisseur=STAUBER")
    (all_of_it,) = re.findall(r'<a href="([^"]+)">tout voir</a>', nothing.text)
    assert "du=&amp;au=" in all_of_it, "no day is not this month"
    wrong = browser.get("/envoyer?du=32/13/2020&fournisseur=nobody")
    assert (wrong.status, 'value="32/13/2020"' in wrong.text) == (422, True)
    assert numbers(browser.get(f"/envoyer?{NOVEMBER}")) == ["CFR1", "CFR2"]
    nobody = browser.get(f"/envoyer?{NOVEMBER}&fournisseur=")
    assert re.search(
        r'href="/envoyer\?fournisseur=STAUBER&amp;du=15%2F11%2F2020&amp;au=">STAUBER</a>: 2 commandes', nobody.text
    )


def test_enlever_takes_out_of_the_list_and_of_nothing_else(sending: SendingDesk) -> None:
    """G13: nothing is deleted, a new Afficher brings it back; what was not ticked stays without its tick."""
    browser = sending.browser("carl")
    before = sending.counted()
    page = browser.get(sending.list)
    form = page.form_at("/envoyer/apercu")
    one = browser.post("/envoyer/enlever", {**form, "enlever": "CFR1"})
    assert (one.status, "sans=CFR1" in one.headers["location"]) == (303, True)
    fewer = browser.get(one.headers["location"])
    assert (numbers(fewer), "Une commande enlevée (CFR1)." in fewer.said) == (["CFR2"], True)
    del form["pris.CFR2"]
    bar = browser.get(browser.post("/envoyer/enlever", form).headers["location"])
    assert numbers(bar) == ["CFR1"]
    kept = browser.get(browser.post("/envoyer/enlever", {**form, "enlever": "CFR1"}).headers["location"])
    assert (numbers(kept), "pris.CFR2" in kept.form_at("/envoyer/apercu")) == (["CFR2"], False)
    (back,) = re.findall(r'<a href="([^"]+)">Remettre</a>', fewer.text)
    assert numbers(browser.get(back.replace("&amp;", "&"))) == ["CFR1", "CFR2"]
    assert (sending.counted(), sending.states()) == (before, {"CFR1": "confirmed", "CFR2": "confirmed"})


def test_what_is_shown_is_what_leaves(sending: SendingDesk) -> None:
    """G14, G15, G16, G19: one mail with all of them, from the person, to the address for orders; its text and its
    attachments are those of the page, byte for byte. They wait once the server has taken it, all at once.
    """
    browser = sending.browser("anne")
    page = look(browser, sending)
    assert (page.status, sending.mails()) == (200, [])
    sent = send(browser, page)
    (row,) = sending.mails()
    assert (sent.status, sent.headers["location"]) == (303, f"/envois/out-{row.id}")
    assert (row.requested_by_id, set(sending.states().values())) == (sending.buyer.user_id, {"transmitting"})
    sending.buyer.composer.compose(row.id)
    assert sending.mails()[0].state == "requested", "it may be taken back still"
    sending.move(seconds=9)
    raw = sending.buyer.compose(row.id)
    left = message_from_bytes(raw, policy=default)
    plain = left.get_body(("plain",))
    assert plain is not None
    (shown,) = re.findall(r'(?s)<pre class="letter"[^>]*>(.*?)</pre>', page.text)
    assert html.unescape(shown) == plain.get_content().replace("\r\n", "\n")
    card = dict(re.findall(r"(?s)<dt>([^<]+)</dt><dd>(.*?)</dd>", page.text))
    assert html.unescape(card["De"]) == left["From"] == "Anne Martin <anne@mulhouse.test>"
    assert html.unescape(card["À"]) == left["To"].addresses[0].addr_spec == row_address(sending)
    assert html.unescape(card["Objet"]) == left["Subject"]
    received = read_mail(raw, {sending.buyer.key.public.kid: sending.buyer.key.public})
    files = re.findall(r"<li>([^<]+) \((\d+) octets\)</li>", card["Pièces jointes"])
    assert files == [(each.name, str(len(content))) for each, content in received.documents]
    sending.buyer.mark_sent(row.id)
    assert set(sending.states().values()) == {"waiting"}
    sending.seller.receive(raw)
    (answer,) = sending.seller.compose_requested()
    sending.buyer.receive(answer)
    story = browser.get(sent.headers["location"])
    assert ("répondu" in story.said, story.said.count("acceptée"), "CCL1" in story.said) == (True, 2, True)
    assert "data-again" not in story.text


def row_address(desk: SendingDesk) -> str:
    return str(desk.buyer.row(Partner).order_address)


def test_it_is_sent_once_whatever_is_clicked(sending: SendingDesk) -> None:
    """G14: a double click, a reload of the answer, Back and Valider again; all see the same mail."""
    browser = sending.browser("carl")
    page = look(browser, sending)
    first, second = send(browser, page), send(browser, page)
    assert first.headers["location"] == second.headers["location"]
    told = browser.get(second.headers["location"])
    assert "Déjà fait à" in told.said
    assert "Déjà fait à" not in browser.get(second.headers["location"]).said
    assert len(sending.mails()) == 1
    other = send(browser, page, courriel="else@stauber.test")
    assert other.headers["location"] == first.headers["location"]
    assert "avec un autre contenu" in browser.get(other.headers["location"]).said
    assert (len(sending.mails()), row_address(sending)) == (1, "orders@stauber.test")


@pytest.mark.race
def test_two_processes_that_get_the_same_form_send_it_once(sending: SendingDesk) -> None:
    browsers = [sending.browser("carl") for _ in range(1)] * 4
    page = look(browsers[0], sending)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda browser: send(browser, page), browsers))
    assert {(each.status, each.headers["location"]) for each in answers} == {
        (303, f"/envois/out-{sending.mails()[0].id}")
    }
    assert len(sending.mails()) == 1


def test_two_tabs_send_it_once(sending: SendingDesk) -> None:
    """The second tab is told, and nothing that it chose beside is lost."""
    browser = sending.browser("carl")
    one, other = look(browser, sending), look(browser, sending)
    page = browser.get(sending.list)
    form = page.form_at("/envoyer/apercu")
    del form["pris.CFR2"]
    send(browser, browser.post("/envoyer/apercu", form))
    refused = send(browser, other)
    assert (refused.status, "<del>CFR1</del>" in refused.text) == (409, True)
    assert list(refused.form_at("/envoyer")).count("pris.CFR2") == 1
    assert "pris.CFR1" not in refused.form_at("/envoyer")
    assert send(browser, refused).status == 303
    assert send(browser, one).status == 409
    assert [row.state for row in sending.mails()] == ["requested"] * 2


def test_what_changed_since_it_was_seen_is_neither_in_nor_out_unseen(sending: SendingDesk) -> None:
    """G14: between the list and the mail, and between the mail and Valider."""
    browser = sending.browser("carl")
    page = look(browser, sending)
    sending.put(PurchaseOrder, version=PurchaseOrder.version + 1)
    changed = send(browser, page)
    assert (changed.status, sending.mails()) == (409, [])
    assert changed.text.count("<del>") == 2
    assert "a été modifiée entre-temps" in changed.said
    page = look(browser, sending)
    draft(sending, "CFR2")
    fewer = send(browser, page)
    assert (fewer.status, "<del>CFR2</del> – " in fewer.text, sending.mails()) == (409, True, [])
    assert send(browser, fewer).status == 303
    assert sending.states() == {"CFR1": "transmitting", "CFR2": "draft"}


def test_what_cannot_be_sent_says_why(sending: SendingDesk) -> None:
    """A draft in a forged form, no order, one that is not there, several suppliers, a partner who rests (G12, G14)."""
    browser = sending.browser("carl")
    page = browser.get(sending.list)
    form = page.form_at("/envoyer/apercu")
    none = browser.post("/envoyer/apercu", {name: value for name, value in form.items() if "pris" not in name})
    assert (none.status, "Aucune commande n'est cochée" in none.said) == (422, True)
    gone = browser.post("/envoyer/apercu", {**form, "pris.NONE": "1"})
    assert (gone.status, "<del>NONE</del> – n&#39;existe plus" in gone.text) == (409, True)
    draft(sending, "CFR1")
    version = str(sending.buyer.row(PurchaseOrder, number="CFR1").version)
    forged = browser.post("/envoyer", {**form, "pris.CFR1": version})
    assert (forged.status, "<del>CFR1</del>" in forged.text, sending.mails()) == (409, True, [])
    sending.put(Partner, rests="sending", rests_by="adam", rests_reason="Inventaire")
    resting = send(browser, look(browser, sending))
    assert (resting.status, "Inventaire" in resting.said) == (422, True)
    assert resting.form_at("/envoyer")["pris.CFR2"]
    assert sending.mails() == []


def test_the_address_is_asked_for_once(sending: SendingDesk) -> None:
    """G16, G17: no address, no mail and no change; the first one is stored with the mail, or not at all."""
    sending.put(Partner, order_address=None)
    browser = sending.browser("carl")
    page = look(browser, sending)
    (field,) = re.findall(r'<input id="courriel"[^>]*>', page.text)
    assert 'value="orders@stauber.test"' in field
    empty = send(browser, page, courriel="")
    assert (empty.status, 'aria-invalid="true"' in empty.text, sending.mails()) == (422, True, [])
    wrong = send(browser, page, courriel="no address")
    assert (wrong.status, 'value="no address"' in wrong.text, 'href="#courriel"' in wrong.text) == (422, True, True)
    assert (sending.mails(), sending.buyer.row(Partner).order_address) == ([], None)
    assert send(browser, wrong, courriel="achats@stauber.test").status == 303
    (mail,) = sending.mails()
    assert mail.recipient == sending.buyer.row(Partner).order_address == "achats@stauber.test"
    (event,) = sending.buyer.rows(Event, subject="partner", name="set", who="carl")
    assert event.detail == {"order_address": "achats@stauber.test"}


def test_courriel_commandes_counts_for_what_is_sent_later(sending: SendingDesk) -> None:
    """G18: what was asked for already goes where it was to go; administrators are told who changed the address."""
    browser = sending.browser("carl")
    page = browser.get(sending.list)
    form = page.form_at("/envoyer/apercu")
    del form["pris.CFR2"]
    send(browser, browser.post("/envoyer/apercu", form))
    address = browser.get("/envoyer/courriel?fournisseur=STAUBER&retour=" + "%2Fenvoyer%3Fdu%3D01%2F11%2F2020")
    wrong = browser.post("/envoyer/courriel", {**address.form_at("/envoyer/courriel"), "courriel": "x"})
    assert (wrong.status, 'value="x"' in wrong.text) == (422, True)
    done = browser.post("/envoyer/courriel", {**wrong.form_at("/envoyer/courriel"), "courriel": "new@stauber.test"})
    assert (done.status, done.headers["location"].startswith("/envoyer?du=")) == (303, True)
    told = browser.get(done.headers["location"]).said
    assert "partent désormais à new@stauber.test. Un envoi déjà demandé part encore à l'ancienne adresse." in told
    send(browser, look(browser, sending))
    sending.move(seconds=9)
    for row in sending.mails():
        sending.buyer.compose(row.id)
    assert [row.recipient for row in sending.mails()] == ["orders@stauber.test", "new@stauber.test"]
    (event,) = sending.buyer.rows(Event, subject="partner", name="set", who="carl")
    assert event.detail == {"order_address": "new@stauber.test", "former_order_address": "orders@stauber.test"}
    home = sending.browser("anne").get("/").said
    assert "carl" in home
    assert "orders@stauber.test → new@stauber.test" in home
    assert "new@stauber.test" not in browser.get("/").said


def test_a_mail_is_taken_back_while_it_is_here(sending: SendingDesk) -> None:
    """Undo: its orders are confirmed again, in the list, and leave in another mail."""
    browser = sending.browser("carl")
    sent = send(browser, look(browser, sending))
    page = browser.get(sent.headers["location"])
    assert "Partira dans 8 secondes." in page.said
    assert 'data-again="1000"' in page.text
    path = f"{sent.headers['location']}/annuler"
    back = browser.post(path, page.form_at(path))
    told = browser.get(back.headers["location"])
    assert "Rien n'a été envoyé ; de nouveau confirmées : CFR1, CFR2." in told.said
    assert (sending.mails()[0].state, set(sending.states().values())) == ("abandoned", {"confirmed"})
    (link,) = re.findall(r'<a class="button" href="([^"]+)">Revenir à la sélection</a>', told.text)
    assert numbers(browser.get(link.replace("&amp;", "&"))) == ["CFR1", "CFR2"]
    again = browser.post(path, page.form_at(path))
    assert again.headers["location"] == back.headers["location"]
    assert send(browser, look(browser, sending)).status == 303
    assert [row.state for row in sending.mails()] == ["abandoned", "requested"]
    sending.move(seconds=9)
    assert "Annuler l'envoi" not in browser.get("/envois/out-2").said


def test_a_mail_that_waits_says_why_and_goes_again(sending: SendingDesk) -> None:
    """D1: Renvoyer is an act of its own; Abandonner asks first, and frees the orders."""
    browser, operator = sending.browser("carl"), sending.browser("odile")
    path = send(browser, look(browser, sending)).headers["location"]
    sending.move(seconds=9)
    sending.put(PurchaseOrder, version=PurchaseOrder.version + 1)
    sending.buyer.composer.compose(sending.mails()[0].id)
    held = operator.get(path)
    assert ("à traiter" in held.said, "Il attend une personne" in held.said) == (True, True)
    assert "Corriger l'adresse" in browser.get(path).said
    assert "Corriger l'adresse" not in held.said
    again = operator.post(f"{path}/renvoyer", held.form_at(f"{path}/renvoyer"))
    assert (again.status, sending.mails()[0].state) == (303, "requested")
    sending.buyer.composer.compose(sending.mails()[0].id)
    ask = operator.get(f"{path}/abandonner")
    assert ("Abandonner out-1 (2 commandes)" in ask.said, sending.mails()[0].state) == (True, "held")
    given_up = operator.post(f"{path}/abandonner", ask.form_at(f"{path}/abandonner"))
    assert (given_up.status, set(sending.states().values())) == (303, {"confirmed"})
    assert operator.get(f"{path}/abandonner").status == 303
    reader = sending.browser("nadia")
    seen = reader.get(path)
    assert ("abandonné" in seen.said, "Renvoyer" in seen.said, reader.get("/envoyer").status) == (True, False, 403)
    assert reader.post(f"{path}/renvoyer", {"jeton": seen.token}).status == 403


def test_the_mails_are_listed_and_found_by_their_orders(sending: SendingDesk) -> None:
    browser = sending.browser("carl")
    assert "Aucun courriel n'a encore été demandé." in browser.get("/envois").said
    path = send(browser, look(browser, sending)).headers["location"]
    page = browser.get("/envois")
    assert [row[0] for row in page.rows()] == ["out-1"]
    assert browser.get("/envois/CFR2").headers["location"] == path
    missing = ("/envois/out-9", "/envois/CFR9", "/envois/out-01/abandonner", "/envois/out-9/abandonner", "/envois/%01")
    for nothing in missing:
        assert browser.get(nothing).status == 404, nothing
    assert browser.post("/envois/out-9/renvoyer", {"jeton": page.token, "jeton_acte": "a" * 16}).status == 422


def test_a_session_that_ended_loses_nothing(sending: SendingDesk) -> None:
    """Without scripts the login carries the form; whoever has entered sees the mail again, and it is not sent."""
    sending.put(Partner, order_address=None)
    browser = sending.browser("carl")
    page = look(browser, sending)
    with sending.buyer.database.transaction() as connection:
        connection.execute(delete(Session))
    login = send(browser, page, courriel="x@stauber.test")
    assert (login.status, sending.mails()) == (401, [])
    back = browser.post("/entrer", {**login.kept(), "login": "carl", "mot_de_passe": PASSWORD})
    assert (back.status, sending.mails()) == (200, [])
    form = back.form_at("/envoyer")
    assert (form["pris.CFR1"], form["courriel"], form["jeton_acte"]) == (
        "1",
        "x@stauber.test",
        page.form_at("/envoyer")["jeton_acte"],
    )
    assert browser.post("/envoyer", form).status == 303
    with sending.buyer.database.transaction() as connection:
        connection.execute(delete(Session))
    partial = browser.post("/envoyer/apercu", form, hx_request="true", hx_target="contenu")
    assert (partial.status, partial.headers["hx-retarget"]) == (401, "#dialogue")


def test_a_database_that_is_away_loses_nothing(sending: SendingDesk) -> None:
    browser = sending.browser("carl")
    page = look(browser, sending)
    sending.let_write(allowed=False)
    away = send(browser, page)
    assert (away.status, away.kept()["pris.CFR1"]) == (503, "1")
    assert away.kept()["jeton_acte"] == page.form_at("/envoyer")["jeton_acte"]
    sending.let_write(allowed=True)
    assert browser.post("/envoyer", away.kept()).status == 303
    assert len(sending.mails()) == 1


def test_a_form_that_is_not_whole_does_nothing(sending: SendingDesk) -> None:
    browser = sending.browser("carl")
    form = look(browser, sending).form_at("/envoyer")
    for token in ("", "short", "x" * 65, "' OR 1=1 --aaaaaaaa"):
        answer = browser.post("/envoyer", {**form, "jeton_acte": token})
        assert (answer.status, sending.mails()) == (422, [])
        assert answer.form_at("/envoyer")["pris.CFR1"] == "1"


def test_the_server_counts_what_is_ticked(sending: SendingDesk) -> None:
    browser = sending.browser("carl")
    form = browser.get(sending.list).form_at("/envoyer/apercu")
    both = browser.post("/envoyer/somme", form, hx_request="true", hx_target="somme")
    assert "Valider (2 commandes, 300,00 HT)" in both.said
    del form["pris.CFR1"]
    assert "Valider (une commande, 120,00 HT)" in browser.post("/envoyer/somme", form).said
    del form["pris.CFR2"]
    none = browser.post("/envoyer/somme", form)
    assert ("disabled" in none.text, "Aucune commande n'est cochée." in none.said) == (True, True)


def test_what_is_odd_is_said_and_taken_out_by_a_button(sending: SendingDesk) -> None:
    """What was in a mail that was given up, a total of nothing, services and a server that do not work."""
    browser = sending.browser("carl")
    path = send(browser, look(browser, sending)).headers["location"]
    sending.move(seconds=9)
    sending.buyer.compose(1)
    with sending.buyer.database.transaction() as connection:
        abandon(connection, [1], by="anne", at=sending.buyer.database.now())
        first, nothing = PurchaseOrder.number == "CFR1", Decimal(0)
        empty = {"total_ht": nothing, "total_vat": nothing, "total_ttc": nothing}
        connection.execute(update(PurchaseOrder).where(first).values(**empty))
    assert path
    page = look(browser, sending)
    assert page.said.count("Elle était déjà dans un courriel") == 2
    assert "Le total est nul." in page.said
    assert "L'envoi attend : les services composer, sender ne tournent pas." in page.said
    fewer = browser.post("/envoyer/apercu", {**page.form_at("/envoyer"), "enlever": "CFR1"})
    assert ("pris.CFR1" in fewer.form_at("/envoyer"), "pris.CFR2" in fewer.form_at("/envoyer")) == (False, True)
    assert "libre=CFR1" in html.unescape(fewer.text)


def test_what_was_composed_and_given_up_leaves_as_the_next_revision(sending: SendingDesk) -> None:
    """In the role of the console: it raises the revision of what is confirmed, and of nothing else."""
    browser = sending.browser("carl")
    send(browser, look(browser, sending))
    sending.move(seconds=9)
    sending.buyer.compose(1)
    with sending.buyer.database.transaction() as connection:
        abandon(connection, [1], by="anne", at=sending.buyer.database.now())
    send(browser, look(browser, sending))
    links = sending.buyer.rows(OutboundOrder)
    assert [(link.outbound_mail_id, link.revision) for link in links] == [(1, 0), (1, 0), (2, 1), (2, 1)]
    assert {order.revision for order in sending.buyer.rows(PurchaseOrder) if order.number in {"CFR1", "CFR2"}} == {1}


def test_it_is_in_english_too(sending: SendingDesk) -> None:
    browser = sending.browser("carl")
    page = browser.get(f"{sending.list}&langue=en")
    words = (
        "From",
        "To",
        "show all",
        "Supplier",
        "Followed by",
        "<all>",
        "Show",
        "Send (2 orders",
        "Take out",
        "Close",
    )
    assert [each for each in words if each not in page.said] == []


def cost(desk: SendingDesk, browser: Browser) -> list[int]:
    """How many statements the list takes, and the mail, with those that are asked once in a while."""
    asks: tuple[Callable[[], Answer], ...] = (lambda: browser.get(desk.list), lambda: look(browser, desk))
    found = []
    for ask in asks:
        desk.look_anew()
        with counted_by(desk.console) as statements:
            assert ask().status == 200
        found.append(len(statements))
    return found


def test_no_page_is_costlier_with_more_orders(sending: SendingDesk) -> None:
    """The list and the mail, with two orders and with sixty: as many statements."""
    browser = sending.browser("carl")
    few = cost(sending, browser)
    orders = [replace(cfr2(), id=f"CFR{n}") for n in range(100, 160)]
    sending.buyer.import_orders(*(write_order(order) for order in orders))
    assert cost(sending, browser) == few
    assert len(numbers(browser.get(sending.list))) == 62
