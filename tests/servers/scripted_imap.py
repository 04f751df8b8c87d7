"""An IMAP server with a small mailbox, which lies and breaks down as a test wants (RFC 3501, plain or TLS).

It knows CAPABILITY, LOGIN, SELECT, EXAMINE, STATUS, UID SEARCH (ALL, UID sets), UID FETCH (FLAGS,
INTERNALDATE, RFC822.SIZE, whole and partial BODY[], BODY[HEADER]), NOOP, CHECK, IDLE, CLOSE, UNSELECT and
LOGOUT: what Dovecot does well is tested with Dovecot.
"""

import asyncio
import re
import shlex
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from tests.servers.certificates import Certificate
from tests.servers.imap_faults import ImapFault
from tests.servers.loop import StreamServer

_BODY = re.compile(r"BODY(?:\.PEEK)?\[(HEADER)?\](?:<(\d+)\.(\d+)>)?")


class ScriptedImap(StreamServer):
    r"""One mailbox, INBOX, that anyone in `passwords` opens (everybody, when it is empty).

    Change these at any time:
    mails: uid -> raw bytes. `add` also tells those who IDLE.
    uidvalidity: may be 0.
    claimed_sizes: uid -> the RFC822.SIZE that is told instead of the true one.
    late: uid -> how many more SEARCHes do not show it.
    vanished: UIDs that SEARCH shows and FETCH omits.
    chatter: untagged lines sent once, before the end of the next answer, e.g. b"* 1 FETCH (FLAGS (\\Seen))".
    message_limit: RFC 9738; SEARCH and FETCH stop after so many mails, the highest UIDs first. 0: no limit.
    commands: what was asked, without tags.
    deleted: UIDs that carry the flag \\Deleted, whoever set it; read_only: SELECT only lets read, too.
    marks_meanwhile: UIDs that somebody else marks as deleted right after our next STORE, one each time.
    body_seconds: how long every FETCH of bodies takes; most_at_once: how many of those there were at the same time.
    together: the first ones wait until there have been so many at the same time.
    """

    def __init__(
        self,
        mails: Mapping[int, bytes] | None = None,
        *,
        uidvalidity: int = 1,
        passwords: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__()
        self.mails = dict(mails or {})
        self.uidvalidity = uidvalidity
        self.claimed_sizes: dict[int, int] = {}
        self.late: dict[int, int] = {}
        self.vanished: set[int] = set()
        self.chatter: list[bytes] = []
        self.message_limit = 0
        self.deleted: set[int] = set()
        self.marks_meanwhile: list[int] = []
        self.read_only = False
        self.body_seconds = 0.0
        self.together = 0
        self._are_together = asyncio.Event()
        self.fetching = self.most_at_once = 0
        self.commands: list[str] = []
        self._passwords = dict(passwords or {})
        self._certificate = certificate
        self._faults: defaultdict[str, deque[ImapFault | None]] = defaultdict(deque)
        self._idlers: set[asyncio.StreamWriter] = set()

    def misbehave(self, verb: str, fault: ImapFault, *, times: int = 1, after: int = 0) -> None:
        """The next `times` answers to this verb are `fault` (imap_faults.py), after `after` right ones.

        verb: CONNECT (the greeting), LOGIN, SELECT (or EXAMINE), SEARCH, SIZE (FETCH without bodies), BODY
        (FETCH with bodies), IDLE, NOOP, LOGOUT.
        """
        self._faults[verb].extend([None] * after + [fault] * times)

    def add(self, uid: int, raw: bytes) -> None:
        """A mail arrives; those who IDLE hear of it."""
        self._run(self._add(uid, raw))

    async def _add(self, uid: int, raw: bytes) -> None:
        self.mails[uid] = raw
        for writer in self._idlers:
            writer.write(b"* %d EXISTS\r\n" % len(self.mails))

    def next_fault(self, verb: str) -> ImapFault | None:
        """What happens instead of the right answer."""
        waiting = self._faults[verb]
        return waiting.popleft() if waiting else None

    def search(self, wanted: str) -> list[int]:
        """UIDs that a SEARCH for this set shows."""
        hidden = {uid for uid, searches in self.late.items() if searches > 0}
        self.late = {uid: searches - 1 for uid, searches in self.late.items() if searches > 1}
        return [uid for uid in self.select(wanted) if uid not in hidden]

    def select(self, wanted: str) -> list[int]:
        """UIDs of a set such as 1:5,9,12:*; n:* always holds the last mail (RFC 3501 §6.4.8)."""
        uids = sorted(self.mails)
        return sorted({uid for part in wanted.split(",") for uid in _in_range(uids, part)})

    def sequence_number(self, uid: int) -> int:
        """Position in the mailbox, from 1."""
        return bisect_left(sorted(self.mails), uid) + 1

    def accepts(self, user: str, password: str) -> bool:
        """Whether LOGIN succeeds."""
        return not self._passwords or self._passwords.get(user) == password

    def _options(self) -> dict[str, Any]:
        return {"ssl": self._certificate.server_context()} if self._certificate else {}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        if await session.greet():
            while (line := await reader.readline()) and await session.obey(line.decode().rstrip("\r\n")):
                pass

    async def take_time(self) -> None:
        """As long as a FETCH of bodies takes."""
        self.fetching += 1
        self.most_at_once = max(self.most_at_once, self.fetching)
        await asyncio.sleep(self.body_seconds)
        if self.most_at_once >= self.together:
            self._are_together.set()
        await self._are_together.wait()
        self.fetching -= 1

    async def idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client says DONE."""
        self._idlers.add(writer)
        try:
            await reader.readline()
        finally:
            self._idlers.discard(writer)


class _Session:
    """The conversation with one client."""

    def __init__(self, server: ScriptedImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer

    async def greet(self) -> bool:
        """Whether the conversation goes on."""
        if fault := self._server.next_fault("CONNECT"):
            return await fault("*", self._writer)
        await self._say("* OK ready")
        return True

    async def obey(self, line: str) -> bool:
        """Answer one command; returns whether the conversation goes on."""
        tag, _, command = line.partition(" ")
        self._server.commands.append(command if not command.upper().startswith("LOGIN") else "LOGIN")
        verb, _, arguments = command.removeprefix("UID ").partition(" ")
        verb = verb.upper()
        if fault := self._server.next_fault(_fault_verb(verb, arguments)):
            return await fault(tag, self._writer)
        answer = getattr(self, f"_answer_{verb.lower()}", self._answer_unknown)
        end = await answer(arguments)
        for chatter in self._server.chatter:
            self._writer.write(chatter + b"\r\n")
        self._server.chatter.clear()
        await self._say(f"{tag} {end}")
        return verb != "LOGOUT"

    async def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()

    async def _answer_capability(self, _arguments: str) -> str:
        await self._say("* CAPABILITY IMAP4rev1 IDLE UNSELECT MESSAGELIMIT=1000")
        return "OK done"

    async def _answer_login(self, arguments: str) -> str:
        user, password = shlex.split(arguments)
        right = self._server.accepts(user, password)
        return "OK welcome" if right else "NO [AUTHENTICATIONFAILED] wrong"

    async def _answer_select(self, _arguments: str) -> str:
        mails = self._server.mails
        await self._say("* FLAGS (\\Seen \\Deleted)")
        await self._say(f"* {len(mails)} EXISTS")
        await self._say("* 0 RECENT")
        await self._say(f"* OK [UIDVALIDITY {self._server.uidvalidity}] as is")
        await self._say(f"* OK [UIDNEXT {max(mails, default=0) + 1}] as is")
        return "OK [READ-ONLY] selected" if self._server.read_only else "OK selected"

    async def _answer_examine(self, arguments: str) -> str:
        await self._answer_select(arguments)
        return "OK [READ-ONLY] selected"

    async def _answer_status(self, arguments: str) -> str:
        mails, folder = self._server.mails, arguments.partition(" ")[0]
        counts = f"MESSAGES {len(mails)} UIDNEXT {max(mails, default=0) + 1}"
        await self._say(f"* STATUS {folder} ({counts} UIDVALIDITY {self._server.uidvalidity})")
        return "OK done"

    async def _answer_search(self, arguments: str) -> str:
        if arguments == "DELETED":
            await self._say(" ".join(["* SEARCH", *map(str, sorted(self._server.deleted & self._server.mails.keys()))]))
            return "OK done"
        wanted = re.search(r"(?:UID )?([\d:*,]+)", arguments)
        uids, end = self._limited(self._server.search(wanted[1] if wanted else "1:*"))
        await self._say(" ".join(["* SEARCH", *map(str, uids)]))
        return end

    async def _answer_fetch(self, arguments: str) -> str:
        wanted, _, items = arguments.partition(" ")
        uids, end = self._limited(self._server.select(wanted))
        if _BODY.search(items.upper()):
            await self._server.take_time()
        for uid in uids:
            if uid not in self._server.vanished:
                self._writer.write(self._fetched(uid, items.upper()))
                await self._writer.drain()
        return end

    def _limited(self, uids: list[int]) -> tuple[list[int], str]:
        limit = self._server.message_limit
        if not limit or len(uids) <= limit:
            return uids, "OK done"
        return uids[-limit:], f"OK [MESSAGELIMIT {limit} {uids[-limit]}] partial"

    def _fetched(self, uid: int, items: str) -> bytes:
        parts = [b"UID %d" % uid]
        if "FLAGS" in items:
            parts.append(b"FLAGS ()")
        if "INTERNALDATE" in items:
            parts.append(b'INTERNALDATE "01-Jan-2026 00:00:00 +0000"')
        if "RFC822.SIZE" in items:
            size = self._server.claimed_sizes.get(uid, len(self._server.mails[uid]))
            parts.append(b"RFC822.SIZE %d" % size)
        if body := _BODY.search(items):
            parts.append(_body(self._server.mails[uid], body))
        return b"* %d FETCH (%b)\r\n" % (self._server.sequence_number(uid), b" ".join(parts))

    async def _answer_store(self, arguments: str) -> str:
        wanted, _, change = arguments.partition(" ")
        uids = set(self._server.select(wanted))
        if change.startswith("+"):
            self._server.deleted |= uids | set(self._server.marks_meanwhile[-1:])
            del self._server.marks_meanwhile[-1:]
        else:
            self._server.deleted -= uids
        return "OK done"

    async def _answer_expunge(self, _arguments: str) -> str:
        """All that are marked; there is no UIDPLUS here (RFC 4315)."""
        for uid in sorted(self._server.deleted & self._server.mails.keys()):
            await self._say(f"* {self._server.sequence_number(uid)} EXPUNGE")
            del self._server.mails[uid]
        self._server.deleted.clear()
        return "OK done"

    async def _answer_idle(self, _arguments: str) -> str:
        await self._say("+ idling")
        await self._server.idle(self._reader, self._writer)
        return "OK done"

    async def _answer_logout(self, _arguments: str) -> str:
        await self._say("* BYE")
        return "OK done"

    async def _answer_noop(self, _arguments: str) -> str:
        return "OK done"

    _answer_check = _answer_close = _answer_unselect = _answer_noop

    async def _answer_unknown(self, _arguments: str) -> str:
        return "BAD unknown command"


def _fault_verb(verb: str, arguments: str) -> str:
    if verb == "FETCH":
        return "BODY" if _BODY.search(arguments.upper()) else "SIZE"
    return "SELECT" if verb == "EXAMINE" else verb


def _in_range(uids: list[int], part: str) -> Iterable[int]:
    if not uids:
        return ()
    low, _, high = part.partition(":")
    ends = sorted(uids[-1] if end == "*" else int(end) for end in (low, high or low))
    return uids[bisect_left(uids, ends[0]) : bisect_right(uids, ends[1])]


def _body(raw: bytes, wanted: re.Match[str]) -> bytes:
    section, start, length = wanted.groups()
    content = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if section else raw
    origin = b""
    if start is not None:
        content = content[int(start) : int(start) + int(length)]
        origin = b"<%b>" % start.encode()
    return b"BODY[%b]%b {%d}\r\n%b" % ((section or "").encode(), origin, len(content), content)
