"""Tries the login at a mail server, as `doctor` does: connect, TLS, authenticate, leave. No mail moves."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
import time
from collections.abc import Mapping
from typing import Any

from intergestan_site.words import Security

TIMEOUT_S = 15.0
DAY_S = 86400
FEW_DAYS = 21
"""A certificate that ends sooner is worth a word."""


class LoginRefused(Exception):
    """The server answered, and does not want this login; `str()` is its reason."""


def try_smtp(account: Any, password: str | None) -> int | None:
    """Log in at a relay (EHLO, TLS, AUTH).

    :returns: for how many more days the server's certificate is good, if these are few.
    :raises LoginRefused: when it refuses the login; OSError: when it does not come that far.
    """
    context = _context(account)
    try:
        if account.security == Security.TLS:
            client: smtplib.SMTP = smtplib.SMTP_SSL(account.host, account.port, timeout=TIMEOUT_S, context=context)
        else:
            client = smtplib.SMTP(account.host, account.port, timeout=TIMEOUT_S)
        with client:
            if account.security == Security.STARTTLS:
                client.starttls(context=context)
            if account.login:
                client.login(account.login, password or "")
            return _days_left(client.sock)
    except smtplib.SMTPAuthenticationError as error:
        reason = error.smtp_error
        raise LoginRefused(reason.decode(errors="replace") if isinstance(reason, bytes) else reason) from error


def try_mailbox(account: Any, password: str | None) -> int | None:
    """Log in at a mailbox and look for its folder (EXAMINE: nothing is marked as read).

    :returns: for how many more days the server's certificate is good, if these are few.
    :raises LoginRefused: when it refuses login or folder; OSError: when it does not come that far.
    """
    return _try_imap(account, password) if account.protocol == "imap" else _try_pop3(account, password)


def _try_imap(account: Any, password: str | None) -> int | None:
    context = _context(account)
    try:
        if account.security == Security.TLS:
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                account.host, account.port, ssl_context=context, timeout=TIMEOUT_S
            )
        else:
            client = imaplib.IMAP4(account.host, account.port, timeout=TIMEOUT_S)
    except imaplib.IMAP4.error as error:
        raise OSError(str(error)) from error
    with client:
        try:
            if account.security == Security.STARTTLS:
                client.starttls(context)
            client.login(account.login, password or "")
            kind, answer = client.select(f'"{account.folder}"', readonly=True)
        except imaplib.IMAP4.abort as error:
            raise OSError(str(error)) from error
        except imaplib.IMAP4.error as error:
            raise LoginRefused(str(error)) from error
        if kind != "OK":
            raise LoginRefused((answer[0] or b"").decode(errors="replace"))
        return _days_left(client.socket())


def _try_pop3(account: Any, password: str | None) -> int | None:
    context = _context(account)
    if account.security == Security.TLS:
        client: poplib.POP3 = poplib.POP3_SSL(account.host, account.port, timeout=TIMEOUT_S, context=context)
    else:
        client = poplib.POP3(account.host, account.port, timeout=TIMEOUT_S)
    try:
        if account.security == Security.STARTTLS:
            client.stls(context)
        client.user(account.login)
        client.pass_(password or "")
        return _days_left(client.sock)
    except poplib.error_proto as error:
        raise LoginRefused(str(error)) from error
    finally:
        client.close()


def _context(account: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=account.ca_file)


def _days_left(sock: Any) -> int | None:
    certificate: Mapping[str, Any] | None = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not certificate:
        return None
    start, end = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    left = end - time.time()
    is_soon = left < min(FEW_DAYS * DAY_S, (end - start) / 3)  # some are made for a few days only
    return int(left // DAY_S) if is_soon else None
