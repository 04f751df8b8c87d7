"""Delivering mails to the relay, one SMTP conversation per kept connection.

`smtp_client` talks, `outcome` says what an answer means; here is the order of things and what is kept.
"""

import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from intergestan_db.enums import Security
from intergestan_exchange.mail_accounts.loopback import is_loopback
from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken
from intergestan_msg.diagnosis import NotSent
from services.sender.log_in import log_in
from services.sender.outcome import Kind, Outcome, by_failure, by_reply, too_large
from services.sender.smtp_client import Deadline, Diagnosable, Phase, SmtpClient, UnwantedReply

ADDRESS: Final = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # visible ASCII without angle brackets

Result = TypeVar("Result")


class Untellable(Diagnosable, ValueError):
    """What we were given cannot be said to any server."""


@dataclass(frozen=True, kw_only=True)
class RelayAccount:
    """A server we submit to, and as whom. Raises `ValueError` for `none` beyond this machine.

    `password` may be an access token, asked for at each login; `ca_file` replaces the system's authorities;
    `helo` replaces our address literal in EHLO.
    """

    host: str
    port: int
    security: Security
    login: str | None = None
    password: str | AccessToken | None = field(default=None, repr=False)
    ca_file: str | None = None
    helo: str | None = None

    def __post_init__(self) -> None:
        if self.security is Security.NONE and not is_loopback(self.host):
            raise Untellable(NotSent.PLAIN_BEYOND, host=self.host)
        if self.login is not None and self.password is None:
            raise Untellable(NotSent.NO_PASSWORD, login=self.login, host=self.host)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds. `before_dot` and `after_dot` each bound a whole stretch, however the server drips."""

    connect: float = 12.0  # for the TCP connection, and again for TLS and the first words
    before_dot: float = 300.0  # everything up to the dot, connecting included
    after_dot: float = 600.0  # RFC 5321 §4.5.3.2.6
    goodbye: float = 1.0
    idle: float = 5.0  # a connection unused for longer is probed before it is used again
    max_age: float = 300.0


def checked_address(address: str) -> str:
    """`address` as it stands between angle brackets. Raises `ValueError` if it could break out of them."""
    if not ADDRESS.fullmatch(address):
        raise Untellable(NotSent.NO_ADDRESS, address=repr(address))
    return address


def dot_stuffed(mime: bytes) -> bytes:
    """`mime` with leading dots doubled (RFC 5321 §4.5.2).

    Raises `ValueError` unless it is 7-bit and every line ends with CRLF: a lone CR or LF lets servers
    disagree on where a mail ends (SMTP smuggling, CVE-2023-51764).
    """
    if not mime.isascii():
        raise Untellable(NotSent.NOT_SEVEN_BIT)
    if b"\r\n".join([*mime.splitlines(), b""]) != mime or not mime:
        raise Untellable(NotSent.NO_CRLF)
    return (b"." if mime.startswith(b".") else b"") + mime.replace(b"\r\n.", b"\r\n..")


class Conversation:
    """One connection to one relay, kept over many mails; opened when first needed.

    A connection on which anything went wrong is not used again. Not for several threads at once. The
    constructor raises `OSError` when the authorities' file cannot be read.
    """

    def __init__(self, account: RelayAccount, *, timeouts: Timeouts, max_uses: int = 1000) -> None:
        self._account = account
        self._timeouts = timeouts
        self._max_uses = max_uses
        self._context = None if account.security is Security.NONE else _verifying(account.ca_file)
        self._client: SmtpClient | None = None
        self._opened = self._last_used = 0.0
        self._uses = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def max_size(self) -> int | None:
        """The bytes the relay takes in one mail; None without a limit or a connection."""
        return self._client.max_size if self._client else None

    @property
    def certificate_end(self) -> float | None:
        """When the relay's certificate ends; None without TLS or a connection."""
        return self._client.certificate_end if self._client else None

    def open(self) -> Outcome | None:
        """Connects, secures and logs in, unless that is done; returns what prevents it, if anything."""
        result: SmtpClient | Outcome | None = None
        try:
            result = self._judged(partial(self._ready, Deadline(self._timeouts.before_dot)))
        finally:
            if not isinstance(result, SmtpClient):
                self._drop()
        return None if isinstance(result, SmtpClient) else result

    def deliver(self, envelope_from: str, recipient: str, mime: bytes, before_dot: Callable[[], None]) -> Outcome:
        """Delivers `mime` (RFC 5322, CRLF, 7-bit) to one recipient; never raises for what the relay does.

        `before_dot` is called once the whole mail but its end is sent, and not at all when the attempt
        ends earlier; what it raises passes through and the mail is not handed over. Raises `ValueError`
        for addresses or bytes that must not travel, before anything is sent.
        """
        sender, receiver = checked_address(envelope_from), checked_address(recipient)
        stuffed = dot_stuffed(mime)
        deadline = Deadline(self._timeouts.before_dot)
        outcome: Outcome | None = None
        try:
            outcome = self._judged(partial(self._up_to_dot, sender, receiver, len(mime), stuffed, deadline))
            if outcome is None:
                before_dot()
                outcome = self._judged(partial(self._dot, deadline))
        finally:
            if outcome is None or outcome.kind is not Kind.ACCEPTED:
                self._drop()
        return outcome

    def close(self) -> None:
        """Takes leave of the relay; what it answers to that does not matter."""
        if self._client is not None:
            with suppress(OSError):
                self._client.quit(Deadline(self._timeouts.goodbye))
        self._drop()

    def _judged(self, step: Callable[[], Result]) -> Result | Outcome:
        try:
            return step()
        except UnwantedReply as unwanted:
            return by_reply(unwanted.phase, unwanted.reply)
        except OSError as error:
            return by_failure(self._client.phase if self._client else Phase.CONNECT, error)

    def _up_to_dot(self, sender: str, recipient: str, size: int, stuffed: bytes, deadline: Deadline) -> Outcome | None:
        client = self._ready(deadline)
        if client.max_size is not None and size > client.max_size:
            return too_large(size, client.max_size)
        client.envelope(sender, recipient, size, deadline)
        client.body(stuffed, deadline)
        return None

    def _dot(self, deadline: Deadline) -> Outcome:
        assert self._client is not None
        self._client.objection(deadline)
        reply = self._client.dot(Deadline(self._timeouts.after_dot))
        self._uses += 1
        self._last_used = time.monotonic()
        return by_reply(Phase.DOT, reply)

    def _ready(self, deadline: Deadline) -> SmtpClient:
        if self._client is not None and not self._is_reusable(self._client):
            self.close()
        if self._client is None:
            self._connect(deadline)
        assert self._client is not None
        return self._client

    def _is_reusable(self, client: SmtpClient) -> bool:
        now = time.monotonic()
        if self._uses >= self._max_uses or now - self._opened > self._timeouts.max_age or client.spoke():
            return False
        if now - self._last_used <= self._timeouts.idle:
            return True
        try:
            client.reset(Deadline(self._timeouts.connect))
        except (OSError, UnwantedReply):
            return False
        return True

    def _connect(self, deadline: Deadline) -> None:
        account = self._account
        seconds = min(self._timeouts.connect, deadline.left())
        client = self._client = SmtpClient.connect(account.host, account.port, seconds)
        self._uses = 0
        self._opened = self._last_used = time.monotonic()
        hello = Deadline(min(self._timeouts.connect, deadline.left()))
        if account.security is Security.TLS:
            assert self._context is not None
            client.secure(self._context, account.host, hello)
        client.greeting(hello)
        client.ehlo(account.helo, deadline)
        if account.security is Security.STARTTLS:
            assert self._context is not None
            client.start_tls(self._context, account.host, deadline)
            client.ehlo(account.helo, deadline)
        if account.login is not None and account.password is not None:
            log_in(client, account.login, account.password, (account.host, account.port), deadline)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _verifying(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and host name checked."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
