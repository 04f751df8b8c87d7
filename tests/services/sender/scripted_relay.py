"""An SMTP server that does to a conversation what its script says, to the byte."""

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE

LOGIN, PASSWORD = "buyer@site.test", "pa55 wörd"

FINE = {
    "CONNECT": b"220 relay.test ESMTP\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    "DOT": b"250 2.0.0 Ok: queued as 4F3A\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
    "STARTTLS": b"220 2.0.0 Ready to start TLS\r\n",
}


class Cut(Exception):
    """The script wants the connection closed now."""


@dataclass
class Script:
    """What differs from a good server. `replies` and `before` are by verb (or CONNECT, EHLO, BODY, DOT)."""

    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000", "ENHANCEDSTATUSCODES")
    replies: Mapping[str, bytes] = field(default_factory=dict)
    before: Mapping[str, Callable[[socket.socket], None]] = field(default_factory=dict)
    certificate: ssl.SSLContext | None = None
    tls_at_once: bool = False
    read_at_most: int | None = None  # bytes; then the connection is cut
    write_at_most: int | None = None


def cut(_: socket.socket) -> None:
    raise Cut


def drip(connection: socket.socket) -> None:
    """A reply that never ends, a byte at a time, until the client hangs up."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.02)


class ScriptedRelay:
    """A context manager. `.mails` are unstuffed; `.plain` is what came unencrypted."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.mails: list[bytes] = []
        self.verbs: list[str] = []
        self.plain = bytearray()
        self.connections = 0
        self.hung_up = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._current: socket.socket | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        self._thread.join(PATIENCE)
        self._listener.close()

    def hang_up(self, last_words: bytes = b"") -> None:
        """Ends the connection of the moment from the server's side."""
        if self._current is not None:
            try:
                self._current.sendall(last_words)
                self._current.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.hung_up.clear()
            self._current = connection
            talk = _Talk(self, connection)
            try:
                talk.run()
            except (Cut, OSError):
                pass  # a cut is what the tests are about
            finally:
                talk.connection.close()
                connection.close()
                self.hung_up.set()


class _Talk:
    def __init__(self, relay: ScriptedRelay, connection: socket.socket) -> None:
        self.relay = relay
        self.script = relay.script
        self.connection = connection
        self.heard = bytearray()
        self.read = self.written = 0

    def run(self) -> None:
        if self.script.tls_at_once:
            self._secure()
        self._answer("CONNECT")
        while line := self._until(b"\r\n"):
            verb = line[:4].decode("ascii").upper()
            verb = {"STAR": "STARTTLS"}.get(verb, verb)
            self.relay.verbs.append(verb)
            getattr(self, f"_{verb.lower()}", self._other)(verb, line)
            if verb == "QUIT":
                return

    def _other(self, verb: str, _line: bytes) -> None:
        self._answer(verb)

    def _ehlo(self, verb: str, _line: bytes) -> None:
        lines = ["relay.test", *self.script.extensions]
        self._answer(verb, "".join(f"250-{line}\r\n" for line in lines).encode() + b"250 HELP\r\n")

    def _starttls(self, verb: str, _line: bytes) -> None:
        self._answer(verb)
        self._secure()

    def _auth(self, verb: str, line: bytes) -> None:
        if line.upper().startswith(b"AUTH PLAIN "):
            given = base64.b64decode(line.split()[2]).decode()
        else:
            self._write(b"334 VXNlcm5hbWU6\r\n")
            login = base64.b64decode(self._until(b"\r\n")).decode()
            self._write(b"334 UGFzc3dvcmQ6\r\n")
            password = base64.b64decode(self._until(b"\r\n")).decode()
            given = f"\0{login}\0{password}"
        good = given == f"\0{LOGIN}\0{PASSWORD}"
        self._answer(verb, b"235 2.7.0 Ok\r\n" if good else b"535 5.7.8 Error: no: " + line)

    def _data(self, verb: str, _line: bytes) -> None:
        self._answer(verb)
        if not self.script.replies.get("DATA", b"354").startswith(b"354"):
            return
        if "BODY" in self.script.before:
            self._hear()
            self.script.before["BODY"](self.connection)
        body = self._until(b"\r\n.\r\n")[: -len(b".\r\n")]
        self.relay.mails.append((b"\r\n" + body).replace(b"\r\n..", b"\r\n.")[2:])
        self._answer("DOT")

    def _answer(self, verb: str, default: bytes = b"502 5.5.1 what?\r\n") -> None:
        if verb in self.script.before:
            self.script.before[verb](self.connection)
        self._write(self.script.replies.get(verb, FINE.get(verb, default)))

    def _write(self, data: bytes) -> None:
        limit = self.script.write_at_most
        allowed = len(data) if limit is None else limit - self.written
        self.connection.sendall(data[:allowed])
        self.written += len(data)
        if allowed < len(data):
            raise Cut

    def _until(self, end: bytes) -> bytes:
        while (found := self.heard.find(end)) < 0:
            self._hear()
        line = bytes(self.heard[: found + len(end)])
        del self.heard[: found + len(end)]
        return line

    def _hear(self) -> None:
        limit = self.script.read_at_most
        wanted = 65536 if limit is None else limit - self.read
        data = self.connection.recv(wanted) if wanted else b""
        if not data:
            raise Cut
        self.read += len(data)
        self.heard += data
        if not isinstance(self.connection, ssl.SSLSocket):
            self.relay.plain += data

    def _secure(self) -> None:
        assert self.script.certificate is not None
        self.connection = self.script.certificate.wrap_socket(self.connection, server_side=True)
