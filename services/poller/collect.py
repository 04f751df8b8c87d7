"""Taking what a source has: archive, enter, and only then ring for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Generic

from structlog import get_logger

from intergestan_msg.mail.trace_header import trace_parent_of
from intergestan_runtime.archive import Archive
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.tracing import NO_TRACER, Tracer
from services.poller.doors import Doors
from services.poller.fetch import Strikes, allowance, batches, chunks
from services.poller.handles import Handle, Notes
from services.poller.lanes import Fetched, Lanes
from services.poller.rows import Archived, MailboxRows
from services.poller.settings import PollerSettings
from services.poller.source import SIZES_AT_ONCE, Secret, Source
from services.poller.traffic import affordable
from services.poller.troubles import Kind, MailboxTrouble

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a mailbox's provider allows: `connections` at a time, `bytes_per_day` of the account (None: any number)."""

    connections: int = 1
    bytes_per_day: int | None = None


@dataclass(frozen=True)
class Tools:
    """What all watches of a process share.

    :ivar ring: rings IMPORT for new inbound mails; `ring_first` for those that go before all that wait.
    :ivar password_for: the password, or the token, of a row of `mailbox`.
    :ivar tracer: is told of mails whose way is traced.
    :ivar die: called where going on would risk mails; ends the process.
    :ivar doors: where they wait for each other before they log in.
    """

    archive: Archive
    metrics: Metrics
    settings: PollerSettings
    ring: Callable[[Sequence[int]], object]
    ring_first: Callable[[Sequence[int]], object]
    password_for: Callable[[Any], Secret]
    language: str
    die: Callable[[BaseException], None]
    tracer: Tracer = NO_TRACER
    doors: Doors = field(default_factory=Doors)


class Collector(Generic[Handle]):
    """Collects one mailbox from one source, until `stopping`."""

    def __init__(
        self, tools: Tools, rows: MailboxRows, name: str, source: Source[Handle], stopping: threading.Event
    ) -> None:
        self.source: Source[Handle] = source
        self._tools = tools
        self._rows = rows
        self._name = name
        self._stopping = stopping
        self._notes: Notes[Handle] | None = None
        self._strikes: Strikes[Handle] = Strikes()
        self._lanes: Lanes[Handle] = Lanes(source, source.another, self._tell_of_lane)

    def collect(self, new: Sequence[Handle], run: int | None, allowed: Allowed) -> int:
        """Archive what is new; how many could not be had."""
        try:
            return self._collect(new, run, allowed)
        finally:
            self._lanes.close(politely=True)

    def hang_up(self) -> None:
        """End the connections from another thread, whatever they do."""
        self._lanes.hang_up()
        self.source.hang_up()

    def _collect(self, new: Sequence[Handle], run: int | None, allowed: Allowed) -> int:
        self._heed_generation()
        left = len(new)
        self._set("mailbox_backlog_messages", left)
        at_once = self.source.at_once()
        for piece in chunks(self._strikes.due(new, time.monotonic()), min(SIZES_AT_ONCE, at_once)):
            sizes = self.source.sizes(piece)
            left -= self._note_too_big(sizes, run)
            most = min(self._tools.settings.batch_mails, at_once)
            todo = list(batches(sizes, self._strikes, most, self._tools.settings.batch_bytes))
            paid = self._within_day(todo, sizes, allowed)
            octets = [allowance(batch, sizes, self._tools.settings.mail_bytes) for batch in paid]
            with closing(self._lanes.fetch(list(zip(paid, octets, strict=True)), allowed.connections)) as fetched:
                for batch, wait in zip(paid, fetched, strict=True):
                    if self._stopping.is_set():
                        return left
                    left -= self._take(batch, wait, run, is_metered=allowed.bytes_per_day is not None)
                    self._set("mailbox_backlog_messages", left)
            if len(paid) < len(todo):
                raise MailboxTrouble(Kind.QUOTA, f"{allowed.bytes_per_day} B")
            self._strikes.add((mail for mail in piece if mail not in sizes), time.monotonic())
        if left:
            self.source.doubt()
        return left

    def _heed_generation(self) -> None:
        """Names of another generation mean other mails."""
        if self._notes != self.source.notes:
            self._notes = self.source.notes
            self._strikes = Strikes()

    def _note_too_big(self, sizes: dict[Handle, int], run: int | None) -> int:
        """Note, and take out of `sizes`, the mails that are not fetched; how many."""
        too_big = [mail for mail, size in sizes.items() if size > self._tools.settings.mail_bytes]
        if too_big:
            _log.warning(
                "Mails are larger than is fetched; they stay on the server.", mailbox=self._name, mails=too_big
            )
            self._rows.note_too_big(self.source.notes, too_big, run)
            self.source.taken(too_big)
        for mail in too_big:
            del sizes[mail]
        return len(too_big)

    def _within_day(
        self, todo: Sequence[Sequence[Handle]], sizes: Mapping[Handle, int], allowed: Allowed
    ) -> Sequence[Sequence[Handle]]:
        """The batches that the provider lets us fetch today."""
        if allowed.bytes_per_day is None or not todo:
            return todo
        spent = self._rows.spent()
        return affordable(todo, sizes, allowed.bytes_per_day - spent, is_fresh=spent == 0)

    def _take(self, batch: Sequence[Handle], wait: Fetched[Handle], run: int | None, *, is_metered: bool) -> int:
        """Archive one batch, enter it, and only then ring for it; how many mails it brought."""
        tools = self._tools
        self._check_space()
        began = time.time()
        bodies = self._fetch(batch, wait)
        if not bodies:
            return 0
        crashpoint("poller.fetched")
        shas = tools.archive.put_many(list(bodies.values()))
        crashpoint("poller.archived")
        signed = self._signed(bodies)
        mails = [
            Archived(mail, sha, len(body), self._trace(body, sha, began), mail in signed)
            for (mail, body), sha in zip(bodies.items(), shas, strict=True)
        ]
        new = self._rows.keep(self.source.notes, mails, run, is_metered=is_metered)
        self.source.taken(list(bodies))
        self._strikes.forgive(bodies)
        self._ring(new, {new[mail.sha256] for mail in mails if mail.is_signed and mail.sha256 in new})
        tools.metrics.inc("mails_collected_total", len(bodies))
        return len(bodies)

    def _signed(self, bodies: Mapping[Handle, bytes]) -> set[Handle]:
        """Those that bear a signature of a key that we know, and that still is one."""
        from intergestan_msg.mail.first_look import is_signed_by
        from intergestan_msg.seal import PinnedKeys

        keys = PinnedKeys(self._rows.known_keys())
        return {mail for mail, body in bodies.items() if is_signed_by(body, keys)}

    def _ring(self, new: Mapping[str, int], signed: Collection[int]) -> None:
        """Mails of those whom we know are read before all others that wait."""
        if others := sorted(set(new.values()).difference(signed)):
            self._tools.ring(others)
        if signed:
            self._tools.ring_first(sorted(signed))

    def _trace(self, body: bytes, sha256: str, began: float) -> str | None:
        """Tell of a mail that says which trace it belongs to: fetched and archived. Any other one begins none."""
        tracer = self._tools.tracer
        parent = trace_parent_of(body) if tracer.is_on else None
        return None if parent is None else tracer.was_step("collect", parent, began, mail=sha256, mailbox=self._name)

    def _check_space(self) -> None:
        room = self._tools.archive.room()
        if room is not None:
            self._tools.metrics.set("archive_free_bytes", room.free)
        self._tools.archive.check_space()

    def _fetch(self, batch: Sequence[Handle], wait: Fetched[Handle]) -> dict[Handle, bytes]:
        """The mails of a batch that came, and are not empty; the others get a strike, and are listed again."""
        bodies: dict[Handle, bytes] = {}
        try:
            bodies = {mail: body for mail, body in wait().items() if body}
        finally:
            self._strikes.add((mail for mail in batch if mail not in bodies), time.monotonic())
        return bodies

    def _tell_of_lane(self, trouble: MailboxTrouble) -> None:
        self._tools.metrics.inc("mailbox_reconnects_total", reason=str(trouble.kind))
        _log.warning("A further connection is given up; the others go on.", mailbox=self._name, why=str(trouble))

    def _set(self, metric: str, value: float) -> None:
        self._tools.metrics.set(metric, value, mailbox=self._name)
