"""What connections to IMAP and POP3 servers have in common: no server can take unbounded time or memory.

Every command has a moment at which it must be over, a time for which the server may be silent, and a number of
octets that all its replies together may have; so neither a dripping server, nor a literal of 8 GB, nor a line
without an end, nor replies without an end do more than close the connection.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

from intergestan_exchange.mail_accounts.loopback import is_loopback
from intergestan_runtime.dead_path import end_dead_path
from services.poller.troubles import Kind, MailboxTrouble

CHUNK = 65536  # octets; more than a TLS record, so that none stays behind in the TLS layer, unseen by poll(2)
SMALL_REPLY = 1 << 20  # octets


@dataclass(frozen=True, slots=True)
class Limits:
    """How long we listen to a server. Seconds and octets.

    :ivar hello: for a connection, and for the server's first words: a network that has come back is used at once.
    """

    silence: float = 45.0
    hello: float = 15.0
    command: float = 600.0
    line: int = 1 << 20


class TooMuch(ValueError):
    """The server sends more than this command can have as its answer. No `imaplib` error: it would be rewritten."""


class Hearing:
    """What was heard of a server and not taken yet, and what it may still say. `begin` must precede every command.

    :ivar heard: the octets.
    """

    def __init__(self, limits: Limits) -> None:
        self.heard = bytearray()
        self._limits = limits
        self.begin()
        self._silence = hello_of(limits)

    def begin(self, octets: int = SMALL_REPLY, seconds: float | None = None) -> None:
        """A new command, whose replies may have so many octets."""
        self._octets = octets
        self._silence = self._limits.silence
        self._end = time.monotonic() + (seconds or self._limits.command)

    def say(self, sock: socket.socket, data: bytes) -> None:
        """Send all of it, in time."""
        sock.settimeout(self._patience())
        sock.sendall(data)

    def more(self, sock: socket.socket) -> None:
        """Hear some octets more.

        :raises TooMuch: the replies have had all their octets.
        :raises OSError: it took too long, or the server closed the connection.
        """
        if self._octets <= 0:
            raise TooMuch("a reply without end")
        sock.settimeout(self._patience())
        data = sock.recv(CHUNK)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._octets -= len(data)
        self.heard += data

    def octets(self, sock: socket.socket, size: int) -> bytes:
        """So many octets; what is announced is checked before any memory is taken."""
        if size > self._octets + len(self.heard):
            raise TooMuch(f"a literal of {size} octets was announced")
        while len(self.heard) < size:
            self.more(sock)
        return self.take(size)

    def line(self, sock: socket.socket) -> bytes:
        """A line with its end."""
        end = self.heard.find(b"\n")
        while end < 0:
            start = len(self.heard)
            if start > self._limits.line:
                raise TooMuch(f"a line of more than {self._limits.line} octets")
            self.more(sock)
            end = self.heard.find(b"\n", start)
        return self.take(end + 1)

    def take(self, size: int) -> bytes:
        """The first octets of what was heard."""
        with memoryview(self.heard) as heard:
            taken = bytes(heard[:size])
        del self.heard[:size]
        return taken

    def _patience(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("one command took too long")
        return min(left, self._silence)


def hello_of(limits: Limits) -> float:
    """Seconds for a connection, and for the first words."""
    return min(limits.hello, limits.silence)


def open_socket(host: str, port: int, timeout: float | None, context: ssl.SSLContext | None) -> socket.socket:
    """A connection, with TLS from its first octet on where there is a context."""
    plain = socket.create_connection((host, port), timeout)
    end_dead_path(plain)
    return plain if context is None else context.wrap_socket(plain, server_hostname=host)


def hang_up(sock: socket.socket) -> None:
    """End a connection from another thread: whoever reads from it finds its end."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # beneath TLS, which is not ours to touch here
    except OSError:
        return  # it has ended already


def tls_context(security: str, host: str, ca_file: str | None) -> ssl.SSLContext | None:
    """What verifies the server; None for a mailbox without TLS, which only this machine itself may have."""
    if security == "none":
        if not is_loopback(host):
            raise MailboxTrouble(Kind.INSECURE)
        return None
    return ssl.create_default_context(cafile=ca_file)
