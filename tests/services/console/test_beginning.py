"""The form that makes a site of an empty folder, and the guide that follows: by facts, and nothing typed is lost."""

from __future__ import annotations

import html
import re
import socket
import threading
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import delete, select, update

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.published import CARD, publish
from intergestan_db.tables import Mailbox, Product, PurchaseOrder, PurchaseOrderLine, Relay, Session, Site, User
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.people.passwords import as_typed
from intergestan_exchange.keys.pairing import own_card
from intergestan_exchange.listing.first_steps import FirstSteps, read_first_steps
from intergestan_exchange.mail_accounts.discovery import Ask
from intergestan_msg.card import write_card
from intergestan_operations.opening.passwords import publish_seal
from intergestan_runtime.password_hash import is_password
from intergestan_runtime.sealed_passwords import open_password
from intergestan_runtime.settings_load import load
from services.console.beginning.__main__ import TOO_LATE, Folder, serve
from services.console.beginning.firm import Firm
from services.console.beginning.pages import Beginning
from services.console.beginning.settings import BeginningProcess
from tests.console.forms import act_of
from tests.servers import Dovecot, MailUser, SmtpServer
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk
from tests.site_factories import NOW, a_product

pytestmark = pytest.mark.mainly_on("postgresql")

MAIL = "/commencer/courrier"
KEY = bytes(range(32))
CODE = "abcd2345efgh6777"
TYPED = {
    "entreprise": "Arts & Maison",
    "siret": "443 061 841 00047",
    "rue": "3 rue du Port",
    "code_postal": "68100",
    "ville": "Mulhouse",
    "pays": "France",
    "fuseau": "Europe/Paris",
    "courriel": "commandes@maison.test",
    "nom": "Marie Durand",
    "identifiant": "marie",
    "mot_de_passe_nouveau": PASSWORD,
    "code": "ABCD-2345-EFGH-6777",
}


@dataclass
class Made:
    """What a form would have made. `refused`: why not."""

    firms: list[Firm] = field(default_factory=list)
    refused: Problem | None = None

    def make(self, firm: Firm, _address: str, _agent: str) -> str:
        if self.refused is not None:
            raise self.refused
        self.firms.append(firm)
        return "secret"


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def browser(made: Made, portal: BlockingPortal) -> Browser:
    browser = Browser(Beginning(CODE, made.make), portal)
    browser.get("/commencer")
    return browser


def test_a_form_makes_one_site(browser: Browser, made: Made) -> None:
    """Typed as people do; whoever sends it again waits with the others."""
    answer = browser.post("/commencer", TYPED)
    assert (answer.status, "data-waits" in answer.text) == (200, True), answer.said
    assert any("intergestan" in cookie and "secret" in cookie and "HttpOnly" in cookie for cookie in answer.cookies)
    assert [browser.post("/commencer", TYPED).status, browser.get("/commencer").status] == [200, 503]
    (firm,) = made.firms
    assert (firm.site.siret, firm.site.country, firm.site.language) == ("44306184100047", "FR", "fr")
    assert (firm.user.login, firm.user.email, firm.password) == ("marie", "commandes@maison.test", PASSWORD)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("entreprise", "", "Un site a besoin d'un nom"),
        ("siret", "123", "14"),
        ("siret", "44306184100048", "clé de contrôle"),
        ("pays", "Nulle part", "pays"),
        ("fuseau", "Europe/Nulle", "fuseau"),
        ("courriel", "personne", "courriel"),
        ("nom", "", "nom"),
        ("identifiant", "Marie Durand", "identifiant"),
        ("mot_de_passe_nouveau", "court", "12 caractères"),
        ("code", "abcd-2345-efgh-6778", "Ce n'est pas le code"),
        ("code", "", "Ce n'est pas le code"),
        ("code", "é" * 16, "Ce n'est pas le code"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    browser: Browser, made: Made, name: str, text: str, said: str
) -> None:
    answer = browser.post("/commencer", {**TYPED, name: text})
    assert answer.status == 422
    assert f'id="{name}-faute"' in answer.text
    assert said in answer.said
    others = {key: value for key, value in TYPED.items() if key not in {name, "mot_de_passe_nouveau", "entreprise"}}
    assert all(f'value="{value}"' in answer.text for value in others.values())
    assert PASSWORD not in answer.text
    assert not made.firms
    assert not [cookie for cookie in answer.cookies if "secret" in cookie]


def test_a_siret_that_a_person_says_is_right_counts(browser: Browser, made: Made) -> None:
    typed = {**TYPED, "siret": "44306184100048"}
    assert "siret_juste" in browser.post("/commencer", typed).text
    assert browser.post("/commencer", {**typed, "siret_juste": "1"}).status == 200
    assert made.firms[0].site.siret == "44306184100048"


def test_what_keeps_a_site_from_being_made_is_said(browser: Browser, made: Made) -> None:
    made.refused = Problem("There is no partner «{text}».", ProblemCode.NO_PARTNER, text="x")
    answer = browser.post("/commencer", TYPED)
    assert (answer.status, "Il n'y a pas de correspondant" in answer.said) == (422, True), answer.said
    made.refused = None
    assert browser.post("/commencer", TYPED).status == 200


def test_only_this_machine_and_this_form_are_heard(browser: Browser, made: Made) -> None:
    assert browser.post("/commencer", TYPED, sec_fetch_site="cross-site").status == 403
    assert browser.ask("POST", "/commencer", b"", {}).status == 403
    assert browser.get("/commencer", host="evil.test").status == 421
    assert browser.post("/commencer", {**TYPED, "rue": "x" * 2_000_000}).status == 413
    elsewhere = browser.get("/commandes")
    assert (elsewhere.status, elsewhere.headers["location"]) == (303, "/commencer")
    assert "default-src 'none'" in browser.get("/commencer").headers["content-security-policy"]
    assert not made.firms


def test_a_folder_becomes_a_site_with_a_person_who_is_logged_in(tmp_path: Path, portal: BlockingPortal) -> None:
    """In one transaction: who was cut before it begins again, with the keys that are there."""
    folder = tmp_path / "maison"
    process = load(BeginningProcess, {"site.data_dir": str(folder), "site.language": "fr"}, None)
    place = Folder(process, folder / "intergestan.toml", 8471)
    browser = Browser(Beginning(CODE, place.make), portal)
    browser.get("/commencer")
    answer = browser.post("/commencer", TYPED)
    assert answer.status == 200, answer.said
    assert "port = 8471" in (folder / "intergestan.toml").read_text()
    database = Database(f"sqlite:///{folder}/site.db")
    with database.read() as connection:
        assert connection.execute(select(Site.code)).scalar_one() == "44306184100047"
        let_in = select(User.password_hash).join(Session, Session.user_id == User.id)
        assert is_password(connection.execute(let_in).scalar_one(), as_typed(PASSWORD))
    database.dispose()
    second = Browser(Beginning(CODE, place.make), portal)
    second.get("/commencer")
    again = second.post("/commencer", TYPED)
    assert (again.status, "déjà un site" in again.said) == (422, True), again.said


def test_nobody_who_comes_too_late_finds_it(made: Made) -> None:
    late: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        code = serve(Beginning(CODE, made.make), listening, 0.0, partial(late.append, "late"))
    assert (code, late) == (TOO_LATE, ["late"])


def test_it_ends_once_a_site_is_made(made: Made) -> None:
    beginning, late = Beginning(CODE, made.make), list[str]()
    threading.Timer(0.0, beginning.made.set).start()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert serve(beginning, listening, 60.0, partial(late.append, "late")) == 0
    assert not late


@pytest.fixture
def adam(desk: Desk) -> Browser:
    """An administrator of a site whose passwords can be sealed; nobody in the network knows anything."""
    with desk.site.database.transaction() as connection:
        publish_seal(connection, KEY)
    desk.console.network = Ask(lambda _url: None, lambda _domain: (), lambda _name: ())
    return desk.browser("adam")


def both(user: MailUser, dovecot: Dovecot, smtp: SmtpServer, **others: str) -> dict[str, str]:
    """What a person types for the mail servers of the tests."""
    incoming = {"entrant_serveur": dovecot.host, "entrant_port": str(dovecot.imap), "entrant_securite": "none"}
    outgoing = {"sortant_serveur": smtp.host, "sortant_port": str(smtp.port), "sortant_securite": "none"}
    typed = {"adresse": user.address, "mot_de_passe_boite": user.password, "protocole": "imap"}
    return {**typed, **incoming, **outgoing, **others}


def count_of(browser: Browser) -> int:
    """How many steps the guide says are done."""
    said = re.search(r"(\d) sur 6 faits\.", browser.get("/commencer").said)
    assert said
    return int(said[1])


def send(browser: Browser, **fields: str) -> Answer:
    page = browser.get(MAIL)
    return browser.post(MAIL, {"jeton": page.token, "jeton_acte": act_of(page.text), "faire": "valider", **fields})


def test_one_password_lets_mail_come_and_go(
    desk: Desk, adam: Browser, dovecot: Dovecot, mail_user: MailUser, smtp_server: SmtpServer
) -> None:
    """Both logins are tried, by the console's own role; a form that comes twice stores them once."""
    before = count_of(adam)
    page = adam.get(MAIL)
    fields = {"jeton": page.token, "jeton_acte": act_of(page.text), "faire": "valider"}
    typed = {**fields, **both(mail_user, dovecot, smtp_server)}
    for _ in range(2):
        answer = adam.post(MAIL, typed)
        assert (answer.status, answer.headers.get("location")) == (303, "/commencer"), answer.said
    (box,), (relay,) = desk.site.rows(Mailbox), desk.site.rows(Relay)
    assert (box.host, box.port, relay.host, relay.port) == (
        *(dovecot.host, dovecot.imap),
        *(smtp_server.host, smtp_server.port),
    )
    assert {open_password(KEY, each.sealed, each) for each in (box, relay)} == {mail_user.password}
    assert count_of(adam) == before + 1
    assert MAIL not in adam.get("/commencer").text
    assert adam.get(MAIL).headers["location"] == "/commencer"


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"entrant_port": "1"}, "entrant_serveur", "127.0.0.1:1"),
        ({"sortant_port": "1"}, "sortant_serveur", "127.0.0.1:1"),
        ({"mot_de_passe_boite": "faux"}, "entrant_serveur", "mot de passe"),
        ({"entrant_serveur": "imap.ailleurs.test"}, "entrant_serveur", "TLS"),
        ({"entrant_port": "x"}, "entrant_port", "nombre entier"),
        ({"sortant_port": "70000"}, "sortant_port", "nombre entier"),
        ({"mot_de_passe_boite": ""}, "mot_de_passe_boite", "nécessaire"),
        ({"adresse": ""}, "adresse", "nécessaire"),
        ({"certificat": "/" + "x" * 1001}, "certificat", "trop long"),
    ],
)
def test_what_fails_is_said_at_its_server_and_nothing_is_stored(
    desk: Desk,
    adam: Browser,
    dovecot: Dovecot,
    mail_user: MailUser,
    smtp_server: SmtpServer,
    wrong: dict[str, str],
    field: str,
    said: str,
) -> None:
    typed = both(mail_user, dovecot, smtp_server, **wrong)
    answer = send(adam, **typed)
    assert answer.status == 422, answer.said
    assert f'href="#{field}"' in answer.text
    assert said in answer.said
    kept = {name: text for name, text in typed.items() if name in {"entrant_serveur", "sortant_port", "adresse"}}
    assert all(
        f'name="{name}" type=' in answer.text and f'value="{text}"' in answer.text for name, text in kept.items()
    )
    assert mail_user.password not in answer.text
    assert not desk.site.rows(Mailbox)
    assert not desk.site.rows(Relay)


def test_servers_are_found_or_asked_for(desk: Desk, adam: Browser) -> None:
    """A provider of our table fills both; of an unknown one the person is asked, with the address as typed."""
    found = send(adam, faire="chercher", adresse="anne@orange.fr")
    assert found.status == 200, found.said
    values = dict(re.findall(r'name="(\w+)" type="text" value="([^"]+)"', found.text))
    assert {"entrant_serveur", "sortant_serveur", "entrant_port", "sortant_port"} <= values.keys()
    unknown = send(adam, adresse="anne@maison.test", mot_de_passe_boite="x")
    assert (unknown.status, "tapez-les ci-dessous" in unknown.said) == (422, True), unknown.said
    assert 'value="anne@maison.test"' in unknown.text
    assert not desk.site.rows(Mailbox)


def test_who_has_one_account_is_asked_for_the_other(
    desk: Desk, adam: Browser, dovecot: Dovecot, mail_user: MailUser, smtp_server: SmtpServer
) -> None:
    typed = both(mail_user, dovecot, smtp_server)
    assert send(adam, **typed).status == 303
    with desk.site.database.transaction() as connection:
        connection.execute(delete(Relay))
    page = adam.get(MAIL)
    assert ("entrant_serveur" in page.text, "sortant_serveur" in page.text) == (False, True)
    assert send(adam, **typed).status == 303
    assert (len(desk.site.rows(Mailbox)), len(desk.site.rows(Relay))) == (1, 1)


def test_the_guide_goes_by_what_there_is(desk: Desk, adam: Browser) -> None:
    """Home leads to it until an order left; our words stand in both languages; who may not is offered nothing."""
    assert 'href="/commencer"' in adam.get("/").text
    assert 'href="/commencer"' not in desk.browser("carl").get("/").text
    key = desk.site.key
    assert "nos-mots" not in adam.get("/commencer").text, "the composer has not published the card yet"
    with desk.site.database.transaction() as connection:
        publish(connection, CARD, write_card(own_card(connection, key.public, NOW), key))
    page, words = adam.get("/commencer"), key.public.words
    assert all(f"<li>{word}</li>" in page.text for language in ("fr", "en") for word in words(language))
    for path in (MAIL, "/correspondants/ajouter", "/produits/importer"):
        assert f'href="{path}"' in page.text
        assert f'href="{path}"' not in desk.browser("nadia").get("/commencer").text
    with desk.site.database.transaction() as connection:
        before = read_first_steps(connection)
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.number == "CFR1").values(state="accepted"))
        after = read_first_steps(connection)
    assert (before.entered, before.sent, before.is_over, after.sent, after.is_over) == (True, False, False, True, True)
    assert 'href="/commencer"' not in adam.get("/").text


def test_a_first_order_is_proposed(adam: Browser, desk: Desk) -> None:
    """Of three products with a price, in a form that a person changes as they like."""
    with desk.site.database.transaction() as connection:
        rows = [a_product(f"P&{n}", purchase_price=Decimal(n)) for n in (1, 2, 3, 4)]
        put_products(connection, rows)
        connection.execute(update(Product).where(Product.code.not_in([row.code for row in rows])).values(active=False))
        connection.execute(update(Product).where(Product.code == "P&2").values(active=False))
        connection.execute(update(PurchaseOrder).values(state="draft"))
        connection.execute(delete(PurchaseOrderLine))
        connection.execute(delete(PurchaseOrder))
    (entry,) = re.findall(r'href="(/commandes/nouvelle\?[^"]+)"', adam.get("/commencer").text)
    page = adam.get(html.unescape(entry))
    values = dict(re.findall(r'name="(l\d+\.\w+|l\d+_\w+)"[^>]* value="([^"]+)"', page.text))
    assert [html.unescape(text) for name, text in values.items() if name.endswith("produit")] == ["P&1", "P&3", "P&4"]
    assert [text for name, text in values.items() if name.endswith("quantite")] == ["1"] * 3


def test_a_site_that_only_sells_is_done_too() -> None:
    all_but_sent = FirstSteps(mailbox=True, relay=True, partner=True, product=True, entered=True, sent=False)
    assert (all_but_sent.is_over, all_but_sent.mail) == (True, True)
