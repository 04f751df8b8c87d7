"""A lean SMTP client over one socket (RFC 5321); it talks, `deliver` decides what an answer means.

Every wait ends at a `Deadline`, so a server that drips one byte a minute gains nothing. Whatever breaks the
conversation is an `OSError`; a reply that is not the wanted one is an `UnwantedReply`. `phase` tells where.
"""

import base64
import select
import socket
import ssl
import time
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from intergestan_exchange.mail_accounts.sasl import BearerToken, exchange
from intergestan_msg.diagnosis import Diagnosis, NotSent
from intergestan_runtime.certificate import certificate_end
from intergestan_runtime.dead_path import end_dead_path

MAX_LINE: Final = 2048  # octets; RFC 5321 §4.5.3.1.5 asks for 512, real servers write more.
MAX_LINES: Final = 128  # of one reply
CHUNK: Final = 16384  # octets read at once


class Phase(IntEnum):
    """How far a conversation has come."""

    CONNECT = 1
    EHLO = 2
    TLS = 3
    AUTH = 4
    MAIL = 5
    RCPT = 6
    DATA = 7
    BODY = 8
    DOT = 9


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the server; `text` is its lines joined by newlines, undecodable octets escaped."""

    code: int
    text: str


class UnwantedReply(Exception):
    """The server answered, but not what the next step needs."""

    def __init__(self, phase: Phase, reply: Reply) -> None:
        super().__init__(f"{phase.name}: {reply.code} {reply.text}")
        self.phase = phase
        self.reply = reply


class Diagnosable(Exception):
    """What we say ourselves. :ivar diagnosis: the same, for whoever reads another language."""

    def __init__(self, why: NotSent, **values: object) -> None:
        self.diagnosis = Diagnosis.of(why, values)
        super().__init__(self.diagnosis.said("en"))


class ProtocolError(Diagnosable, OSError):
    """What the server sent is no SMTP; the connection is of no use any more."""


class UnusableRelay(Diagnosable, OSError):
    """The server does not offer what the account demands; only a person can change that."""


class TooSlow(Diagnosable, TimeoutError):
    """The moment passed by which a step was to be done."""


class Closed(Diagnosable, ConnectionResetError):
    """The server ended the connection before its reply was whole."""


class Deadline:
    """A moment on the monotonic clock that every wait of one step shares."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, above 0. Raises `TimeoutError` when the moment has passed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow(NotSent.TOO_SLOW)
        return left


class SmtpClient:
    """One connection to one server. Not for several threads at once."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the dot must not wait for an ACK
        end_dead_path(sock)
        self._sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._heard = bytearray()
        self.phase = Phase.EHLO
        self.extensions: dict[str, str] = {}

    @classmethod
    def connect(cls, host: str, port: int, seconds: float) -> Self:
        """Opens the TCP connection; `seconds` count for each address the name has."""
        return cls(socket.create_connection((host, port), timeout=seconds))

    @property
    def max_size(self) -> int | None:
        """The octets the server takes in one mail (RFC 1870); None when it sets no limit."""
        size = self.extensions.get("SIZE", "")
        return int(size) or None if size.isdecimal() else None

    @property
    def certificate_end(self) -> float | None:
        """When the server's certificate ends; None without TLS."""
        return certificate_end(self._sock)

    def greeting(self, deadline: Deadline) -> None:
        """Waits for the server's first words."""
        self.phase = Phase.EHLO
        self._expect(Phase.EHLO, 2, deadline)

    def ehlo(self, name: str | None, deadline: Deadline) -> None:
        """Says who we are (by default our address literal, RFC 5321 §4.1.3) and learns the extensions."""
        self.phase = Phase.EHLO
        self._command(f"EHLO {name or self._address_literal()}", deadline)
        _, *lines = self._expect(Phase.EHLO, 2, deadline).text.split("\n")
        words = (line.upper().partition(" ") for line in lines)
        self.extensions = {keyword: parameters for keyword, _, parameters in words}

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        """STARTTLS (RFC 3207). What the server offered before is forgotten; call `ehlo` again.

        Raises `UnusableRelay` when it is not offered and `ProtocolError` when plain text follows its
        reply: whoever sits in between would have it read as if it came through TLS (CVE-2011-0411).
        """
        self.phase = Phase.TLS
        if "STARTTLS" not in self.extensions:
            raise UnusableRelay(NotSent.NO_STARTTLS)
        self._command("STARTTLS", deadline)
        self._expect(Phase.TLS, 2, deadline)
        if self._heard:
            raise ProtocolError(NotSent.SLIPPED_IN)
        self.extensions = {}
        self.secure(context, host, deadline)

    def secure(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        """The TLS handshake, with the server's certificate and name verified by `context`."""
        self.phase = Phase.TLS
        sock = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        self._sock = sock
        sock.settimeout(deadline.left())
        sock.do_handshake()

    def log_in(self, login: str, password: str, deadline: Deadline) -> None:
        """AUTH PLAIN (RFC 4616) or else LOGIN. Raises `UnusableRelay` when the server offers neither."""
        self.phase = Phase.AUTH
        offered = self.extensions.get("AUTH", "").split()
        if "PLAIN" in offered:
            steps = ["AUTH PLAIN " + _base64(f"\0{login}\0{password}")]
        elif "LOGIN" in offered:
            steps = ["AUTH LOGIN", _base64(login), _base64(password)]
        else:
            raise UnusableRelay(NotSent.NO_AUTH_PASSWORD)
        try:
            for step in steps:
                self._command(step, deadline)
                self._expect(Phase.AUTH, 2 if step is steps[-1] else 3, deadline)
        except UnwantedReply as unwanted:
            raise UnwantedReply(Phase.AUTH, _without_secret(unwanted.reply, steps[-1])) from None

    def log_in_by_token(self, login: str, token: BearerToken, server: tuple[str, int], deadline: Deadline) -> None:
        """AUTH OAUTHBEARER (RFC 7628) or else XOAUTH2. Raises `UnusableRelay` when the server offers neither."""
        self.phase = Phase.AUTH
        said = exchange(self.extensions.get("AUTH", "").split(), login, token, *server)
        if said is None:
            raise UnusableRelay(NotSent.NO_AUTH_TOKEN)
        words = base64.b64encode(said.first).decode("ascii")
        self._command(f"AUTH {said.mechanism} {words}", deadline)
        reply = self._reply(deadline)
        if reply.code == 334:  # the server tells why not, and waits for a word before it refuses
            self._command(base64.b64encode(said.after_error).decode("ascii"), deadline)
            reply = self._reply(deadline)
        if reply.code // 100 != 2:
            raise UnwantedReply(Phase.AUTH, _without_secret(reply, words))

    def envelope(self, sender: str, recipient: str, size: int, deadline: Deadline) -> None:
        """MAIL, RCPT and DATA, in one write where the server allows it (RFC 2920); returns after the 354."""
        declared = f" SIZE={size}" if "SIZE" in self.extensions else ""
        commands = (
            (Phase.MAIL, f"MAIL FROM:<{sender}>{declared}", 2),
            (Phase.RCPT, f"RCPT TO:<{recipient}>", 2),
            (Phase.DATA, "DATA", 3),
        )
        pipelined = "PIPELINING" in self.extensions
        self.phase = Phase.MAIL
        if pipelined:
            self._command("\r\n".join(command for _, command, _ in commands), deadline)
        for phase, command, wanted in commands:
            self.phase = phase
            if not pipelined:
                self._command(command, deadline)
            self._expect(phase, wanted, deadline)
        self.phase = Phase.BODY

    def body(self, stuffed: bytes, deadline: Deadline) -> None:
        """Sends the dot-stuffed mail, all but the dot."""
        self._send(stuffed, deadline)

    def objection(self, deadline: Deadline) -> None:
        """Raises what the server had to say during the body, if anything; does not wait for it."""
        if self.spoke():
            raise UnwantedReply(self.phase, self._reply(deadline))

    def dot(self, deadline: Deadline) -> Reply:
        """Ends the mail: from the first byte on it may have been taken. Returns the 250."""
        self.phase = Phase.DOT
        self._send(b".\r\n", deadline)
        return self._expect(Phase.DOT, 2, deadline)

    def reset(self, deadline: Deadline) -> None:
        """RSET: is the server still there, and with a clean slate?"""
        self._command("RSET", deadline)
        self._expect(Phase.EHLO, 2, deadline)

    def quit(self, deadline: Deadline) -> None:
        """Takes leave; the caller closes all the same."""
        self._command("QUIT", deadline)
        self._reply(deadline)

    def spoke(self) -> bool:
        """Whether the server spoke or hung up without being asked; never waits."""
        if self._heard:
            return True
        if not self._poll.poll(0):
            return False
        self._sock.settimeout(0)  # with TLS there may be something to read that says nothing
        try:
            self._heard += self._sock.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True  # the next read tells the same
        return True

    def close(self) -> None:
        """Closes the socket, without a word."""
        self._sock.close()

    def _address_literal(self) -> str:
        address = self._sock.getsockname()[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def _command(self, line: str, deadline: Deadline) -> None:
        self._send(line.encode("ascii") + b"\r\n", deadline)

    def _send(self, data: bytes, deadline: Deadline) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(deadline.left())
            rest = rest[self._sock.send(rest) :]

    def _expect(self, phase: Phase, wanted: int, deadline: Deadline) -> Reply:
        """The next reply, whose first digit must be `wanted` (RFC 5321 §4.2.1)."""
        reply = self._reply(deadline)
        if reply.code // 100 != wanted:
            raise UnwantedReply(phase, reply)
        return reply

    def _reply(self, deadline: Deadline) -> Reply:
        texts: list[str] = []
        for _ in range(MAX_LINES):
            line = self._line(deadline)
            code, separator = line[:3], line[3:4]
            if not (code.isdigit() and b"200" <= code <= b"599" and separator in b" -"):
                raise ProtocolError(NotSent.NO_SMTP_REPLY)
            texts.append(line[4:].decode("ascii", "backslashreplace"))
            if separator != b"-":
                return Reply(int(code), "\n".join(texts))
        raise ProtocolError(NotSent.MANY_REPLY_LINES, most=MAX_LINES)

    def _line(self, deadline: Deadline) -> bytes:
        while (end := self._heard.find(b"\n")) < 0 and len(self._heard) <= MAX_LINE:
            self._hear(deadline)
        if not 0 <= end <= MAX_LINE:
            raise ProtocolError(NotSent.LONG_REPLY_LINE, most=MAX_LINE)
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        return line.removesuffix(b"\r")

    def _hear(self, deadline: Deadline) -> None:
        self._sock.settimeout(deadline.left())
        data = self._sock.recv(CHUNK)
        if not data:
            raise Closed(NotSent.CLOSED)
        self._heard += data


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _without_secret(reply: Reply, step: str) -> Reply:
    """Some servers repeat the line they did not like, and this one holds the password."""
    return Reply(reply.code, reply.text.replace(step.rpartition(" ")[2], "***"))
