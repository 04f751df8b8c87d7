"""*Serveur entrant* (G21, G22): found, tried, stored; over ASGI, with a real mail server and the console's own role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from intergestan_db.tables import Event, Mailbox, MailboxUid, PollRun
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from intergestan_exchange.mail_accounts.discovery import Ask
from intergestan_operations.opening.passwords import publish_seal
from intergestan_runtime.sealed_passwords import open_password
from tests.console.forms import act_of
from tests.servers import Dovecot, MailUser
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk

pytestmark = pytest.mark.mainly_on("postgresql")

KEY = bytes(range(32))
AUTOCONFIG = b"""<clientConfig version="1.1"><emailProvider id="fournisseur.com">
<incomingServer type="imap"><hostname>imap.fournisseur.com</hostname><port>993</port><socketType>SSL</socketType>
<username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></incomingServer>
</emailProvider></clientConfig>"""
NEW = "/comptes/boites/nouvelle"


@pytest.fixture
def adam(desk: Desk) -> Browser:
    """An administrator of a site whose passwords can be sealed; nobody in the network knows anything."""
    with desk.site.database.transaction() as connection:
        publish_seal(connection, KEY)
    desk.console.network = nobody()
    return desk.browser("adam")


def nobody() -> Ask:
    return Ask(lambda _url: None, lambda _domain: (), lambda _name: ())


def send(browser: Browser, path: str = NEW, **fields: str) -> Answer:
    page = browser.get(path)
    return browser.post(path, {"jeton": page.token, "jeton_acte": act_of(page.text), **fields})


def of(user: MailUser, server: Dovecot, **others: str) -> dict[str, str]:
    """What a person types for a mailbox on the mail server of the tests."""
    place = {"serveur": server.host, "port": str(server.imap), "securite": "none", "protocole": "imap"}
    return {"adresse": user.address, "mot_de_passe_boite": user.password, "secondes": "60", **place, **others}


def test_the_fields_are_those_of_the_dialog(adam: Browser) -> None:
    """G21, G22: its words, its proposals, its buttons; the password is masked; *Annuler* stores nothing."""
    page = adam.get(NEW)
    assert "Saisie paramètre" in page.text
    assert "Saisir les caractéristiques du serveur de mail entrant." in page.said
    labels = re.findall(r'<label for="[^"]+">([^<]+)</label>', page.text)
    assert labels[:5] == ["Adresse courriel", "Serveur", "Port", "Sécurité", "Mot de passe"]
    assert re.findall(r"<option[^>]*>([^<]+)</option>", page.text) == ["SSL/TLS", "STARTTLS", "aucune (cette machine)"]
    assert re.findall(r'name="protocole" value="(\w+)"', page.text) == ["imap", "pop3"]
    assert re.search(r'name="mot_de_passe_boite" type="password"', page.text)
    assert re.search(r'<button class="main" name="faire" value="valider">Valider</button>', page.text)
    assert re.search(r'<a href="/relever">Annuler</a>', page.text)


def test_the_server_is_found_from_the_address(desk: Desk, adam: Browser) -> None:
    """By the table of providers, or by what the domain says; the person looks before a password travels."""
    asked: list[str] = []

    def page(url: str) -> bytes | None:
        asked.append(url)
        return AUTOCONFIG if "fournisseur.com" in url else None

    desk.console.network = Ask(page, lambda _domain: (), lambda _name: ())
    known = send(adam, faire="chercher", adresse="anne@orange.fr", protocole="imap")
    assert ("Trouvé : Orange" in known.said, asked) == (True, [])
    assert value_of(known, "serveur").endswith("orange.fr")
    found = send(adam, faire="valider", adresse="jdupont@fournisseur.com", mot_de_passe_boite="s3cret-of-jean")
    assert [value_of(found, name) for name in ("serveur", "port", "identifiant")] == [
        "imap.fournisseur.com",
        "993",
        "jdupont@fournisseur.com",
    ]
    assert "Vérifiez le serveur" in found.said
    assert "s3cret-of-jean" not in found.text
    assert desk.site.rows(Mailbox) == []
    lost = send(adam, faire="chercher", adresse="jdupont@nulle-part.test")
    assert (lost.status, 'id="adresse-faute"' in lost.text) == (422, True)


def value_of(answer: Answer, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', answer.text)
    assert found
    return found[1]


def test_a_test_goes_step_by_step_and_stores_nothing(
    desk: Desk, adam: Browser, dovecot: Dovecot, mail_user: MailUser
) -> None:
    dovecot.deliver(mail_user.address, b"Subject: x\r\nIntergestan-Transfer: 1\r\n\r\n")
    good = send(adam, faire="essayer", **of(mail_user, dovecot))
    for step in ("Connexion", "Identifiant", "Dossiers", "IDLE", "Commandes"):
        assert step in good.said, good.said
    assert "Rien n'a été enregistré" in good.said.replace("’", "'")
    assert mail_user.password not in good.text
    assert desk.site.rows(Mailbox) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mot_de_passe_boite": "wrong"}, "refuse l'identifiant"),
        ({"port": "1"}, "127.0.0.1:1"),
        ({"dossiers": "Nulle part"}, "Nulle part"),
        ({"securite": "starttls"}, "certificat"),
        ({"securite": "none", "serveur": "imap.fournisseur.com"}, "TLS"),
    ],
)
def test_each_step_that_fails_says_its_cure(
    desk: Desk, adam: Browser, dovecot: Dovecot, mail_user: MailUser, change: Mapping[str, str], said: str
) -> None:
    for act in ("essayer", "valider"):
        answer = send(adam, faire=act, **{**of(mail_user, dovecot), **change})
        assert (answer.status in {200, 422}, said in answer.said.replace("’", "'")) == (True, True), answer.said
    assert desk.site.rows(Mailbox) == []


def test_what_is_stored_is_sealed_and_comes_back_nowhere(
    desk: Desk, adam: Browser, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """G22: *Valider* tries first; the password is no part of a page, an event or the table in clear."""
    stored = send(adam, faire="valider", **of(mail_user, dovecot, nom_boite="appros", attend="1"))
    assert (stored.status, stored.headers["location"]) == (303, "/relever")
    row = desk.site.row(Mailbox)
    assert (row.name, row.host, row.port, row.login, row.secret, row.idle) == (
        *("appros", dovecot.host, dovecot.imap, mail_user.address, None, True),
    )
    assert open_password(KEY, row.sealed, row) == mail_user.password
    (event,) = desk.site.rows(Event, subject="mailbox")
    assert (event.who, event.name) == ("adam", "set")
    pages = [adam.get(path) for path in ("/relever", "/comptes/boites/appros", "/")]
    told = " ".join((*(page.text for page in pages), str(desk.site.rows(Event))))
    assert mail_user.password not in told
    assert "appros : relevée désormais" in pages[0].said


def test_several_folders_are_as_many_mailboxes_once(desk: Desk, adam: Browser) -> None:
    page = adam.get(NEW)
    fields = {
        "jeton": page.token,
        "jeton_acte": act_of(page.text),
        "faire": "sans-essai",
        "adresse": "a@site.test",
        "serveur": "imap.site.test",
        "mot_de_passe_boite": "x",
        "dossiers": "INBOX, Commandes",
        "protocole": "imap",
    }
    answers = [adam.post(NEW, fields) for _ in range(2)]
    assert [each.status for each in answers] == [303, 303]
    assert [(row.name, row.folder) for row in desk.site.rows(Mailbox)] == [("a", "INBOX"), ("a/Commandes", "Commandes")]
    again = send(adam, faire="sans-essai", adresse="a@site.test", serveur="imap.site.test", mot_de_passe_boite="x")
    assert (again.status, "a" in again.said, len(desk.site.rows(Mailbox))) == (422, True, 2)
    pop3 = {"protocole": "pop3", "dossiers": "Commandes", "nom_boite": "b"}
    refused = send(
        adam, faire="sans-essai", adresse="a@site.test", serveur="pop.site.test", mot_de_passe_boite="x", **pop3
    )
    assert (refused.status, "POP3" in refused.said) == (422, True)


def enter(desk: Desk, **values: Any) -> None:
    box = NewMailbox(**{"name": "appros", "host": "imap.site.test", "port": 993, "login": "a@site.test", **values})
    with desk.site.database.transaction() as connection:
        add_mailbox(connection, box, by="marie", at=desk.site.database.now())


HERE = "/comptes/boites/appros"
KEPT = {
    "serveur": "imap.site.test",
    "port": "993",
    "securite": "tls",
    "protocole": "imap",
    "identifiant": "a@site.test",
}


def test_a_password_stays_and_goes_nowhere_else(desk: Desk, adam: Browser) -> None:
    """What was entered with a secret file is changed without it; to another server it is not told."""
    enter(desk, secret="mail")
    with desk.site.database.transaction() as connection:
        connection.execute(update(Mailbox).values(owner="poller-1", fence=3))
    page = adam.get(HERE)
    assert (value_of(page, "serveur"), value_of(page, "identifiant")) == ("imap.site.test", "a@site.test")
    habits = {"secondes": "300", "dossiers": "INBOX", "octets": "1000000"}
    assert send(adam, HERE, faire="valider", **KEPT, **habits).status == 303
    row = desk.site.row(Mailbox)
    assert (row.secret, row.poll_seconds, row.bytes_per_day, row.idle, row.owner, row.fence) == (
        *("mail", 300, 1_000_000, False, "poller-1", 3),
    )
    assert len(desk.site.rows(PollRun)) == 1, "the poller looks at once"
    for moved in ({"serveur": "imap.evil.test"}, {"identifiant": "b"}, {"securite": "starttls"}, {"certificat": "/x"}):
        refused = send(adam, HERE, faire="valider", **{**KEPT, **habits, **moved})
        assert (refused.status, "saisissez-le à nouveau" in refused.said) == (422, True), refused.said
    assert desk.site.row(Mailbox)[:6] == row[:6]
    assert send(adam, HERE, faire="valider", **{**KEPT, **habits, "dossiers": "Commandes"}).status == 303
    moved_row = desk.site.row(Mailbox)
    assert (moved_row.folder, moved_row.secret, moved_row.owner, moved_row.fence) == ("Commandes", "mail", None, 4)


def test_another_server_with_its_password(desk: Desk, adam: Browser) -> None:
    enter(desk, secret="mail")
    with desk.site.database.transaction() as connection:
        connection.execute(MailboxUid.__table__.insert().values(mailbox_id=1, uidvalidity=1, uid=1))
    moved = {**KEPT, "serveur": "imap.new.test", "secondes": "60", "dossiers": "INBOX"}
    assert send(adam, HERE, faire="sans-essai", mot_de_passe_boite="neu", **moved).status == 303
    row = desk.site.row(Mailbox)
    assert (row.host, row.secret, open_password(KEY, row.sealed, row)) == ("imap.new.test", None, "neu")
    assert desk.site.rows(MailboxUid) == [], "other mails are there"


def test_another_password_counts_for_all_folders(desk: Desk, adam: Browser) -> None:
    enter(desk, secret="mail")
    enter(desk, secret="mail", name="appros/Commandes", folder="Commandes")
    fields = {**KEPT, "secondes": "60", "dossiers": "INBOX", "attend": "1"}
    assert send(adam, HERE, faire="sans-essai", mot_de_passe_boite="neu", **fields).status == 303
    rows = desk.site.rows(Mailbox)
    assert [(row.secret, open_password(KEY, row.sealed, row)) for row in rows] == [(None, "neu")] * 2
    assert sorted(run.mailbox_id for run in desk.site.rows(PollRun)) == [1, 2], "each is asked once"


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"serveur": "x.test"}, ["adresse", "mot_de_passe_boite"]),
        ({"serveur": "x.test", "adresse": "a@b.test", "mot_de_passe_boite": "x", "port": "99999"}, ["port"]),
        ({"serveur": "x.test", "adresse": "a@b.test", "mot_de_passe_boite": "x", "secondes": "0"}, ["secondes"]),
        ({"serveur": "x.test", "adresse": "a@b.test", "mot_de_passe_boite": "x", "octets": "-5"}, ["octets"]),
        ({"serveur": "x" * 256, "adresse": "a@b.test", "mot_de_passe_boite": "x"}, ["serveur"]),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    desk: Desk, adam: Browser, fields: dict[str, str], faults: list[str]
) -> None:
    answer = send(adam, faire="sans-essai", **fields)
    assert answer.status == 422
    assert re.findall(r'<li><a href="#([^"]+)"', answer.text) == faults
    assert answer.text.count('aria-invalid="true"') == len(faults)
    assert desk.site.rows(Mailbox) == []


def test_a_mailbox_that_is_none(adam: Browser) -> None:
    answer = adam.get("/comptes/boites/none")
    assert answer.status == 404


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_the_console_may_name_no_secret_file_and_redirect_no_password(desk: Desk) -> None:
    """Whoever holds the console's role can have no password sent to a server of their own; SQLite has no roles."""
    enter(desk, secret="mail")
    for values in ({"host": "evil.test"}, {"secret": "smtp"}, {"ca_file": "/tmp/evil.pem"}, {"login": "b"}):
        with pytest.raises(DBAPIError), desk.console.database.transaction() as connection:
            connection.execute(update(Mailbox).values(**values))
    with pytest.raises(DBAPIError), desk.console.database.transaction() as connection:
        add_mailbox(
            connection,
            NewMailbox(name="b", host="evil.test", port=993, login="b", secret="mail"),
            by="adam",
            at=desk.site.database.now(),
        )
