"""Why a login fails, by the exception that a real server causes: each has its cause, and with it its words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from intergestan_db.enums import Security
from intergestan_operations.mail_trial import logins
from intergestan_operations.mail_trial.causes import Cause, cause_of
from intergestan_operations.mail_trial.failure import WHY
from intergestan_operations.mail_trial.logins import try_mailbox, try_smtp
from tests.servers import Certificates, Dovecot, Fault, ScriptedImap, SmtpServer, imap_faults

MakeImap = Callable[..., ScriptedImap]
MakeSmtp = Callable[..., SmtpServer]
TLS, STARTTLS, NONE = Security.TLS, Security.STARTTLS, Security.NONE


def account(port: int, security: Security = TLS, **others: Any) -> Any:
    usual = {"host": "localhost", "login": "marie", "ca_file": None, "protocol": "imap", "folder": "INBOX"}
    return SimpleNamespace(**{**usual, "port": port, "security": security, **others})


def why(attempt: Callable[[Any, str | None], object], tried: Any, password: str = "secret") -> Cause | None:
    with pytest.raises(Exception) as failed:  # noqa: PT011 - which one it is, is the question
        attempt(tried, password)
    return cause_of(failed.value)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("expired", Cause.ENDED),
        ("wrong_host", Cause.OTHER_NAME),
        ("self_signed", Cause.AUTHORITY),
    ],
)
def test_certificates(make_smtp: MakeSmtp, certificates: Certificates, kind: str, cause: Cause) -> None:
    server = make_smtp(certificate=getattr(certificates, kind))
    trusted = str(certificates.ca_file)
    assert why(try_smtp, account(server.tls_port, ca_file=trusted)) is cause
    assert why(try_smtp, account(server.port, STARTTLS, ca_file=trusted)) is cause


def test_whom_to_trust(make_smtp: MakeSmtp, certificates: Certificates, tmp_path: Any) -> None:
    server = make_smtp(certificate=certificates.good, accepts=lambda login, word: (login, word) == ("marie", "süß"))
    good, empty = str(certificates.ca_file), tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    assert why(try_smtp, account(server.tls_port)) is Cause.AUTHORITY
    assert why(try_smtp, account(server.tls_port, ca_file="/nowhere.pem")) is Cause.CA_FILE
    assert why(try_smtp, account(server.tls_port, ca_file=str(empty))) is Cause.CA_FILE
    assert why(try_smtp, account(server.tls_port, ca_file=good)) is Cause.LOGIN
    try_smtp(account(server.tls_port, ca_file=good), "süß")


def test_encryption(make_smtp: MakeSmtp, certificates: Certificates, dovecot: Dovecot) -> None:
    plain = make_smtp(certificate=certificates.good, starttls=False)
    assert why(try_smtp, account(plain.port, STARTTLS)) is Cause.NO_STARTTLS
    assert why(try_smtp, account(plain.port, TLS)) is Cause.NO_TLS
    assert why(try_mailbox, account(dovecot.imap, TLS)) is Cause.NO_TLS
    assert why(try_mailbox, account(dovecot.pop3, TLS, protocol="pop3")) is Cause.NO_TLS


def test_a_server_that_takes_no_logins(make_smtp: MakeSmtp) -> None:
    """Port 25: servers among themselves."""
    server = make_smtp()
    server.inject(Fault("EHLO", reply="502 not here"))
    assert why(try_smtp, account(server.port, NONE)) is Cause.NO_LOGIN


@pytest.mark.parametrize(
    ("verb", "answer", "cause"),
    [
        ("LOGIN", "NO [ALERT] Too many simultaneous connections. (Failure)", Cause.BUSY),
        ("LOGIN", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", Cause.LOGIN),
        ("SELECT", "BAD User is authenticated but not connected.", Cause.BUSY),
    ],
)
def test_a_server_that_cannot_now_refuses_no_login(make_imap: MakeImap, verb: str, answer: str, cause: Cause) -> None:
    server = make_imap()
    server.misbehave(verb, imap_faults.reply(answer))
    assert why(try_mailbox, account(server.port, NONE)) is cause


def test_a_connection_that_ends_at_the_login(make_imap: MakeImap) -> None:
    server = make_imap()
    server.misbehave("LOGIN", imap_faults.say(b"* BYE shutting down\r\n"))
    assert why(try_mailbox, account(server.port, NONE)) is Cause.CLOSED


def test_a_relay_that_cannot_check_the_login_now(make_smtp: MakeSmtp) -> None:
    """RFC 4954 §6."""
    server = make_smtp()
    server.inject(Fault("AUTH", reply="454 4.7.0 Temporary authentication failure"))
    assert why(try_smtp, account(server.port, NONE)) is Cause.BUSY


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def test_nobody_there_or_nobody_who_speaks(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    port = listening.getsockname()[1]
    assert why(try_smtp, account(1)) is Cause.NOBODY_LISTENS
    assert why(try_smtp, account(1, host="nobody.invalid")) in {Cause.UNKNOWN_NAME, Cause.NO_NAMES}
    with monkeypatch.context() as patch:
        patch.setattr(logins, "TIMEOUT_S", 0.1)  # the peer is silent for ever
        for attempt in (try_smtp, try_mailbox):
            assert why(attempt, account(port, NONE)) is Cause.SILENT
            assert why(attempt, account(port, TLS)) is Cause.SILENT

    def hang_up() -> None:
        while True:
            try:
                listening.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=hang_up, daemon=True).start()
    assert why(try_smtp, account(port, NONE)) is Cause.CLOSED
    assert why(try_smtp, account(port, TLS)) is Cause.CLOSED
    listening.shutdown(socket.SHUT_RDWR)


def test_what_has_nothing_to_do_with_the_account_is_not_explained() -> None:
    assert cause_of(ZeroDivisionError()) is None
    assert set(WHY) == set(Cause)
