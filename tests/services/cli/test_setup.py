"""`intergestan setup`: a site by answering questions, with answers of every kind, at a real terminal."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.enums import Security
from intergestan_db.problem import Problem
from intergestan_db.tables import Mailbox, Relay, Site, User
from intergestan_runtime.sealed_passwords import open_password
from intergestan_runtime.secrets import read_base_key
from services.cli.guide.mail_account import MailServer, is_akin, read_place
from tests.at_terminal import Person
from tests.servers import Certificates, Dovecot, MailUser, SmtpServer
from tests.services.cli.conftest import FIRST_SIRET, Run
from tests.services.cli.exchange import rows

Setup = Callable[..., Person]


@dataclass(frozen=True)
class Account:
    """A mail account of a firm, and where it is."""

    user: MailUser
    imaps: int
    smtps: int
    ca_file: Path

    @property
    def conversation(self) -> list[tuple[str, str]]:
        """All questions in turn, by what is in them, and the answers that are right."""
        return [
            ("Name of the firm", "Arts de la Table"),
            ("SIRET, 14 digits", FIRST_SIRET),
            ("Language of the mails", "fr"),
            ("Mail address where", self.user.address),
            ("Your name, as", "Marie Durand"),
            ("Is all of this right", "y"),
            ("Street and number", "1 rue du Port"),
            ("Postcode", "88000"),
            ("City", "Épinal"),
            ("leaves this machine", "n"),
            (r"incoming mail \(IMAP\)", f"localhost:{self.imaps}"),
            ("Encryption at port", ""),
            ("Login there", ""),
            ("Password of", self.user.password),
            ("File with the certificates", str(self.ca_file)),
            (r"outgoing mail \(SMTP\)", f"localhost:{self.smtps}"),
            ("Encryption at port", ""),
            ("Start the site now", "n"),
        ]


@pytest.fixture
def account(dovecot: Dovecot, smtp_server: SmtpServer, certificates: Certificates) -> Account:
    return Account(dovecot.new_user(), dovecot.imaps, smtp_server.tls_port, certificates.ca_file)


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    people: list[Person] = []

    def start(folder: Path = tmp_path / "site", *arguments: str, **environment: str) -> Person:
        folder.mkdir(exist_ok=True)
        machine = {**os.environ, "LANG": "C.UTF-8", "LANGUAGE": "", "HOME": str(tmp_path), **environment}
        people.append(Person([*arguments, "setup"], folder, machine))
        return people[-1]

    yield start
    for person in people:
        person.close()


def answer(person: Person, *conversation: tuple[str, str]) -> None:
    for question, text in conversation:
        person.waits_for(rf"{question}.*?: ")
        person.answer(text)


def test_from_nothing_to_a_site_that_can_log_in(setup: Setup, account: Account, tmp_path: Path) -> None:
    """Issue 13: what `init`, `mailbox add` and `relay set` make, by questions alone."""
    person = setup()
    answer(person, *account.conversation)
    assert person.ends() == 0
    folder = tmp_path / "site"
    (site,), (user,), (mailbox,), (relay,) = (rows(folder, table) for table in (Site, User, Mailbox, Relay))
    assert (site.code, site.name, site.siret, site.language) == (FIRST_SIRET, "Arts de la Table", FIRST_SIRET, "fr")
    assert (site.line1, site.postcode, site.city, site.timezone) == ("1 rue du Port", "88000", "Épinal", "Europe/Paris")
    assert (user.name, user.email) == ("Marie Durand", account.user.address)
    key = read_base_key(folder / "base.key")
    for row in (mailbox, relay):
        assert (row.host, row.login, row.security) == ("localhost", account.user.address, Security.TLS)
        assert open_password(key, row.sealed, row) == account.user.password
        assert row.ca_file == str(account.ca_file)
    assert account.user.password not in person.seen
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in folder.iterdir() if file.is_file())
    assert "Its words, to compare over the telephone: " in person.seen
    assert "partner add their.card" in person.seen


def test_who_leaves_at_any_question_comes_back_to_it(setup: Setup, account: Account, tmp_path: Path) -> None:
    """Issue 13: what the site has is what was answered; before there is a site, nothing was."""
    left = list(account.conversation)
    before_the_site = left[:6]
    for answered in (0, 2, 5):
        person = setup()
        answer(person, *left[:answered])
        person.waits_for(left[answered][0])
        assert person.leave() == 1
        assert "nothing was kept" in person.seen
        assert not (tmp_path / "site" / "site.db").exists()
    person = setup()
    answer(person, *before_the_site)
    person.waits_for("Street and number")
    assert person.leave() == 1
    assert "goes on from there" in person.seen
    (code,) = (row.code for row in rows(tmp_path / "site", Site))
    for kept in range(6, 9):
        person = setup()
        answer(person, left[kept])
        person.waits_for(left[kept + 1][0])
        assert person.leave(signal.SIGHUP if kept == 7 else signal.SIGINT) != 0
        assert left[kept][0] not in setup_again(setup, left[kept + 1][0])
    person = setup()
    answer(person, *left[9:15])
    person.waits_for("outgoing mail")
    assert person.leave(signal.SIGKILL) == -signal.SIGKILL
    person = setup()
    answer(person, left[9], *left[15:])
    assert person.ends() == 0, "what logged in for incoming mail is tried for outgoing mail"
    assert "Password of" not in person.seen
    (site,), (mailbox,), (relay,) = (rows(tmp_path / "site", table) for table in (Site, Mailbox, Relay))
    assert (site.code, mailbox.login, relay.login) == (code, account.user.address, account.user.address)


def setup_again(setup: Setup, first: str) -> str:
    """What is on the screen when `setup` asks its first question, which is this one."""
    person = setup()
    person.waits_for(first)
    person.leave()
    return person.seen


@pytest.mark.parametrize("commit", ["1", "2", "2:after"])
def test_a_death_at_any_commit_is_no_dead_end(
    setup: Setup, account: Account, tmp_path: Path, run: Run, commit: str
) -> None:
    """Whatever was made by then, the same command goes on, and there is one site with one key."""
    dying = setup(INTERGESTAN_CRASH=f"commit:{commit}")
    answer(dying, *account.conversation[:6])
    dying.ends()
    person = setup()
    person.waits_for("Name of the firm|Street and number|Postcode")
    if "Name of the firm" in person.seen:
        person.answer(account.conversation[0][1])
        answer(person, *account.conversation[1:6])
        person.waits_for("Street and number")
    person.leave()
    (site,) = rows(tmp_path / "site", Site)
    card = run("site", "card", "--json", cwd=tmp_path / "site")
    assert (card.code, card.json["kid"]) == (0, site.key_fingerprint), card.err


def test_each_answer_that_is_none_is_refused_with_the_reason(setup: Setup, account: Account) -> None:
    person = setup()
    for nonsense, why in [
        ("", ""),
        ("\x1b[31mRouge", "cannot be seen"),
        ("x" * 201, "more than 200 characters"),
    ]:
        answer(person, ("Name of the firm", nonsense))
        person.waits_for(why)
    answer(person, ("Name of the firm", "Arts"))
    for nonsense, why in [("123", "14 digits and nothing else"), ("73282932000075", "check digit")]:
        answer(person, ("SIRET", nonsense))
        person.waits_for(why)
    person.waits_for("right all the same")
    person.answer("")
    answer(person, ("SIRET", ""), ("Country", "Nowhere"))
    person.waits_for("is no country")
    answer(person, ("Country", "japon"), ("Time zone", "Tokyo"))
    person.waits_for("not a time zone")
    answer(person, ("Time zone", "Asia/Tokyo"), ("Language", "jp"))
    person.waits_for("The language is")
    answer(person, ("Language", "EN"), ("Mail address", "nobody"))
    person.waits_for("not a mail address")
    answer(person, ("Mail address", account.user.address), ("Your name", ""), ("all of this right", "maybe"))
    person.waits_for("Answer yes or no")
    answer(person, ("all of this right", "n"), ("Name of the firm", ""), ("SIRET", "802 954 784 00020"))
    person.waits_for("Language")
    person.leave()
    assert "Asia/Tokyo" in person.seen


def test_why_a_login_fails_is_said_in_words(
    setup: Setup, account: Account, dovecot: Dovecot, smtp_server: SmtpServer
) -> None:
    """Each true cause, and what helps; the last answer is the right one."""
    person = setup()
    answer(person, *account.conversation[:10])
    for text in ("a b", "localhost:99999", "a..b"):
        answer(person, (r"incoming mail \(IMAP\)", text))
        if text == "a..b":
            answer(person, ("Login there", ""), ("Password of", "wrong"))
        person.waits_for("is no server|is not a port|not the name of a server")
    answer(person, ("incoming mail", "localhost:1"), ("Encryption", "plain"))
    person.waits_for("Write tls, starttls or none")
    answer(person, ("Encryption", "tls"))
    person.waits_for("nothing listens at localhost:1")
    answer(person, ("incoming mail", f"localhost:{dovecot.imap}"), ("Encryption", "tls"))
    person.waits_for("does not begin with TLS")
    answer(person, ("incoming mail", f"mail.firm.example:{dovecot.imap}"), ("Encryption", "none"))
    person.waits_for("security none is for this machine only")
    answer(person, ("incoming mail", f"localhost:{dovecot.imaps}"), ("Encryption", "tls"))
    person.waits_for("nobody vouches for it whom this machine trusts")
    answer(person, ("File with the certificates", "/nowhere.pem"))
    person.waits_for("cannot be read: /nowhere.pem")
    answer(person, ("File with the certificates", str(account.ca_file)))
    person.waits_for("refuses the login")
    answer(person, ("Login there", ""), ("Password of", account.user.password))
    person.waits_for("Incoming mail: localhost lets us in")
    answer(person, ("outgoing mail", f"localhost:{smtp_server.port}"), ("Encryption", "tls"))
    person.waits_for("does not begin with TLS")
    answer(person, ("outgoing mail", f"127.0.0.1:{smtp_server.tls_port}"), ("Encryption", "tls"))
    person.waits_for("Outgoing mail: 127.0.0.1 lets us in")
    answer(person, ("Start the site now", ""))
    assert person.ends() == 0


def test_one_at_a_time(setup: Setup, tmp_path: Path) -> None:
    first = setup()
    first.waits_for("Name of the firm")
    second = setup()
    assert second.ends() == 1
    assert f"Another `intergestan setup` runs in {tmp_path / 'site'}" in " ".join(second.seen.split())
    first.leave(signal.SIGKILL)
    third = setup()
    third.waits_for("Name of the firm")
    third.leave()


def test_a_site_of_init_gets_what_it_lacks(setup: Setup, shop: Path) -> None:
    person = setup(shop)
    answer(person, ("Street and number", ""), ("Postcode", ""), ("City", ""), ("leaves this machine", "n"))
    person.waits_for(r"incoming mail \(IMAP\)")
    person.leave()
    (site,) = rows(shop, Site)
    assert (site.line1, site.city) == (None, None)


def test_without_a_terminal_it_says_what_to_use(run: Run, tmp_path: Path) -> None:
    refused = run("setup", stdin="Arts\n")
    assert refused.code == 2
    assert all(name in refused.err for name in ("init", "mailbox add", "relay set", "doctor", "up"))
    assert list(tmp_path.iterdir()) == []


def test_in_french(setup: Setup, account: Account) -> None:
    """Who speaks French in France is not asked for a language."""
    person = setup(LANG="fr_FR.UTF-8")
    for question, text in [
        ("Nom de l'entreprise", "Arts de la Table"),
        ("SIRET, 14 chiffres", "73282932000075"),
        ("exact malgré tout", "oui"),
        ("vous envoient leurs commandes", account.user.address),
        ("Votre nom", "Marie Durand"),
        ("Tout est-il exact", "o"),
        ("Numéro et rue", ""),
        ("Code postal", ""),
        ("Ville", ""),
        ("quitte cette machine", "n"),
        (r"entrants \(IMAP\)", f"localhost:{account.imaps}"),
        ("Chiffrement au port", ""),
        ("Identifiant", ""),
        ("Mot de passe de", "faux"),
        ("certificats à accepter", str(account.ca_file)),
    ]:
        answer(person, (question, text))
    person.waits_for("refuse l'identifiant")
    person.leave()
    assert "Vous avez arrêté. Ce qui est enregistré reste" in " ".join(person.seen.split())


@pytest.mark.parametrize(
    ("text", "protocol", "place"),
    [
        ("imap.firm.fr", "imap", MailServer("imap.firm.fr", 993, Security.TLS)),
        ("imap.firm.fr:143", "imap", MailServer("imap.firm.fr", 143, Security.STARTTLS)),
        ("imaps://imap.firm.fr/", "imap", MailServer("imap.firm.fr", 993, Security.TLS)),
        ("smtp.firm.fr:587", "smtp", MailServer("smtp.firm.fr", 587, Security.STARTTLS)),
        ("[::1]:465", "smtp", MailServer("::1", 465, Security.TLS)),
        ("pop.firm.fr", "pop3", MailServer("pop.firm.fr", 995, Security.TLS)),
    ],
)
def test_a_server_as_people_write_it(text: str, protocol: Any, place: MailServer) -> None:
    assert read_place(text, protocol) == place


@pytest.mark.parametrize("text", ["", "a b", "host:", "host:x", "marie@firm.fr", "host:70000", "host:0", "host:123456"])
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(Problem):
        read_place(text, "imap")


@pytest.mark.parametrize(
    ("one", "other", "akin"),
    [
        ("localhost", "localhost", True),
        ("imap.firm.fr", "smtp.firm.fr", True),
        ("imap.firm.fr", "smtp.other.fr", False),
        ("firm.fr", "other.fr", False),
        ("127.0.0.1", "128.0.0.1", False),
    ],
)
def test_a_password_is_tried_unasked_at_the_same_provider_alone(one: str, other: str, *, akin: bool) -> None:
    assert is_akin(one, other) is akin
