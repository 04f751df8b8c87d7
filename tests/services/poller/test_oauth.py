"""OAuth2 on Dovecot, which checks the tokens itself: IMAP and POP3, refresh, refusal (operations.md §0.1, §3.4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from intergestan_db.tables import Mailbox, OAuthGrant
from intergestan_exchange.mail_accounts.sasl import BearerToken
from services.poller.connection import Limits
from services.poller.mailbox import Session
from services.poller.pop3 import Pop3Session
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble
from tests.consent import Consent
from tests.patience import PATIENCE, eventually
from tests.servers import Dovecot, MailUser
from tests.servers.scripted_pop3 import ScriptedPop3
from tests.servers.tokens import TokenServer
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")

PATIENT = Limits(silence=PATIENCE, command=PATIENCE)


@pytest.fixture
def token_server(dovecot: Dovecot, mail_user: MailUser) -> Iterator[TokenServer]:
    with TokenServer(dovecot.token, mail_user.address) as server:
        yield server


def add(site: PollerSite, dovecot: Dovecot, user: MailUser, consent: Consent, name: str, protocol: str) -> None:
    port = dovecot.imap if protocol == "imap" else dovecot.pop3
    site.add_mailbox(
        name, port=port, login=user.address, protocol=protocol, oauth_grant_id=consent.id, poll_seconds=1, idle=False
    )
    site.passwords[name] = consent.token(name)


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_mails_are_collected_by_token(
    any_site: PollerSite,
    dovecot: Dovecot,
    mail_user: MailUser,
    token_server: TokenServer,
    tmp_path: Path,
    protocol: str,
) -> None:
    dovecot.drop(mail_user.address, [mail(1)])
    consent = Consent(any_site.database, token_server, tmp_path)
    add(any_site, dovecot, mail_user, consent, "box", protocol)
    with any_site.poller():
        eventually(any_site.inbound)
        eventually(lambda: any_site.mailbox("box").state == "connected")
    assert token_server.count("refresh_token") == 1
    assert consent.told == [("box", "refreshed")]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_token_that_the_server_refuses_is_fetched_anew_once(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path, protocol: str
) -> None:
    """Such as after a change of the password: the token would have been good for an hour."""
    token_server.lifetime, token_server.says = -100, 3600
    consent = Consent(site.database, token_server, tmp_path)
    expired = consent.token()()
    token_server.lifetime = 3600
    assert consent.token()() == expired
    add(site, dovecot, mail_user, consent, "box", protocol)
    with site.poller():
        eventually(lambda: site.mailbox("box").state == "connected")
    assert site.mailbox("box").last_error is None
    assert token_server.count("refresh_token") == 2


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_consent_that_is_gone_is_told_with_its_cure(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path, protocol: str
) -> None:
    """Collection does not stop without a word."""
    token_server.refused = "invalid_grant"
    consent = Consent(site.database, token_server, tmp_path)
    add(site, dovecot, mail_user, consent, "box", protocol)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_error)
        row = site.mailbox("box")
        assert row.state == "authenticationError"
        assert "Give consent anew" in row.last_error
        assert "AADSTS70043" in row.last_error
        assert "Trace" not in row.last_error
        token_server.refused = None
        site.relever(poller, "box")
        eventually(lambda: site.mailbox("box").state == "connected")
    assert consent.told[0] == ("box", "refused")
    assert consent.row().error is None


def test_tokens_that_no_server_takes_are_not_fetched_for_ever(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    token_server.lifetime, token_server.says = -100, 3600
    consent = Consent(site.database, token_server, tmp_path)
    add(site, dovecot, mail_user, consent, "box", "imap")
    with site.poller():
        eventually(lambda: site.mailbox("box").last_error)
    assert "administrator" in site.mailbox("box").last_error
    assert token_server.count("refresh_token") == 2


def test_a_token_server_that_is_away_passes(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    token_server.status = 503
    consent = Consent(site.database, token_server, tmp_path)
    add(site, dovecot, mail_user, consent, "box", "imap")
    with site.poller() as poller:
        eventually(lambda: len(consent.told) >= 2)
        eventually(lambda: "HTTP 503" in (site.mailbox("box").last_error or ""))
        token_server.status = None
        site.relever(poller, "box")
        eventually(lambda: site.mailbox("box").state == "connected")
    assert set(consent.told) == {("box", "unavailable"), ("box", "refreshed")}


def test_folders_of_one_account_ask_once(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    """The refresh token serves once only: who comes second waits for the first."""
    site = any_site
    token_server.seconds = 0.5
    consent = Consent(site.database, token_server, tmp_path)
    for name in ("a", "b", "c"):
        add(site, dovecot, mail_user, consent, name, "imap")
    with site.poller():
        eventually(lambda: all(site.mailbox(name).state == "connected" for name in "abc"))
    assert token_server.count("refresh_token") == 1


def test_a_token_is_refreshed_before_it_ends(any_site: PollerSite, token_server: TokenServer, tmp_path: Path) -> None:
    consent = Consent(any_site.database, token_server, tmp_path)
    first = consent.token()()
    assert consent.token()() == first
    with any_site.database.transaction() as connection:
        soon = any_site.database.now()
        connection.execute(update(OAuthGrant).values(expires_at=soon))
    consent.token()()
    assert token_server.count("refresh_token") == 2
    row = consent.row()
    assert first.encode() not in row.sealed_access
    assert row.claimed_until is None


def test_a_dead_claim_does_not_last(site: PollerSite, token_server: TokenServer, tmp_path: Path) -> None:
    consent = Consent(site.database, token_server, tmp_path)
    with site.database.transaction() as connection:
        connection.execute(update(OAuthGrant).values(claimed_until=site.database.now()))
    assert consent.token()()


def test_nobody_has_consented_yet(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    consent = Consent(site.database, token_server, tmp_path)
    with site.database.transaction() as connection:
        connection.execute(update(OAuthGrant).values(sealed_refresh=None))
    add(site, dovecot, mail_user, consent, "box", "pop3")
    with site.poller():
        eventually(lambda: site.mailbox("box").last_error)
    with site.database.read() as connection:
        assert "nobody has given consent" in (connection.execute(select(Mailbox.last_error)).scalar_one() or "")


def test_a_server_that_takes_no_tokens_is_told() -> None:
    with ScriptedPop3() as server, pytest.raises(MailboxTrouble) as refused:
        Pop3Session(Account(server.host, server.port, "none", None, "me", ""), BearerToken("t"), PATIENT)
    assert refused.value.kind is Kind.NO_TOKENS


@pytest.mark.parametrize("session", [Session, Pop3Session])
def test_the_token_never_stands_in_an_error(
    dovecot: Dovecot, mail_user: MailUser, session: type[Session | Pop3Session]
) -> None:
    port = dovecot.imap if session is Session else dovecot.pop3
    account = Account(dovecot.host, port, "starttls", str(dovecot.ca_file), mail_user.address, "INBOX")
    session(account, BearerToken(dovecot.token(mail_user.address)), PATIENT).close(politely=True)
    expired = BearerToken(dovecot.token(mail_user.address, -300))
    with pytest.raises(MailboxTrouble) as refused:
        session(account, expired, PATIENT)
    assert refused.value.kind is Kind.PASSWORD
    assert expired not in str(refused.value)
