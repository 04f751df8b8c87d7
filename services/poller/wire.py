"""`imaplib` with limits: no server can take unbounded time or memory.

Every command has a moment at which it must be over, a time for which the server may be silent, and a number of
octets that all its replies together may have; so neither a dripping server, nor a literal of 8 GB, nor a line
without an end, nor untagged replies without an end do more than close the connection.
"""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient

from intergestan_site.loopback import is_loopback
from services.poller.troubles import Kind, MailboxTrouble

CHUNK = 65536  # octets; more than a TLS record, so that none stays behind in the TLS layer, unseen by poll(2)
SMALL_REPLY = 1 << 20  # octets


@dataclass(frozen=True, slots=True)
class Limits:
    """How long we listen to a server. Seconds and octets."""

    silence: float = 60.0
    command: float = 600.0
    line: int = 1 << 20


class TooMuch(ValueError):
    """The server sends more than this command can have as its answer. No `imaplib` error: it would be rewritten."""


class Bell:
    """Wakes a thread that waits for a time, or for a socket as well."""

    def __init__(self) -> None:
        self._ear, self._rope = socket.socketpair()
        self._ear.setblocking(False)
        self._rope.setblocking(False)

    def ring(self) -> None:
        """End the wait under way, or else the next one."""
        try:
            self._rope.send(b"!")
        except OSError:
            return  # rung thousands of times already, or nobody waits any more

    def wait(self, seconds: float, other: socket.socket | None = None) -> bool:
        """Until the bell rings, `other` has something to read, or so many seconds have passed; whether it rang."""
        poll = select.poll()
        for watched in (self._ear, other):
            if watched is not None:
                poll.register(watched.fileno(), select.POLLIN)
        woken = poll.poll(max(0.0, seconds) * 1000)
        rang = any(fileno == self._ear.fileno() for fileno, _ in woken)
        if rang:
            self._ear.recv(CHUNK)
        return rang

    def close(self) -> None:
        """Of no use after this."""
        self._rope.close()
        self._ear.close()


def tls_context(security: str, host: str, ca_file: str | None) -> ssl.SSLContext | None:
    """What verifies the server; None for a mailbox without TLS, which only this machine itself may have."""
    if security == "none":
        if not is_loopback(host):
            raise MailboxTrouble(Kind.INSECURE)
        return None
    return ssl.create_default_context(cafile=ca_file)


class LimitedImap(imaplib.IMAP4):
    """One connection. `begin` must precede every command.

    :ivar exists: how many mails the folder has, by the last thing that the server said about it.
    :ivar expunged: how many EXPUNGE replies there were; each shifts the sequence numbers behind it.
    :ivar idles: False once the server has refused to IDLE.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, limits: Limits) -> None:
        self.exists = 0
        self.expunged = 0
        self.idles = True
        self._context = context
        self._limits = limits
        self._heard = bytearray()
        self.begin()
        super().__init__(host, port, timeout=limits.silence)

    def begin(self, octets: int = SMALL_REPLY, seconds: float | None = None) -> None:
        """A new command, whose replies may have so many octets; forget what nobody asked for."""
        self.untagged_responses = {}  # else "* 5 EXISTS" would pile up for months
        self._octets = octets
        self._end = time.monotonic() + (seconds or self._limits.command)

    def read(self, size: int) -> bytes:
        """A literal; what it announces is checked before any memory is taken."""
        if size > self._octets + len(self._heard):
            raise TooMuch(f"a literal of {size} octets was announced")
        while len(self._heard) < size:
            self._hear()
        return self._take(size)

    def readline(self) -> bytes:
        """A line with its end."""
        end = self._heard.find(b"\n")
        while end < 0:
            start = len(self._heard)
            if start > self._limits.line:
                raise TooMuch(f"a line of more than {self._limits.line} octets")
            self._hear()
            end = self._heard.find(b"\n", start)
        return self._take(end + 1)

    def send(self, data: Any) -> None:
        """All of it, in time."""
        self.sock.settimeout(self._patience())
        self.sock.sendall(data)

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[Any, Any]:
        """STARTTLS (RFC 3501 §6.2.1) with a verified certificate.

        Plain text behind the reply is refused: who slips it in would have it read as if TLS had brought it
        (CVE-2011-0411). imaplib's own method verifies nothing where no context is given.
        """
        if ssl_context is None:
            raise ValueError("STARTTLS needs a context that verifies the certificate.")
        typ, data = self._simple_command("STARTTLS")
        if typ != "OK":
            raise self.error(f"STARTTLS: {data!r}")
        if self._heard:
            raise self.abort("plain text was slipped in behind the reply to STARTTLS")
        self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self.host)
        self._tls_established = True
        self._get_capabilities()
        return typ, data

    def idle(self, seconds: float, bell: Bell) -> bool:
        """IDLE (RFC 2177) until the server says something, `bell` rings, or so many seconds have passed.

        A dead line is no quiet line: its end can be read, and DONE gets no answer. A server that refuses makes
        `idles` False.

        :returns: whether the bell rang.
        """
        self.begin()
        tag = self._command("IDLE")
        while self._get_response() is not None:  # news may come before the "+"
            if self.tagged_commands[tag] is not None:
                self.tagged_commands.pop(tag)
                self.idles = False
                return False
        rang = bell.wait(0 if self._heard else seconds, self.sock)
        self.begin()
        self.send(b"DONE\r\n")
        self._command_complete("IDLE", tag)
        return rang

    def hang_up(self) -> None:
        """End the connection from another thread: whoever reads from it finds its end."""
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # beneath TLS, which is not ours to touch here
        except OSError:
            return  # it has ended already

    def drop(self) -> None:
        """Free the socket, without a word."""
        try:
            self.shutdown()
        except OSError:
            return  # it has ended already

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout)
        if self._context is None:
            return plain
        return self._context.wrap_socket(plain, server_hostname=self.host)

    def _append_untagged(self, typ: str, dat: Any) -> None:
        if typ == "EXISTS":
            self.exists = int(dat)
        elif typ == "EXPUNGE":
            self.exists -= 1
            self.expunged += 1
        super()._append_untagged(typ, dat)  # type: ignore[misc]

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
            raise self.abort("the server closed the connection")
        self._octets -= len(data)
        self._heard += data

    def _take(self, size: int) -> bytes:
        with memoryview(self._heard) as heard:
            taken = bytes(heard[:size])
        del self._heard[:size]
        return taken


class LimitedClient(IMAPClient):  # type: ignore[misc]  # it has no types
    """IMAPClient over a `LimitedImap`.

    What it adds to imaplib that we use: login mechanisms, capabilities, folder names, the answer to EXAMINE.
    """

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, limits: Limits) -> None:
        self._tls = tls
        self._limits = limits
        super().__init__(host, port, ssl=False, timeout=limits.silence)
        self.wire.debug = 0  # IMAPClient's 5 formats every octet of every mail for a log that nobody reads

    @property
    def wire(self) -> LimitedImap:
        """The connection itself."""
        imap: LimitedImap = self._imap
        return imap

    def _create_IMAP4(self) -> LimitedImap:  # noqa: N802 - IMAPClient's name
        return LimitedImap(self.host, self.port, self._tls, self._limits)
