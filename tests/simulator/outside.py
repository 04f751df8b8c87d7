"""What lies around the sites of the simulated world: the archive, the bells, the post office and its mailboxes.

They do what they are told. What goes wrong with them, `world.py` picks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from dramatiq import Message

from intergestan_runtime.archive import Archive, Found, Missing, Room
from services.poller.bell import Bell
from services.poller.handles import UidNotes
from services.poller.rows import MailboxRows
from services.sender.deliver import checked_address, dot_stuffed
from services.sender.outcome import Outcome, by_failure, by_reply
from services.sender.smtp_client import Phase, Reply
from tests.simulator.processes import Process


class DictArchive(Archive):
    """An archive in memory."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._mails: dict[str, bytes] = {}
        self._since: dict[str, datetime] = {}

    def is_intact(self, sha256: str) -> bool:
        return hashlib.sha256(self._read(sha256)).hexdigest() == sha256

    def find(self, sha256: str) -> Found | None:
        mail = self._mails.get(sha256)
        return None if mail is None else Found(len(mail), self._since[sha256])

    def place(self, sha256: str) -> str:
        return f"memory/{sha256}"

    def remove(self, sha256: str) -> None:
        self._mails.pop(sha256, None)
        self._since.pop(sha256, None)

    def names(self, after: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self._mails if name > after))

    def newer_than(self, instant: datetime) -> list[tuple[str, datetime]]:
        newer = [(name, since) for name, since in self._since.items() if since > instant]
        return sorted(newer, key=lambda each: each[1], reverse=True)

    def strays(self) -> Iterator[str]:
        return iter(())

    def room(self) -> Room | None:
        return None

    def check_space(self) -> None:
        """There is always room."""

    def try_writing(self) -> None:
        """It can always be written to."""

    def _keep(self, by_name: Mapping[str, bytes]) -> None:
        self._mails.update(by_name)
        self._since |= {name: self._now() for name in by_name if name not in self._since}

    def snapshot(self) -> Mapping[str, tuple[bytes, datetime]]:
        """All that is in it now, and since when."""
        return {name: (mail, self._since[name]) for name, mail in self._mails.items()}

    def go_back(self, snapshot: Mapping[str, tuple[bytes, datetime]]) -> None:
        """Be again what it was then."""
        self._mails = {name: mail for name, (mail, _) in snapshot.items()}
        self._since = {name: since for name, (_, since) in snapshot.items()}

    def _read(self, sha256: str) -> bytes:
        if sha256 not in self._mails:
            raise Missing(f"{sha256} is not there.")
        return self._mails[sha256]


class Bells:
    """In place of Redis: bells that wait, as (queue, row id). Nothing is promised about their order."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, int]] = []

    def of(self, process: Process) -> ProcessBells:
        """The broker of one process."""
        return ProcessBells(self, process)


class ProcessBells:
    """What the services need of a broker: `ring`."""

    def __init__(self, bells: Bells, process: Process) -> None:
        self._bells = bells
        self._process = process

    def ring(self, queue: str, messages: Sequence[Message[Any]], *, first: bool = False) -> bool:
        self._process.check()
        rung = [(queue, message.args[0]) for message in messages]
        self._bells.waiting[:] = rung + self._bells.waiting if first else self._bells.waiting + rung
        return True


@dataclass(frozen=True, slots=True)
class Posted:
    """A mail under way, and when it may arrive."""

    recipient: str
    raw: bytes
    kind: str
    due: datetime


@dataclass
class MailboxOnServer:
    """A mailbox: what stands in it by UID, in one generation."""

    uidvalidity: int = 1
    mails: dict[int, bytes] = field(default_factory=dict)
    next_uid: int = 1

    def put(self, raw: bytes) -> None:
        """A mail arrives."""
        self.mails[self.next_uid] = raw
        self.next_uid += 1

    def renew(self) -> None:
        """The server gives all mails other names, as after a migration (RFC 3501 §2.3.1.1)."""
        self.uidvalidity += 1
        mails = list(self.mails.values())
        self.mails, self.next_uid = {}, 1
        for raw in mails:
            self.put(raw)


class ListSource:
    """A `Source` of the poller over a list: names that are known are not listed again, as over IMAP."""

    protocol: ClassVar[str] = "imap"

    def __init__(self, box: MailboxOnServer, rows: MailboxRows) -> None:
        self._box = box
        self._rows = rows

    @property
    def notes(self) -> UidNotes:
        return UidNotes(self._box.uidvalidity)

    def list_new(self, *, asked: bool) -> Sequence[int]:  # noqa: ARG002 - as `Source` has it
        known = self._rows.known(self.notes)
        return sorted(uid for uid in self._box.mails if uid not in known)

    def sizes(self, mails: Sequence[int]) -> dict[int, int]:
        return {uid: len(self._box.mails[uid]) for uid in mails if uid in self._box.mails}

    def bodies(self, mails: Sequence[int], octets: int) -> Mapping[int, bytes]:  # noqa: ARG002
        return {uid: self._box.mails[uid] for uid in mails if uid in self._box.mails}

    def present(self, *, to_remove: bool) -> set[int]:  # noqa: ARG002
        return set(self._box.mails)

    def remove(self, mails: Sequence[int]) -> set[int]:
        return {uid for uid in mails if self._box.mails.pop(uid, None) is not None}

    def at_once(self) -> int:
        return 500

    def another(self) -> None:
        return None

    def open(self, secret: object) -> None:
        """There is nothing to open."""

    def close(self, *, politely: bool) -> None:
        """There is nothing to close."""

    def certificate_end(self) -> None:
        return None

    def taken(self, mails: Sequence[int]) -> None:
        """The database knows them."""

    def doubt(self) -> None:
        """Everything is listed each time anyway."""

    def forget(self) -> None:
        """Nothing is remembered."""

    def wait(self, seconds: float, bell: Bell) -> bool:  # noqa: ARG002
        return False

    def hang_up(self) -> None:
        """There is no connection."""


class Relay:
    """In place of the sender's `Connections`: one relay, whose conversation ends as `fate` says."""

    def __init__(self, process: Process, fate: Callable[[Process, str, bytes, Callable[[], None]], Outcome]) -> None:
        self._process = process
        self._fate = fate
        self.certificate_end = None

    @contextmanager
    def to(self, relay: object) -> Iterator[Relay]:  # noqa: ARG002
        yield self

    def deliver(self, envelope_from: str, recipient: str, mime: bytes, before_dot: Callable[[], None]) -> Outcome:
        """As `Conversation.deliver`: what must not travel is a ValueError."""
        checked_address(envelope_from)
        checked_address(recipient)
        dot_stuffed(mime)
        self._process.check()
        return self._fate(self._process, recipient, mime, before_dot)


ACCEPTED = by_reply(Phase.DOT, Reply(250, "2.0.0 queued"))
BUSY = by_reply(Phase.MAIL, Reply(451, "4.3.2 try again"))
REFUSED = by_reply(Phase.DOT, Reply(554, "5.7.1 not wanted"))
CUT = by_failure(Phase.DOT, ConnectionResetError("the connection was cut"))
