"""OAuth2 at the relay: Postfix asks Dovecot, which checks the tokens itself (operations.md §3.4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_db.enums import Security
from services.sender.deliver import Conversation, RelayAccount, Timeouts
from services.sender.outcome import Kind, Outcome, ResponseClass
from tests.consent import Consent
from tests.patience import PATIENCE
from tests.servers import Dovecot, MailUser, Postfix, SmtpServer
from tests.servers.tokens import TokenServer

pytestmark = pytest.mark.mainly_on("postgresql")

MIME = b"From: a@site.test\r\nSubject: token\r\n\r\nbody\r\n"


@pytest.fixture
def token_server(dovecot: Dovecot, mail_user: MailUser) -> Iterator[TokenServer]:
    with TokenServer(dovecot.token, mail_user.address) as server:
        yield server


def account(postfix: Postfix, dovecot: Dovecot, user: MailUser, consent: Consent) -> RelayAccount:
    return RelayAccount(
        host=postfix.host,
        port=postfix.smtp,
        security=Security.STARTTLS,
        login=user.address,
        password=consent.token("relay"),
        ca_file=str(dovecot.ca_file),
    )


def send(relay: RelayAccount, recipient: str, times: int = 1) -> list[Outcome]:
    with Conversation(
        relay, timeouts=Timeouts(connect=PATIENCE, before_dot=PATIENCE, after_dot=PATIENCE)
    ) as conversation:
        return [conversation.deliver("a@site.test", recipient, MIME, lambda: None) for _ in range(times)]


def test_a_mail_leaves_by_token(
    base: Database, postfix: Postfix, dovecot: Dovecot, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    consent = Consent(base, token_server, tmp_path)
    outcomes = send(account(postfix, dovecot, mail_user, consent), mail_user.address, times=2)
    assert [outcome.kind for outcome in outcomes] == [Kind.ACCEPTED] * 2
    assert consent.told == [("relay", "refreshed")]


def test_a_token_that_the_relay_refuses_is_fetched_anew_once(
    sqlite_base: Database,
    postfix: Postfix,
    dovecot: Dovecot,
    mail_user: MailUser,
    token_server: TokenServer,
    tmp_path: Path,
) -> None:
    token_server.lifetime, token_server.says = -100, 3600
    consent = Consent(sqlite_base, token_server, tmp_path)
    relay = account(postfix, dovecot, mail_user, consent)
    (refused,) = send(relay, mail_user.address)
    assert (refused.kind, refused.response_class, refused.code) == (Kind.TRY_AGAIN, ResponseClass.AUTH, 535)
    assert refused.relay_fault
    assert token_server.count("refresh_token") == 2
    token_server.lifetime = 3600
    (accepted,) = send(relay, mail_user.address)
    assert accepted.kind is Kind.ACCEPTED
    assert token_server.count("refresh_token") == 3


@pytest.mark.parametrize(
    ("refused", "status", "lasting", "word"),
    [("invalid_grant", None, True, "give consent anew"), (None, 500, False, "HTTP 500")],
)
def test_no_token_pauses_the_relay_not_the_mail(
    sqlite_base: Database,
    postfix: Postfix,
    dovecot: Dovecot,
    mail_user: MailUser,
    token_server: TokenServer,
    tmp_path: Path,
    refused: str | None,
    status: int | None,
    lasting: bool,  # noqa: FBT001
    word: str,
) -> None:
    token_server.refused, token_server.status = refused, status
    consent = Consent(sqlite_base, token_server, tmp_path)
    (outcome,) = send(account(postfix, dovecot, mail_user, consent), mail_user.address)
    assert (outcome.kind, outcome.relay_fault, outcome.lasting) == (Kind.TRY_AGAIN, True, lasting)
    assert word in outcome.text


def test_a_relay_that_takes_no_tokens(
    sqlite_base: Database, smtp_server: SmtpServer, mail_user: MailUser, token_server: TokenServer, tmp_path: Path
) -> None:
    consent = Consent(sqlite_base, token_server, tmp_path)
    relay = RelayAccount(
        host=smtp_server.host,
        port=smtp_server.port,
        security=Security.NONE,
        login=mail_user.address,
        password=consent.token("relay"),
    )
    (outcome,) = send(relay, mail_user.address)
    assert (outcome.lasting, outcome.relay_fault) == (True, True)
    assert "XOAUTH2" in outcome.text
