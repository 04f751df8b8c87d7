"""`poplib` with limits (`connection`)."""

from __future__ import annotations

import base64
import poplib
import socket
import ssl
from typing import Any

from services.poller.connection import SMALL_REPLY, Hearing, Limits, hang_up, hello_of, open_socket


class LimitedPop3(poplib.POP3):
    """One connection. `begin` must precede every command."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, limits: Limits) -> None:
        self._context = context
        self._hearing = Hearing(limits)
        try:
            super().__init__(host, port, timeout=hello_of(limits))
        except BaseException:
            self.drop()
            raise

    def begin(self, octets: int = SMALL_REPLY, seconds: float | None = None) -> None:
        """A new command, whose reply may have so many octets."""
        self._hearing.begin(octets, seconds)

    def command(self, line: str) -> bytes:
        """Say one line; the first line of the answer."""
        self._putline(line.encode())
        return self._getresp()

    def stls(self, context: ssl.SSLContext | None = None) -> bytes:
        """STLS (RFC 2595 §4) with a verified certificate; plain text behind the reply is refused (CVE-2011-0411)."""
        if context is None:
            raise ValueError("STLS needs a context that verifies the certificate.")
        reply = self.command("STLS")
        if self._hearing.heard:
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
        hang_up(self.sock)

    def _say(self, data: bytes) -> bytes:
        self._putline(base64.b64encode(data))
        return self._getresp()

    def _create_socket(self, timeout: Any) -> socket.socket:
        return open_socket(self.host, self.port, timeout, self._context)

    def _putline(self, line: bytes) -> None:
        if b"\n" in line or b"\r" in line:
            raise ValueError("a command is one line")
        self._hearing.say(self.sock, line + b"\r\n")

    def _getline(self) -> tuple[bytes, int]:
        line = self._hearing.line(self.sock)
        return line.rstrip(b"\r\n"), len(line)

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
        hearing, searched = self._hearing, 0
        while (end := _end_of_text(hearing.heard, searched)) is None:
            searched = max(0, len(hearing.heard) - 4)
            hearing.more(self.sock)
        text = hearing.take(end)
        hearing.take(3)
        return (text[1:] if text.startswith(b"..") else text).replace(b"\r\n..", b"\r\n.")


def _end_of_text(heard: bytearray, searched: int) -> int | None:
    if heard.startswith(b".\r\n"):
        return 0
    found = heard.find(b"\r\n.\r\n", searched)
    return None if found < 0 else found + 2
