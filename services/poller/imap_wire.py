"""`imaplib` with limits (`connection`), and IMAPClient over it."""

from __future__ import annotations

import imaplib
import socket
import ssl
from typing import Any

from imapclient import IMAPClient

from services.poller.bell import Bell
from services.poller.connection import SMALL_REPLY, Hearing, Limits, hang_up, hello_of, open_socket


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
        self._hearing = Hearing(limits)
        super().__init__(host, port, timeout=hello_of(limits))

    def begin(self, octets: int = SMALL_REPLY, seconds: float | None = None) -> None:
        """A new command, whose replies may have so many octets; forget what nobody asked for."""
        self.untagged_responses = {}  # else "* 5 EXISTS" would pile up for months
        self._hearing.begin(octets, seconds)

    def read(self, size: int) -> bytes:
        """A literal."""
        return self._hearing.octets(self.sock, size)

    def readline(self) -> bytes:
        """A line with its end, which is CR LF for imaplib: some servers end lines in a bare LF."""
        line = self._hearing.line(self.sock)
        return line if line.endswith(b"\r\n") else line[:-1] + b"\r\n"

    def send(self, data: Any) -> None:
        """All of it, in time."""
        self._hearing.say(self.sock, data)

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
        if self._hearing.heard:
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
        rang = bell.wait(0 if self._hearing.heard else seconds, self.sock)
        self.begin()
        self.send(b"DONE\r\n")
        self._command_complete("IDLE", tag)
        return rang

    def hang_up(self) -> None:
        """End the connection from another thread: whoever reads from it finds its end."""
        hang_up(self.sock)

    def drop(self) -> None:
        """Free the socket, without a word."""
        try:
            self.shutdown()
        except OSError:
            return  # it has ended already

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return open_socket(self.host, self.port, timeout, self._context)

    def _append_untagged(self, typ: str, dat: Any) -> None:
        if typ == "EXISTS":
            self.exists = int(dat)
        elif typ == "EXPUNGE":
            self.exists -= 1
            self.expunged += 1
        super()._append_untagged(typ, dat)  # type: ignore[misc]


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
