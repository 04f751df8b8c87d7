"""Taking what a source has: archive, enter, and only then ring for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from structlog import get_logger

from intergestan_runtime.archive import Archive
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.metrics import Metrics
from services.poller.fetch import Strikes, allowance, batches, chunks
from services.poller.handles import Handle, Notes
from services.poller.rows import Archived, MailboxRows
from services.poller.settings import PollerSettings
from services.poller.source import SIZES_AT_ONCE, Secret, Source

_log = get_logger(__name__)


@dataclass(frozen=True)
class Tools:
    """What all watches of a process share.

    :ivar ring: rings IMPORT for new inbound mails.
    :ivar password_for: the password, or the token, of a row of `mailbox`.
    :ivar die: called where going on would risk mails; ends the process.
    """

    archive: Archive
    metrics: Metrics
    settings: PollerSettings
    ring: Callable[[Sequence[int]], object]
    password_for: Callable[[Any], Secret]
    language: str
    die: Callable[[BaseException], None]


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

    def collect(self, new: Sequence[Handle], run: int | None) -> int:
        """Archive what is new; how many could not be had."""
        self._heed_generation()
        left = len(new)
        self._set("mailbox_backlog_messages", left)
        at_once = self.source.at_once()
        for piece in chunks(self._strikes.due(new, time.monotonic()), min(SIZES_AT_ONCE, at_once)):
            sizes = self.source.sizes(piece)
            left -= self._note_too_big(sizes, run)
            most = min(self._tools.settings.batch_mails, at_once)
            for batch in list(batches(sizes, self._strikes, most, self._tools.settings.batch_bytes)):
                if self._stopping.is_set():
                    return left
                left -= self._take(batch, sizes, run)
                self._set("mailbox_backlog_messages", left)
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

    def _take(self, batch: Sequence[Handle], sizes: Mapping[Handle, int], run: int | None) -> int:
        """Archive one batch, enter it, and only then ring for it; how many mails it brought."""
        tools = self._tools
        self._check_space()
        bodies = self._fetch(batch, allowance(batch, sizes, tools.settings.mail_bytes))
        if not bodies:
            return 0
        crashpoint("poller.fetched")
        shas = tools.archive.put_many(list(bodies.values()))
        crashpoint("poller.archived")
        mails = [Archived(mail, sha, len(bodies[mail])) for mail, sha in zip(bodies, shas, strict=True)]
        ids = self._rows.keep(self.source.notes, mails, run)
        crashpoint("poller.kept")
        self.source.taken(list(bodies))
        self._strikes.forgive(bodies)
        if ids:
            tools.ring(ids)
        tools.metrics.inc("mails_total", len(bodies), direction="in", outcome="accepted")
        return len(bodies)

    def _check_space(self) -> None:
        self._tools.metrics.set("archive_free_bytes", self._tools.archive.free_space()[0])
        self._tools.archive.check_space()

    def _fetch(self, batch: Sequence[Handle], octets: int) -> dict[Handle, bytes]:
        """The mails of a batch that came, and are not empty; the others get a strike, and are listed again."""
        bodies: dict[Handle, bytes] = {}
        try:
            bodies = {mail: body for mail, body in self.source.bodies(batch, octets).items() if body}
        finally:
            self._strikes.add((mail for mail in batch if mail not in bodies), time.monotonic())
        return bodies

    def _set(self, metric: str, value: float) -> None:
        self._tools.metrics.set(metric, value, mailbox=self._name)
