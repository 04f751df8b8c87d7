"""`poplib` with limits, and one session with a POP3 maildrop. It reads: there is no DELE here (`design.md` §8).

Every command has a moment at which it must be over, a time for which the server may be silent, and a number of octets
that its reply may have. Whatever goes wrong is a `MailboxTrouble`.
"""

from __future__ import annotations

import base64
import hashlib
import poplib
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, Self

from intergestan_site.sasl import BearerToken, exchange
from services.poller.handles import Uidl
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble, network_trouble
from services.poller.wire import CHUNK, SMALL_REPLY, Limits, TooMuch, tls_context

_LISTING = 64 << 20  # octets: half a million mails
_LONGEST_UIDL = 70  # RFC 1939 §7
_GOOD_BYE = 1.0  # seconds that a server has for the answer to QUIT
_SLACK = 1 << 16  # octets that the answer to RETR may have beside the mail
_LATER = re.compile(r"\[(IN-USE|LOGIN-DELAY|SYS/TEMP)\]|\block(ed)?\b|\bin use\b", re.IGNORECASE)
"""What asks for patience rather than for a person (RFC 2449 §8, RFC 3206); many servers say it without a code."""


class LimitedPop3(poplib.POP3):
    """One connection. `begin` must precede every command."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, limits: Limits) -> None:
        self._context = context
        self._limits = limits
        self._heard = bytearray()
        self.begin()
        try:
            super().__init__(host, port, timeout=limits.silence)
        except BaseException:
            self.drop()
            raise

    def begin(self, octets: int = SMALL_REPLY, seconds: float | None = None) -> None:
        """A new command, whose reply may have so many octets."""
        self._octets = octets
        self._end = time.monotonic() + (seconds or self._limits.command)

    def command(self, line: str) -> bytes:
        """Say one line; the first line of the answer."""
        self._putline(line.encode())
        return self._getresp()

    def stls(self, context: ssl.SSLContext | None = None) -> bytes:
        """STLS (RFC 2595 §4) with a verified certificate; plain text behind the reply is refused (CVE-2011-0411)."""
        if context is None:
            raise ValueError("STLS needs a context that verifies the certificate.")
        reply = self.command("STLS")
        if self._heard:
            raise ConnectionResetError("plain text was slipped in behind the reply to STLS")
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        return reply

    def retr_raw(self, number: int) -> bytes:
        """A mail as the server has it, without the dots that POP3 put before its lines."""
        self.command(f"RETR {number}")
        return self._text()

    def authenticate(self, mechanism: str, first: bytes, after_error: bytes = b"") -> None:
        """AUTH (RFC 5034), without an initial response: it might not fit into a command."""
        self.command(f"AUTH {mechanism}")
        reply = self._say(first)
        if reply.startswith(b"+ "):  # the server tells why not, and waits for a word before it says -ERR
            self._say(after_error)

    def drop(self) -> None:
        """Free the socket, if there is one, without a word."""
        for opened in (self.__dict__.get("file"), self.__dict__.get("sock")):
            if opened is not None:
                opened.close()

    def hang_up(self) -> None:
        """End the connection from another thread: whoever reads from it finds its end."""
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # beneath TLS, which is not ours to touch here
        except OSError:
            return  # it has ended already

    def _say(self, data: bytes) -> bytes:
        self._putline(base64.b64encode(data))
        return self._getresp()

    def _create_socket(self, timeout: Any) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout)
        return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=self.host)

    def _putline(self, line: bytes) -> None:
        if b"\n" in line or b"\r" in line:
            raise ValueError("a command is one line")
        self.sock.settimeout(self._patience())
        self.sock.sendall(line + b"\r\n")

    def _getline(self) -> tuple[bytes, int]:
        end = self._heard.find(b"\n")
        while end < 0:
            start = len(self._heard)
            if start > self._limits.line:
                raise TooMuch(f"a line of more than {self._limits.line} octets")
            self._hear()
            end = self._heard.find(b"\n", start)
        return self._take(end + 1).rstrip(b"\r\n"), end + 1

    def _getresp(self) -> bytes:
        reply, _ = self._getline()
        if not reply.startswith(b"+"):
            raise poplib.error_proto(reply.decode("utf-8", "replace"))
        return reply

    def _getlongresp(self) -> tuple[bytes, list[bytes], int]:
        reply = self._getresp()
        text = self._text()
        return reply, text.splitlines(), len(text)

    def _text(self) -> bytes:
        """Up to the line with a dot; the line breaks stay as they are."""
        searched = 0
        while (end := self._end_of_text(searched)) is None:
            searched = max(0, len(self._heard) - 4)
            self._hear()
        text = self._take(end)
        self._take(3)
        return (text[1:] if text.startswith(b"..") else text).replace(b"\r\n..", b"\r\n.")

    def _end_of_text(self, searched: int) -> int | None:
        if self._heard.startswith(b".\r\n"):
            return 0
        found = self._heard.find(b"\r\n.\r\n", searched)
        return None if found < 0 else found + 2

    def _patience(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("one command took too long")
        return min(left, self._limits.silence)

    def _hear(self) -> None:
        if self._octets <= 0:
            raise TooMuch("a reply without end")
        self.sock.settimeout(self._patience())
        data = self.sock.recv(CHUNK)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._octets -= len(data)
        self._heard += data

    def _take(self, size: int) -> bytes:
        with memoryview(self._heard) as heard:
            taken = bytes(heard[:size])
        del self._heard[:size]
        return taken


class Pop3Session:
    """A logged-in session, which locks the maildrop until it ends. A context manager.

    :ivar began: when, on the monotonic clock.
    """

    def __init__(self, account: Account, password: str, limits: Limits) -> None:
        self.began = time.monotonic()
        self._numbers: dict[Uidl, int] = {}
        context = tls_context(account.security, account.host, account.ca_file)
        with _translated(Kind.BUSY):
            self._wire = LimitedPop3(account.host, account.port, context if account.security == "tls" else None, limits)
        try:
            if account.security == "starttls":
                with self._talking():
                    self._wire.stls(context)
            self._log_in(account, password)
        except BaseException:
            self._wire.drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        self.close(politely=kind is None)

    def close(self, *, politely: bool) -> None:
        """End it; QUIT unlocks the maildrop at once."""
        if politely:
            self._wire.begin(seconds=_GOOD_BYE)
            with suppress(OSError, poplib.error_proto, ValueError):  # it is only politeness
                self._wire.command("QUIT")
        self._wire.drop()

    def listing(self) -> set[Uidl]:
        """All mails of the maildrop.

        :raises MailboxTrouble: `NO_UIDL` where the server has no UIDL.
        """
        with self._talking(_LISTING):
            sizes = dict(_pairs(self._wire.list()[1]))
        with self._talking(_LISTING, refused=Kind.NO_UIDL):
            names = dict(_pairs(self._wire.uidl()[1]))
        with _translated(Kind.PROTOCOL):
            self._numbers = _named(names, {number: int(size) for number, size in sizes.items()})
        return set(self._numbers)

    def bodies(self, mails: Sequence[Uidl], octets: int) -> Iterator[tuple[Uidl, bytes]]:
        """The raw mails, one after the other; without those that the server refuses to hand out."""
        for mail in mails:
            number = self._numbers.get(mail)
            if number is not None and (body := self._body(number, octets)):
                octets -= len(body)
                yield mail, body

    def hang_up(self) -> None:
        """End it from another thread, whatever it does."""
        self._wire.hang_up()

    def _body(self, number: int, octets: int) -> bytes | None:
        self._wire.begin(octets + _SLACK)
        try:
            with _translated(Kind.PROTOCOL, let_refusals_pass=True):
                return self._wire.retr_raw(number)
        except poplib.error_proto:
            return None

    def _log_in(self, account: Account, password: str) -> None:
        with self._talking():
            offered = self._mechanisms()
        with self._talking(refused=Kind.PASSWORD):
            if isinstance(password, BearerToken):
                said = exchange(offered, account.login, password, account.host, account.port)
                if said is None:
                    raise MailboxTrouble(Kind.NO_TOKENS)
                self._wire.authenticate(said.mechanism, said.first, said.after_error)
            elif "PLAIN" in offered:  # UTF-8 (RFC 4616)
                self._wire.authenticate("PLAIN", f"\0{account.login}\0{password}".encode())
            else:
                self._wire.user(account.login)
                self._wire.pass_(password)

    def _mechanisms(self) -> Sequence[str]:
        try:
            return self._wire.capa().get("SASL", [])
        except poplib.error_proto:
            return []  # a server without CAPA (RFC 2449)

    @contextmanager
    def _talking(self, octets: int = SMALL_REPLY, refused: Kind = Kind.PROTOCOL) -> Iterator[None]:
        self._wire.begin(octets)
        with _translated(refused):
            yield


def _pairs(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    """Message number, and what stands behind it."""
    for line in lines:
        number, _, rest = line.partition(b" ")
        if number.isdigit() and rest.strip():
            yield int(number), rest.split()[0].decode("latin-1")


def _named(uidls: dict[int, str], sizes: dict[int, int]) -> dict[Uidl, int]:
    """Message number by name; equal UIDLs are told apart by their order."""
    seen: Counter[str] = Counter()
    numbers = {}
    for number, uidl in sorted(uidls.items()):
        if number in sizes:
            name = uidl if len(uidl) <= _LONGEST_UIDL and uidl.isprintable() else _digest(uidl)
            numbers[Uidl(name, seen[name], sizes[number])] = number
            seen[name] += 1
    return numbers


def _digest(uidl: str) -> str:
    """In place of one that is longer, or stranger, than RFC 1939 §7 allows."""
    return "sha256:" + hashlib.sha256(uidl.encode()).hexdigest()[:60]


@contextmanager
def _translated(refused: Kind, *, let_refusals_pass: bool = False) -> Iterator[None]:
    """Errors of the network and of poplib become a `MailboxTrouble`.

    :param refused: what it means when the server plainly says no.
    """
    try:
        yield
    except (OSError, EOFError) as error:
        raise network_trouble(error) from error
    except poplib.error_proto as error:
        if let_refusals_pass:
            raise
        _refuse(refused, error)
    except ValueError as error:
        raise MailboxTrouble(Kind.PROTOCOL, error) from error


def _refuse(refused: Kind, error: poplib.error_proto) -> NoReturn:
    words = str(error).removeprefix("-ERR").strip()
    raise MailboxTrouble(Kind.BUSY if _LATER.search(words) else refused, words) from error
