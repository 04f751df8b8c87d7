"""A POP3 server that lies on command (RFC 1939, RFC 2449)."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable

from tests.servers.loop import StreamServer

Answer = bytes | None
"""What is sent in place of the right answer; None: the connection ends."""


class ScriptedPop3(StreamServer):
    """Knows one maildrop, of any login.

    :ivar mails: what is there, in order; `uidls` names them in place of a hash of each one's content.
    :ivar answers: by the beginning of a command: what is answered in place of the truth, once each.
    :ivar passwords: the only ones that are taken; None: all.
    """

    def __init__(self, *mails: bytes, capabilities: tuple[str, ...] = ("UIDL", "SASL PLAIN")) -> None:
        super().__init__()
        self.mails = list(mails)
        self.uidls: dict[int, str] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.capabilities = capabilities
        self.commands: list[str] = []
        self.open_sessions = 0

    def misbehave(self, command: str, *answers: Answer) -> None:
        """The next commands that begin so get these answers."""
        self.answers.setdefault(command, []).extend(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_sessions += 1
        try:
            writer.write(b"+OK ready\r\n")
            while line := (await reader.readline()).decode().strip():
                self.commands.append(line)
                answer = self._scripted(line) or self._right(line)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if line == "QUIT":
                    return
        finally:
            self.open_sessions -= 1

    def _scripted(self, line: str) -> bytes | None:
        for command, answers in self.answers.items():
            if answers and line.startswith(command):
                answer = answers.pop(0)
                if answer is None:
                    raise ConnectionAbortedError
                return answer
        return None

    def _right(self, line: str) -> bytes | None:
        verb, _, rest = line.partition(" ")
        known: dict[str, Callable[[], bytes]] = {
            "CAPA": lambda: _listed(self.capabilities),
            "LIST": lambda: _listed(f"{n} {len(mail)}" for n, mail in enumerate(self.mails, 1)),
            "UIDL": lambda: _listed(
                f"{n} {self.uidls.get(n, hashlib.md5(mail).hexdigest())}" for n, mail in enumerate(self.mails, 1)
            ),
            "RETR": lambda: b"+OK\r\n" + self.mails[int(rest) - 1].replace(b"\r\n.", b"\r\n..") + b".\r\n",
            "AUTH": lambda: b"+ \r\n",
        }
        return known[verb]() if verb in known else b"+OK\r\n"

    def count(self, verb: str) -> int:
        """How often a command was given."""
        return Counter(line.split()[0] for line in self.commands)[verb]


def _listed(lines: object) -> bytes:
    return "\r\n".join(["+OK", *lines, "."]).encode() + b"\r\n"  # type: ignore[misc]
