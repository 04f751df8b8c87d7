"""*Exploitation*: mailboxes and the outgoing server, with the rights of the console's own role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from intergestan_db.enums import OutboundState, Security
from intergestan_db.tables import Event, InboundMail, InboundTransfer, Mailbox, OutboundMail, PollRun, Relay
from intergestan_exchange.health.hours import read_hours
from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_exchange.mail_accounts.discovery import Ask
from intergestan_operations.opening.passwords import publish_seal
from intergestan_runtime.sealed_passwords import open_password
from tests.console.forms import act_of
from tests.servers import SmtpServer
from tests.servers.process import HOST
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.services.console.sending_desk import SendingDesk

pytestmark = pytest.mark.mainly_on("postgresql")

KEY = bytes(range(32))
BOX = "/exploitation/boite/appros"
FORM = "/comptes/relais"


def send(browser: Browser, page: str, path: str, **fields: str) -> Answer:
    """Open a page, and send one of its forms: with its hidden fields, and these."""
    shown = browser.get(page)
    return browser.post(path, {**shown.kept(), "jeton": shown.token, "jeton_acte": act_of(shown.text), **fields})


def enter(desk: Desk, **values: Any) -> None:
    box = NewMailbox(
        **{"name": "appros", "host": "imap.site.test", "port": 993, "login": "a@site.test", "secret": "mail", **values}
    )
    with desk.site.database.transaction() as connection:
        add_mailbox(connection, box, by="marie", at=desk.site.database.now())


def events(desk: Desk, subject: str) -> list[tuple[str, str]]:
    return [(row.name, row.who) for row in desk.site.rows(Event) if row.subject == subject]


def test_a_mailbox_rests_and_goes_on(desk: Desk) -> None:
    """Why is written down and read by whoever finds it paused; without a reason nothing happens, and what was typed
    stays.
    """
    enter(desk)
    odile, nadia = desk.browser("odile"), desk.browser("nadia")
    refused = send(odile, BOX, "/exploitation/boites/suspendre/appros", motif="  ")
    assert (refused.status, 'aria-invalid="true"' in refused.text) == (422, True)
    too_long = send(odile, BOX, "/exploitation/boites/suspendre/appros", motif="x" * 201)
    assert (too_long.status, f'value="{"x" * 201}"' in too_long.text) == (422, True)
    assert desk.site.row(Mailbox).rests_since is None
    done = send(odile, BOX, "/exploitation/boites/suspendre/appros", motif="le fournisseur déménage")
    assert (done.status, done.headers["location"]) == (303, BOX)
    row = desk.site.row(Mailbox)
    assert (row.rests_by, row.rests_reason, row.owner) == ("odile", "le fournisseur déménage", None)
    assert "le fournisseur déménage" in nadia.get(BOX).said
    assert "le fournisseur déménage" in nadia.get("/exploitation/boites").said
    assert "<button" not in nadia.get(BOX).text.partition('id="contenu"')[2].partition("</main>")[0]
    assert send(odile, BOX, "/exploitation/boites/reprendre/appros").status == 303
    assert desk.site.row(Mailbox).rests_since is None
    assert events(desk, "mailbox") == [("set", "marie"), ("pause", "odile"), ("unpause", "odile")]


def test_two_people_at_once(desk: Desk) -> None:
    """Whoever decided in sight of something else is told who was quicker, and nothing is done."""
    enter(desk)
    odile, adam = desk.browser("odile"), desk.browser("adam")
    seen = adam.get(BOX)
    send(odile, BOX, "/exploitation/boites/suspendre/appros", motif="panne")
    fields = {**seen.kept(), "jeton": seen.token, "jeton_acte": act_of(seen.text), "motif": "vacances"}
    late = adam.post("/exploitation/boites/suspendre/appros", fields)
    assert (late.status, "odile" in late.said) == (409, True)
    assert desk.site.row(Mailbox).rests_reason == "panne"
    asked = adam.get("/exploitation/boites/retirer/appros")
    send(odile, BOX, "/exploitation/boites/reprendre/appros")
    gone = {**asked.kept(), "jeton": asked.token, "jeton_acte": act_of(asked.text)}
    assert adam.post("/exploitation/boites/retirer/appros", gone).status == 409
    assert desk.site.row(Mailbox).active


def test_out_of_use_and_in_use_again(desk: Desk) -> None:
    """What it means is said before; the row, its mails and its password stay. Sent twice it is done once."""
    enter(desk)
    with desk.site.database.transaction() as connection:
        box = connection.execute(select(Mailbox.id)).scalar_one()
        mail = {"size": 1, "archived_at": desk.site.database.now(), "mailbox_id": box}
        connection.execute(insert(InboundMail).values(sha256="a" * 64, state="archived", **mail))
        connection.execute(insert(InboundMail).values(sha256="b" * 64, state="done", **mail))
    adam = desk.browser("adam")
    asked = adam.get("/exploitation/boites/retirer/appros")
    assert "2 courriels qui en sont venus restent ici" in asked.said
    assert "plus aucune commande ne peut arriver" in asked.said
    fields = {**asked.kept(), "jeton": asked.token, "jeton_acte": act_of(asked.text)}
    answers = [adam.post("/exploitation/boites/retirer/appros", fields) for _ in range(2)]
    assert [(each.status, each.headers["location"]) for each in answers] == [(303, BOX)] * 2
    row = desk.site.row(Mailbox)
    assert (row.active, row.secret, len(desk.site.rows(InboundMail))) == (False, "mail", 2)
    assert send(adam, BOX, "/exploitation/boites/remettre/appros").status == 303
    assert desk.site.row(Mailbox).active
    assert [name for name, _who in events(desk, "mailbox")] == ["set", "deactivate", "activate"]


def test_what_is_wrong_with_a_mailbox_has_its_cure_on_the_page(desk: Desk) -> None:
    """With the link to where it is done for those who may do it, and nobody is told to type a command."""
    enter(desk)
    with desk.site.database.transaction() as connection:
        connection.execute(update(Mailbox).values(state="authenticationError", last_error="imap.site.test says NO"))
    adam, odile = desk.browser("adam").get(BOX), desk.browser("odile").get(BOX)
    for page in (adam, odile):
        assert "imap.site.test says NO" in page.said
        assert "Corrigez identifiant et mot de passe" in page.said.replace("’", "'")
    assert 'href="/comptes/boites/appros"' in adam.text
    assert 'href="/comptes/boites/appros"' not in odile.text


@pytest.mark.parametrize("name", ["none", "../../etc/passwd", "%2e%2e", "appros%01", "é" * 90])
def test_a_mailbox_that_is_none(desk: Desk, name: str) -> None:
    enter(desk)
    adam = desk.browser("adam")
    assert adam.get(f"/exploitation/boite/{name}").status == 404
    token = adam.get("/moi").token
    for verb in ("suspendre", "reprendre", "retirer", "remettre"):
        answer = adam.post(
            f"/exploitation/boites/{verb}/{name}",
            {"jeton": token, "jeton_acte": "a" * 20, "vu": "polled", "motif": "x"},
        )
        assert answer.status == 404, verb
    assert desk.site.row(Mailbox).active


def test_hours_count_what_went_through(sending: SendingDesk) -> None:
    """Mails that left, came and were taken in, by the hour in which they did; heartbeats are none of them."""
    sending.buyer.request(sending.seller.code, "CFR1")
    database = sending.buyer.database
    now = database.now().replace(minute=30, second=0, microsecond=0)
    with database.transaction() as connection:
        connection.execute(update(OutboundMail).values(sent_at=now - timedelta(hours=2)))
        mail = {"size": 1, "state": "done"}
        for n, (hours, is_heartbeat) in enumerate(((0, False), (23, False), (24, False), (1, True), (1, False))):
            at = now - timedelta(hours=hours)
            connection.execute(
                insert(InboundMail).values(sha256=str(n) * 64, archived_at=at, is_heartbeat=is_heartbeat, **mail)
            )
        found = connection.execute(select(InboundMail.id).limit(1)).scalar_one()
        connection.execute(
            insert(InboundTransfer).values(
                partner_id=1,
                jti="x",
                epoch=1,
                seq=1,
                kind="orders",
                transfer_digest="x",
                composed_at=now,
                received_at=now - timedelta(hours=5),
                inbound_mail_id=found,
            )
        )
    with sending.console.database.read() as connection:
        found_hours = read_hours(connection, now)
    assert (len(found_hours.begins), found_hours.begins[-1]) == (24, now.replace(minute=0))
    lists = {"sent": found_hours.sent, "came": found_hours.came, "booked": found_hours.booked}
    ago = {name: {23 - n: count for n, count in enumerate(counts) if count} for name, counts in lists.items()}
    assert ago == {"sent": {2: 1}, "came": {0: 1, 1: 1, 23: 1}, "booked": {5: 1}}
    page = sending.browser("nadia").get("/exploitation")
    svg = re.search(r'(?s)<svg class="bars"[^>]*>.*?</svg>', page.text)
    assert svg
    assert ('role="img"' in svg[0], "<title" in svg[0]) == (True, True)


def with_relay(desk: Desk, **values: Any) -> None:
    relay = NewRelay(
        **{"name": "relay", "host": "smtp.site.test", "port": 465, "login": "a@site.test", "secret": "smtp", **values}
    )
    with desk.site.database.transaction() as connection:
        set_relay(connection, relay, by="marie", at=desk.site.database.now())


def test_the_relay_is_tried_again_with_the_mails_that_wait(sending: SendingDesk) -> None:
    """What the server said stands on the page; the operator lets the sender try, once, and it is written down."""
    mail_id = sending.buyer.request(sending.seller.code, "CFR1")
    sending.buyer.compose(mail_id)
    database = sending.buyer.database
    later = database.now() + timedelta(hours=1)
    with database.transaction() as connection:
        connection.execute(update(Relay).values(paused_until=later, last_error="421 come back later <b>"))
        connection.execute(update(OutboundMail).values(next_attempt_at=later))
        people = dict(connection.execute(select(Event.name, Event.who).where(Event.subject == "relay")).all())
    assert "resume" not in people
    browser = sending.browser("odile")
    page = browser.get("/exploitation/relais")
    assert "421 come back later <b>" in page.said.replace("&lt;", "<").replace("&gt;", ">")
    assert "<b>" not in page.text
    done = send(browser, "/exploitation/relais", "/exploitation/relais/essayer")
    assert (done.status, done.headers["location"]) == (303, "/exploitation/relais")
    row, mail = sending.buyer.row(Relay), sending.buyer.row(OutboundMail)
    assert (row.paused_until, row.last_error) == (None, None)
    assert (mail.state, mail.next_attempt_at <= database.now()) == (OutboundState.COMPOSED, True)
    with database.read() as connection:
        assert ("resume", "odile") in connection.execute(
            select(Event.name, Event.who).where(Event.subject == "relay")
        ).all()


@pytest.fixture
def adam(desk: Desk) -> Browser:
    """An administrator of a site whose passwords can be sealed; nobody in the network knows anything."""
    with desk.site.database.transaction() as connection:
        publish_seal(connection, KEY)
    desk.console.network = Ask(lambda _url: None, lambda _domain: (), lambda _name: ())
    return desk.browser("adam")


def of_server(server: SmtpServer, **others: str) -> dict[str, str]:
    place = {"serveur": HOST, "port": str(server.port), "securite": "none", "de": "user", "retour_par": "fixed"}
    return {"adresse": "a@site.test", "mot_de_passe_boite": "x", **place, **others}


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer(accepts=lambda login, password: (login, password) == ("a@site.test", "x")) as server:
        yield server


def test_the_relay_is_found_tried_and_entered(desk: Desk, adam: Browser, smtp: SmtpServer) -> None:
    """A test sends no mail and stores nothing; what is stored is sealed, and comes back nowhere."""
    assert "aucune commande ne peut partir" in adam.get("/exploitation/relais").said
    found = send(adam, FORM, FORM, faire="chercher", adresse="anne@orange.fr")
    assert 'value="smtp.orange.fr"' in found.text
    tried = send(adam, FORM, FORM, faire="essayer", **of_server(smtp))
    assert (tried.status, "rien n'a été enregistré" in tried.said.replace("’", "'")) == (200, True)
    assert (desk.site.rows(Relay), smtp.mails) == ([], [])
    wrong = send(adam, FORM, FORM, faire="valider", **of_server(smtp, mot_de_passe_boite="bad"))
    assert (wrong.status, desk.site.rows(Relay)) == (422, [])
    assert "bad" not in wrong.text
    stored = send(adam, FORM, FORM, faire="valider", **of_server(smtp))
    assert (stored.status, stored.headers["location"]) == (303, "/exploitation/relais")
    row = desk.site.row(Relay)
    assert (row.host, row.login, row.secret, open_password(KEY, row.sealed, row)) == (HOST, "a@site.test", None, "x")
    assert 'type="password"' in adam.get(FORM).text
    assert not re.search(r'type="password"[^>]*value', adam.get(FORM).text)


def test_the_relays_password_stays_and_goes_nowhere_else(desk: Desk, adam: Browser) -> None:
    with_relay(desk)
    kept = {"serveur": "smtp.site.test", "port": "465", "securite": "tls", "identifiant": "a@site.test"}
    habits = {"de": "site", "retour_par": "plus", "rebonds": "retours@site.test", "par_minute": "30", "par_jour": "0"}
    assert send(adam, FORM, FORM, faire="valider", **kept, **habits).status == 303
    row = desk.site.row(Relay)
    assert (
        row.secret,
        row.from_mode,
        row.bounce_mode,
        row.bounce_address,
        row.mails_per_minute,
        row.mails_per_day,
    ) == (*("smtp", "site", "plus", "retours@site.test", 30, 0),)
    for moved in ({"serveur": "evil.test"}, {"identifiant": "b"}, {"securite": "starttls"}, {"certificat": "/x"}):
        refused = send(adam, FORM, FORM, faire="valider", **{**kept, **habits, **moved})
        assert (refused.status, "saisissez-le à nouveau" in refused.said) == (422, True), refused.said
    bad = send(adam, FORM, FORM, faire="valider", **kept, **{**habits, "rebonds": "no address", "par_minute": "30"})
    assert (bad.status, 'value="no address"' in bad.text) == (422, True)
    assert desk.site.row(Relay)[:8] == row[:8]


def test_two_administrators_at_the_relay(desk: Desk, adam: Browser) -> None:
    """The second sees what the first stored beside what they typed themselves; to store again is theirs to choose."""
    with_relay(desk)
    page = adam.get(FORM)
    kept = {"serveur": "smtp.site.test", "port": "465", "securite": "tls", "identifiant": "a@site.test", "de": "site"}
    fields = {**page.kept(), "jeton": page.token, "jeton_acte": act_of(page.text), "faire": "valider", **kept}
    with_relay(desk, port=587, security=Security.STARTTLS)
    late = adam.post(FORM, {**fields, "port": "466", "securite": "starttls"})
    assert (late.status, "smtp.site.test:587" in late.said, 'value="466"' in late.text) == (409, True, True)
    assert desk.site.row(Relay).port == 587
    again = {**late.kept(), "jeton": late.token, "jeton_acte": act_of(late.text), "faire": "valider", **kept}
    assert adam.post(FORM, {**again, "port": "466", "securite": "starttls"}).status == 303
    assert desk.site.row(Relay).port == 466


def test_the_role_may_redirect_no_mail_with_the_stored_password(desk: Desk) -> None:
    """Whoever holds the console's role neither reads the relay's password nor has it sent to a server of their own."""
    if desk.site.database.is_sqlite:
        pytest.skip("SQLite has no roles.")
    with_relay(desk)
    for values in ({"host": "evil.test"}, {"secret": "mail"}, {"ca_file": "/tmp/evil.pem"}, {"login": "b"}):
        with pytest.raises(DBAPIError), desk.console.database.transaction() as connection:
            connection.execute(update(Relay).values(**values))
    for column in (Relay.sealed, Relay.secret, Mailbox.sealed):
        with pytest.raises(DBAPIError), desk.console.database.read() as connection:
            connection.execute(select(column)).all()
    with pytest.raises(DBAPIError), desk.console.database.transaction() as connection:
        connection.execute(PollRun.__table__.delete())


def test_the_diagnosis_has_each_cure_as_a_link(desk: Desk) -> None:
    """What the base alone tells, in the words of `doctor`; where it is done stands beside it for who may do it."""
    enter(desk)
    with desk.site.database.transaction() as connection:
        connection.execute(update(Mailbox).values(state="folderError", last_error="no folder Commandes"))
    page = desk.browser("odile").get("/exploitation/diagnostic")
    failed, _, well = page.said.partition("Ce qui va bien")
    assert "no folder Commandes" in failed
    assert "Corrigez le nom du dossier" in failed
    assert "aucun ne tourne" in failed or "démarre ses services" in failed
    assert "elle répond, schéma" in well
    assert 'href="/exploitation/boite/appros"' in page.text
    assert 'href="/comptes/relais"' not in page.text, "an operator enters no account"
    assert 'href="/comptes/relais"' in desk.browser("adam").get("/exploitation/diagnostic").text
    with_relay(desk)
    with desk.site.database.transaction() as connection:
        connection.execute(update(Relay).values(last_error="535 no such user"))
        connection.execute(update(Mailbox).values(state="connected", last_error=None))
    page = desk.browser("odile").get("/exploitation/diagnostic")
    failed, _, well = page.said.partition("Ce qui va bien")
    assert ("535 no such user" in failed, "no folder" in failed, "appros" in well) == (True, False, True)
    assert 'href="/exploitation/relais"' in page.text
