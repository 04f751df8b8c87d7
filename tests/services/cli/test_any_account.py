"""`mailbox add/login/test/list` and `relay` on real servers: POP3, folders, OAuth2, servers found (G21, G22)."""

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, Mailbox, MailboxUid, OAuthGrant, PollRun, Relay
from intergestan_exchange.mail_accounts.oauth_client import (
    DeviceCode,
    GrantRefused,
    OAuthClient,
    Tokens,
    TokensUnavailable,
)
from intergestan_exchange.mail_accounts.oauth_providers import Provider
from intergestan_msg.mail.letter import TRANSFER_HEADER
from intergestan_operations.mail_trial.consent import consent
from intergestan_runtime.sealed_passwords import open_password
from intergestan_runtime.secrets import read_base_key
from tests.patience import PATIENCE
from tests.servers import Certificates, Dovecot, MailUser, Postfix, SmtpServer
from tests.servers.tokens import TokenServer
from tests.services.cli.conftest import Ran, Run

OURS = f"{TRANSFER_HEADER}: 0190\r\nSubject: orders\r\n\r\nx\r\n".encode()
OTHER = b"Subject: hello\r\n\r\nx\r\n"


@pytest.fixture
def token_server(dovecot: Dovecot, mail_user: MailUser) -> Iterator[TokenServer]:
    with TokenServer(dovecot.token, mail_user.address, consented=True) as server:
        yield server


def rows(shop: Path, table: Any) -> list[Any]:
    database = Database(f"sqlite:///{shop / 'site.db'}")
    with database.read() as connection:
        found = list(connection.execute(select(table.__table__)))
    database.dispose()
    return found


def place(dovecot: Dovecot, protocol: str = "imap") -> tuple[str, ...]:
    port = dovecot.imap if protocol == "imap" else dovecot.pop3
    security = ("--security", "starttls", "--ca-file", str(dovecot.ca_file))
    return ("--host", dovecot.host, "--port", str(port), *security, "--protocol", protocol)


def oauth(server: TokenServer, **flow: str) -> tuple[str, ...]:
    device = flow or {"device-endpoint": f"{server.url}/device"}
    return (
        *("--oauth", "generic", "--client-id", "intergestan", "--token-endpoint", f"{server.url}/token"),
        *(part for name, value in device.items() for part in (f"--{name}", value)),
    )


def steps(ran: Ran) -> dict[str, tuple[bool, str]]:
    return {found["subject"]: (found["ok"], f"{found['text']} {found['cure'] or ''}") for found in ran.json}


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_consent_then_mails_in_and_out(
    shop: Path,
    run: Run,
    dovecot: Dovecot,
    postfix: Postfix,
    mail_user: MailUser,
    token_server: TokenServer,
    protocol: str,
) -> None:
    login = ("--login", mail_user.address)
    added = run("mailbox", "add", "appros", *place(dovecot, protocol), *login, *oauth(token_server), cwd=shop)
    assert added.code == 0, added.err
    assert "intergestan mailbox login appros" in added.err
    assert not steps(run("mailbox", "test", "appros", "--json", cwd=shop))["Login"][0]

    consented = run("mailbox", "login", "appros", cwd=shop)
    assert consented.code == 0, consented.err
    assert "WDJB-MJHT" in consented.err
    tried = run("mailbox", "test", "appros", "--json", cwd=shop)
    assert tried.code == 0, tried.out

    relay = ("--host", postfix.host, "--port", str(postfix.smtp), *place(dovecot)[4:8], "--oauth", "generic", *login)
    assert run("relay", "set", *relay[:2], *relay[2:], *oauth(token_server)[4:], cwd=shop).code == 0
    found = {one["subject"]: one for one in run("doctor", "--json", cwd=shop).json}
    assert found["Relay"]["ok"], found["Relay"]
    assert found["Mailbox appros"]["ok"], found["Mailbox appros"]
    (grant,) = rows(shop, OAuthGrant)
    assert rows(shop, Relay)[0].oauth_grant_id == rows(shop, Mailbox)[0].oauth_grant_id == grant.id
    assert "consent" in {event.name for event in rows(shop, Event)}

    token_server.refused = "invalid_grant"
    with_old = run("mailbox", "login", "appros", cwd=shop)
    assert with_old.code == 0, "consent is given anew, whatever became of the old one"


def test_a_client_with_a_secret(shop: Path, run: Run, dovecot: Dovecot, token_server: TokenServer) -> None:
    token_server.client_secret = "hush"
    (shop / "secrets" / "oauth").write_text("hush\n")
    (shop / "secrets" / "oauth").chmod(0o600)
    login = ("--login", token_server.address, *oauth(token_server))
    missing = run("mailbox", "add", "a", *place(dovecot), *login, "--client-secret", "none", cwd=shop)
    assert (missing.code, "missing" in missing.err) == (78, True)
    assert run("mailbox", "add", "a", *place(dovecot), *login, "--client-secret", "oauth", cwd=shop).code == 0
    assert run("mailbox", "login", "a", cwd=shop).code == 0
    assert "hush" not in run("mailbox", "list", "--json", cwd=shop).out


def test_another_client_must_be_consented_to_anew(
    shop: Path, run: Run, dovecot: Dovecot, token_server: TokenServer
) -> None:
    login = ("--login", token_server.address, *oauth(token_server))
    assert run("mailbox", "add", "a", *place(dovecot), *login, cwd=shop).code == 0
    assert run("mailbox", "login", "a", cwd=shop).code == 0
    same = run("mailbox", "add", "b", *place(dovecot), *login, cwd=shop)
    assert "Now give consent" not in same.err
    other = run("mailbox", "add", "c", *place(dovecot), *login, "--client-id", "other", cwd=shop)
    assert "Now give consent" in other.err
    assert rows(shop, OAuthGrant)[0].sealed_refresh is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--oauth", "generic", "--client-id", "x"), "--token-endpoint"),
        (("--oauth", "microsoft"), "--client-id"),
        (("--oauth", "microsoft", "--client-id", "x", "--token-endpoint", "http://evil.test/t"), "https"),
    ],
)
def test_oauth_that_cannot_be(shop: Path, run: Run, arguments: tuple[str, ...], word: str) -> None:
    refused = run("mailbox", "add", "a", "--host", "imap.x.test", "--login", "a@x.test", *arguments, cwd=shop)
    assert (refused.code, word in refused.err) == (1, True)
    assert rows(shop, Mailbox) == rows(shop, OAuthGrant) == []


def test_several_folders_and_a_new_password(shop: Path, run: Run, dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [OTHER])
    folders = ("--folder", "INBOX", "--folder", "Réponses")
    account = (*place(dovecot), "--login", mail_user.address, *folders, "--password-stdin", "--untested")
    assert run("mailbox", "add", "appros", *account, cwd=shop, stdin="wrong\n").code == 0
    assert {row.name: row.folder for row in rows(shop, Mailbox)} == {"appros": "INBOX", "appros/Réponses": "Réponses"}
    refused = steps(run("mailbox", "test", "appros", "--json", cwd=shop))
    assert refused["Connection"][0]
    assert not refused["Login"][0]

    assert run("mailbox", "login", "appros", "--password-stdin", cwd=shop, stdin=f"{mail_user.password}\n").code == 0
    assert run("mailbox", "test", "appros", cwd=shop).code == 0
    missing = steps(run("mailbox", "test", "appros/Réponses", "--json", cwd=shop))
    assert missing["Folders"][0] is False
    assert "INBOX" in missing["Folders"][1]
    assert "--folder" in missing["Folders"][1]
    assert len(rows(shop, PollRun)) == 2, "the pollers try both folders at once"
    key = read_base_key(shop / "base.key")
    for row in rows(shop, Mailbox):
        assert open_password(key, row.sealed, row) == mail_user.password


def test_pop3_has_no_folders(shop: Path, run: Run) -> None:
    account = ("--host", "pop.x.test", "--login", "a@x.test", "--password-stdin", "--folder", "A")
    refused = run("mailbox", "add", "a", *account, "--protocol", "pop3", cwd=shop, stdin="x\n")
    assert (refused.code, "POP3 knows no folders" in refused.err) == (1, True)


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_trial_counts_the_orders(shop: Path, run: Run, dovecot: Dovecot, mail_user: MailUser, protocol: str) -> None:
    dovecot.drop(mail_user.address, [OURS, OTHER, OURS + b"y\r\n"])
    account = (*place(dovecot, protocol), "--login", mail_user.address, "--password-stdin")
    assert run("mailbox", "add", "appros", *account, cwd=shop, stdin=mail_user.password).code == 0
    tried = run("mailbox", "test", "appros", "--json", cwd=shop)
    found = steps(tried)
    assert tried.code == 0
    assert "TLSv1" in found["Connection"][1]
    if protocol == "pop3":
        assert list(found) == ["Connection", "Login", "UIDL", "Orders"]
        assert "3 mails, 2 of the newest 3" in found["Orders"][1]
    else:
        assert list(found) == ["Connection", "Login", "Folders", "IDLE", "Orders"]
        assert found["IDLE"][1].startswith("the server tells of new mail at once")
        assert "3 mails, 2 from other sites, 2 of them not collected yet" in found["Orders"][1]
    assert rows(shop, MailboxUid) == []


def test_a_trial_says_the_cure(shop: Path, run: Run, dovecot: Dovecot, certificates: Certificates) -> None:
    ca = certificates.wrong_host.certificate_file
    account = ("--login", "a@x.test", "--password-stdin", "--untested", "--ca-file", str(ca))
    for name, port in (("tls", dovecot.imaps), ("closed", 1)):
        place_ = ("--host", dovecot.host, "--port", str(port))
        assert run("mailbox", "add", name, *place_, *account, cwd=shop, stdin="x").code == 0
    assert "--ca-file" in steps(run("mailbox", "test", "tls", "--json", cwd=shop))["Connection"][1]
    closed = run("--lang", "fr", "mailbox", "test", "closed", cwd=shop)
    assert closed.code == 1
    assert "pare-feu" in closed.out
    assert run("mailbox", "test", "none", cwd=shop).code == 1


def test_the_server_is_found_from_the_address(shop: Path, run: Run) -> None:
    added = run("mailbox", "add", "marie.curie@laposte.net", "--password-stdin", "--untested", cwd=shop, stdin="x\n")
    assert added.code == 0, added.err
    assert "imap.laposte.net:993" in added.err
    (row,) = rows(shop, Mailbox)
    assert (row.name, row.host, row.login) == ("marie.curie", "imap.laposte.net", "marie.curie")
    options = ("--name", "g", "--protocol", "pop3", "--password-stdin", "--untested")
    pop = run("mailbox", "add", "a@gmail.com", *options, cwd=shop, stdin="x")
    assert "password made for programs" in pop.err
    assert rows(shop, Mailbox)[1].host == "pop.gmail.com"
    orange = ("--login", "a@orange.fr", "--password-stdin", "--untested")
    assert run("relay", "set", *orange, cwd=shop, stdin="x").code == 0
    assert (rows(shop, Relay)[0].host, rows(shop, Relay)[0].port) == ("smtp.orange.fr", 465)


def test_microsoft_takes_tokens_only(shop: Path, run: Run) -> None:
    """Basic authentication is switched off there: better said now than never collected."""
    refused = run("mailbox", "add", "a@outlook.com", "--password-stdin", cwd=shop, stdin="x\n")
    assert (refused.code, "OAuth2 (microsoft)" in refused.err, "--client-id" in refused.err) == (1, True, True)
    added = run("mailbox", "add", "a@outlook.com", "--oauth", "microsoft", "--client-id", "c", cwd=shop)
    assert added.code == 0, added.err
    (grant,) = rows(shop, OAuthGrant)
    assert "login.microsoftonline.com" in grant.device_endpoint
    assert "offline_access" in grant.scopes


def test_states_in_words(shop: Path, run: Run) -> None:
    account = ("--host", "imap.x.test", "--login", "a@x.test", "--password-stdin", "--untested")
    assert run("mailbox", "add", "a", *account, cwd=shop, stdin="x").code == 0
    assert "pas encore relevée" in run("--lang", "fr", "mailbox", "list", cwd=shop).out


def test_relay_login(shop: Path, run: Run, smtp_server: SmtpServer, mail_user: MailUser) -> None:
    relay = ("--host", smtp_server.host, "--port", str(smtp_server.port), "--security", "none")
    login = ("--login", mail_user.address, "--password-stdin")
    refused = run("relay", "set", *relay, *login, cwd=shop, stdin="wrong\n")
    assert (refused.code, "--untested" in refused.err, rows(shop, Relay)) == (1, True, [])
    assert run("relay", "set", *relay, *login, "--untested", cwd=shop, stdin="wrong\n").code == 0
    assert run("relay", "login", "--password-stdin", cwd=shop, stdin=f"{mail_user.password}\n").code == 0
    found = {one["subject"]: one for one in run("doctor", "--json", cwd=shop).json}
    assert found["Relay"]["ok"], found["Relay"]


def client(server: TokenServer, **values: str) -> OAuthClient:
    flow = values or {"device_endpoint": f"{server.url}/device"}
    return OAuthClient(provider=Provider(token_endpoint=f"{server.url}/token", scopes="mail", **flow), client_id="c")


def test_consent_in_a_browser(token_server: TokenServer) -> None:
    """RFC 8252 with PKCE; a page that knows nothing of our question is not heard."""
    asked = client(token_server, authorization_endpoint=f"{token_server.url}/authorize?prompt=consent")
    visitors: list[threading.Thread] = []

    def browse(text: str) -> None:
        right = token_server.give_code(text.split("\n")[1])
        forged = right.partition("?")[0] + "?code=stolen&state=forged"

        def visit() -> None:  # in this order: who comes after the right page finds nobody listening
            for url in (forged, right):
                urllib.request.urlopen(url, timeout=PATIENCE).close()

        visitors.append(threading.Thread(target=visit))
        visitors[0].start()

    tokens = consent(asked, token_server.address, browse, patience=PATIENCE)
    visitors[0].join(PATIENCE)
    assert tokens.refresh in token_server.valid
    assert [form.get("code") for form in token_server.forms if form.get("code") == "stolen"] == []


def test_nobody_consents(token_server: TokenServer) -> None:
    token_server.consented = False
    with pytest.raises(Problem, match="Nobody gave access"):
        consent(client(token_server), token_server.address, lambda _text: None, patience=1.5)
    page = client(token_server, authorization_endpoint=f"{token_server.url}/authorize")
    with pytest.raises(Problem, match="Nobody gave access"):
        consent(page, token_server.address, lambda _text: None, patience=0.2)


def test_a_provider_that_refuses(token_server: TokenServer) -> None:
    token_server.client_secret = "another"
    with pytest.raises(Problem, match="invalid_client"):
        consent(client(token_server), token_server.address, lambda _text: None)
    token_server.client_secret, token_server.status = None, 502
    with pytest.raises(Problem, match="HTTP 502"):
        consent(client(token_server), token_server.address, lambda _text: None)


def test_what_a_token_server_may_answer(token_server: TokenServer) -> None:
    asks = client(token_server)
    code = DeviceCode("d", "u", "p", 1, 1)
    assert isinstance(asks.look_device(code), Tokens)
    token_server.status = 302
    with pytest.raises(TokensUnavailable):
        asks.refresh("x")
    token_server.status = 200  # and no token in it
    with pytest.raises(TokensUnavailable, match="access_token"):
        asks.refresh("x")
    token_server.status = None
    with pytest.raises(GrantRefused, match="used already"):
        asks.refresh("never given")
    token = token_server.new_refresh_token()
    assert asks.refresh(token).refresh != token
    assert token not in repr(asks.refresh(token_server.new_refresh_token()))
