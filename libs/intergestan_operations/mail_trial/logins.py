"""Tries the login at a mail server, as `doctor` does: connect, TLS, authenticate, leave. No mail moves."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from intergestan_db.enums import Security
from intergestan_exchange.mail_accounts.sasl import BearerToken, Exchange, exchange
from intergestan_exchange.mail_accounts.server_words import asks_for_patience

TIMEOUT_S = 15.0
DAY_S = 86400
FEW_DAYS = 21
"""A certificate that ends sooner is worth a word."""


class LoginRefused(Exception):
    """The server answered, and does not want this login; `str()` is its reason."""


class ServerBusy(OSError):
    """The server answered that it cannot now: a limit is reached, or a part of it is away; `str()` is its reason."""


class NoLogin(OSError):
    """The server asks for no login here, or for none that the services can give."""


class NoCertificates(OSError):
    """The file with the certificates to trust cannot be read; `errno` says why, None that there are none in it."""


class NoStartTls(OSError):
    """The server does not offer STARTTLS, so nothing was sent to it."""


def try_smtp(account: Any, password: str | None) -> int | None:
    """Log in at a relay (EHLO, TLS, AUTH).

    :param password: or a `BearerToken`.
    :returns: for how many more days the server's certificate is good, if these are few.
    :raises LoginRefused: when it refuses the login; OSError: when it does not come that far, such as `NoLogin` and
        `NoStartTls`.
    """
    context = _context(account)
    try:
        if account.security == Security.TLS:
            client: smtplib.SMTP = smtplib.SMTP_SSL(account.host, account.port, timeout=TIMEOUT_S, context=context)
        else:
            client = smtplib.SMTP(account.host, account.port, timeout=TIMEOUT_S)
        with client:
            client.ehlo_or_helo_if_needed()
            if account.security == Security.STARTTLS:
                if not client.has_extn("starttls"):
                    raise NoStartTls
                client.starttls(context=context)
                client.ehlo()
            if isinstance(password, BearerToken):
                _auth(client, _exchange(client.esmtp_features.get("auth", "").split(), account, password))
            elif account.login:
                _log_in_smtp(client, account.login, password or "")
            return _days_left(client.sock)
    except smtplib.SMTPAuthenticationError as error:
        reason = error.smtp_error
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise (ServerBusy if error.smtp_code < 500 else LoginRefused)(words) from error  # 454: RFC 4954 §6


def try_mailbox(account: Any, password: str | None) -> int | None:
    """Log in at a mailbox and look for its folder (EXAMINE: nothing is marked as read).

    :param password: or a `BearerToken`.
    :returns: for how many more days the server's certificate is good, if these are few.
    :raises LoginRefused: when it refuses login or folder; OSError: when it does not come that far.
    """
    if account.protocol == "pop3":
        with pop3(account) as maildrop:
            log_in_pop3(maildrop, account, password)
            return _days_left(maildrop.sock)
    with imap(account) as client:
        log_in_imap(client, account, password)
        with refusals():
            client.select_folder(account.folder, readonly=True)
        return days_left_imap(client)


@contextmanager
def imap(account: Any) -> Iterator[Any]:
    """An `IMAPClient` that is connected, with TLS if there is any, and not logged in."""
    from imapclient import IMAPClient

    context, at_once = _context(account), account.security == Security.TLS
    with _as_os_error():
        client = IMAPClient(
            account.host, account.port, ssl=at_once, ssl_context=context if at_once else None, timeout=TIMEOUT_S
        )
    _let_lines_end_in_lf(client)
    try:
        if account.security == Security.STARTTLS:
            with _as_os_error():
                if not client.has_capability("STARTTLS"):
                    raise NoStartTls
                client.starttls(context)
        yield client
    finally:
        client.shutdown()


def _let_lines_end_in_lf(client: Any) -> None:
    """Some servers end lines in a bare LF, which imaplib takes for the end of the connection; the poller reads them."""
    wire = client._imap  # noqa: SLF001 - IMAPClient has no other way to it
    read = wire.readline

    def line() -> bytes:
        heard: bytes = read()
        return heard if not heard.endswith(b"\n") or heard.endswith(b"\r\n") else heard[:-1] + b"\r\n"

    wire.readline = line


def log_in_imap(client: Any, account: Any, password: str | None) -> None:
    """By token, or by password. Raises as `try_mailbox`."""
    with refusals():
        if isinstance(password, BearerToken):
            names = [name[5:].decode("ascii", "replace") for name in client.capabilities() if name[:5] == b"AUTH="]
            said = _exchange(names, account, password)
            answers = iter((said.first, said.after_error))
            client.sasl_login(said.mechanism, lambda _challenge: next(answers, None))
        elif client.has_capability("AUTH=PLAIN"):  # UTF-8 (RFC 4616)
            client.plain_login(account.login, password or "")
        else:
            client.login(account.login, password or "")


def days_left_imap(client: Any) -> int | None:
    """For how many more days the server's certificate is good, if these are few."""
    return _days_left(client.socket())


@contextmanager
def pop3(account: Any) -> Iterator[poplib.POP3]:
    """A connection with TLS if there is any, not logged in; its end unlocks the maildrop."""
    context = _context(account)
    with _as_os_error():
        if account.security == Security.TLS:
            client: poplib.POP3 = poplib.POP3_SSL(account.host, account.port, timeout=TIMEOUT_S, context=context)
        else:
            client = poplib.POP3(account.host, account.port, timeout=TIMEOUT_S)
    try:
        if account.security == Security.STARTTLS:
            with _as_os_error():
                if "STLS" not in _pop3_capabilities(client):
                    raise NoStartTls
                client.stls(context)
        yield client
    finally:
        client.close()


def log_in_pop3(client: poplib.POP3, account: Any, password: str | None) -> None:
    """By token, or by password. Raises as `try_mailbox`."""
    with refusals():
        if isinstance(password, BearerToken):
            said = _exchange(_pop3_capabilities(client).get("SASL", []), account, password)
            _pop3_line(client, f"AUTH {said.mechanism}")
            if _pop3_line(client, _base64(said.first)).startswith(b"+ "):  # why not; a word is awaited
                _pop3_line(client, _base64(said.after_error))
        else:
            client.user(account.login)
            client.pass_(password or "")


@contextmanager
def refusals() -> Iterator[None]:
    """What a server refuses becomes a `LoginRefused` or a `ServerBusy`, a broken connection an OSError.

    IMAPClient says of whatever happens at a login that the login failed.
    """
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise ConnectionResetError(str(error)) from error
    except (imaplib.IMAP4.error, poplib.error_proto) as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise ConnectionResetError(str(error)) from error
        words = _words(error)
        raise (ServerBusy if asks_for_patience(words) else LoginRefused)(words) from error


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, poplib.error_proto) as error:
        raise OSError(_words(error)) from error


def _exchange(offered: list[str], account: Any, token: BearerToken) -> Exchange:
    said = exchange(offered, account.login, token, account.host, account.port)
    if said is None:
        raise LoginRefused("the server takes no OAuth2 tokens (no OAUTHBEARER, no XOAUTH2)")
    return said


def _log_in_smtp(client: smtplib.SMTP, login: str, password: str) -> None:
    """As the sender does, which knows PLAIN (RFC 4616) and LOGIN, in UTF-8."""
    mechanisms = client.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in mechanisms:
        steps = ["AUTH PLAIN " + _base64(f"\0{login}\0{password}".encode())]
    elif "LOGIN" in mechanisms:
        steps = ["AUTH LOGIN", _base64(login.encode()), _base64(password.encode())]
    else:
        raise NoLogin
    for step in steps:
        code, text = client.docmd(step)
        if code // 100 != (2 if step is steps[-1] else 3):
            raise smtplib.SMTPAuthenticationError(code, text)


def _auth(client: smtplib.SMTP, said: Exchange) -> None:
    code, text = client.docmd("AUTH", f"{said.mechanism} {_base64(said.first)}")
    if code == 334:  # why not; a word is awaited
        code, text = client.docmd(_base64(said.after_error))
    if code // 100 != 2:
        raise smtplib.SMTPAuthenticationError(code, text)


def _pop3_capabilities(client: poplib.POP3) -> Mapping[str, list[str]]:
    try:
        return client.capa()
    except poplib.error_proto:
        return {}  # a server without CAPA


def _pop3_line(client: poplib.POP3, line: str) -> bytes:
    client.sock.sendall(line.encode() + b"\r\n")
    reply: bytes = client.file.readline(4096)
    if not reply.startswith(b"+"):
        raise poplib.error_proto(reply)
    return reply


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace").strip() if isinstance(reason, bytes) else str(error)


def _context(account: Any) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except OSError as error:
        failed = NoCertificates()
        failed.errno, failed.filename = None if isinstance(error, ssl.SSLError) else error.errno, account.ca_file
        raise failed from error


def _days_left(sock: Any) -> int | None:
    certificate: Mapping[str, Any] | None = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not certificate:
        return None
    start, end = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    left = end - time.time()
    is_soon = left < min(FEW_DAYS * DAY_S, (end - start) / 3)  # some are made for a few days only
    return int(left // DAY_S) if is_soon else None
