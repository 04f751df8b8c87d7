"""Removes from one mailbox what a person asked to be purged (G24), between two polls and under the same lease.

A mail is removed only when everything holds at that moment: the base says that it may go (`mailboxes.purging`),
the archive's file still has the content that its name promises, and what the server hands out under the mail's name
now has that very content. Names alone (UID, UIDL) are never trusted for that.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Generic

from structlog import get_logger

from intergestan_db.enums import PurgeVerdict as Verdict
from intergestan_runtime.archive import Archive, ArchiveError, Missing, Unreachable
from intergestan_runtime.crashpoint import crashpoint
from services.poller.fetch import allowance, batches, chunks
from services.poller.handles import Handle
from services.poller.purge_rows import Planned, PurgeRows
from services.poller.settings import PollerSettings
from services.poller.source import SIZES_AT_ONCE, Source

_log = get_logger(__name__)

Verdicts = dict[Verdict, list[Planned[Handle]]]


class Purge(Generic[Handle]):
    """One purge of one mailbox.

    :param run: its row of `purge_run`.
    """

    def __init__(
        self,
        archive: Archive,
        settings: PollerSettings,
        rows: PurgeRows,
        source: Source[Handle],
        run: Any,
        stopping: threading.Event,
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._rows = rows
        self._source: Source[Handle] = source
        self._run = run
        self._stopping = stopping

    def carry_out(self) -> None:
        """All of it. When it breaks off, or we are to stop, it is taken up again from a new listing."""
        source, dry = self._source, self._run.dry_run
        try:
            present = source.present(to_remove=not dry)
            planned = self._rows.plan(self._run, source.notes, present)
            by_handle = {mail.handle: mail for mail in planned}
            for piece in chunks(by_handle, min(SIZES_AT_ONCE, source.at_once())):
                if not self._take_piece([by_handle[handle] for handle in piece]):
                    return
        finally:
            source.forget()  # names that were given up are looked up in the base again
        self._rows.end(self._run)
        _log.info("Purge is over.", run=self._run.id, dry_run=dry, mails=len(planned), by=self._run.requested_by)

    def _take_piece(self, piece: Sequence[Planned[Handle]]) -> bool:
        """Whether we came to its end."""
        by_handle = {mail.handle: mail for mail in self._intact(piece)}
        sizes = self._source.sizes(list(by_handle)) if by_handle else {}
        self._settle_unfit(by_handle, sizes)
        fit = {handle: size for handle, size in sizes.items() if size <= self._settings.mail_bytes}
        most = min(self._settings.batch_mails, self._source.at_once())
        for batch in list(batches(fit, (), most, self._settings.batch_bytes)):
            if self._stopping.is_set():
                return False
            self._take_batch([by_handle[handle] for handle in batch], allowance(batch, fit, self._settings.mail_bytes))
        return True

    def _intact(self, piece: Sequence[Planned[Handle]]) -> list[Planned[Handle]]:
        """Those that the archive has whole; the others are said to stay."""
        found: Verdicts[Handle] = {}
        for mail in piece:
            found.setdefault(self._look_up(mail), []).append(mail)
        intact = found.pop(Verdict.REMOVE, [])
        self._settle(found)
        return intact

    def _look_up(self, mail: Planned[Handle]) -> Verdict:
        try:
            return Verdict.REMOVE if self._archive.is_intact(mail.sha256) else Verdict.ALTERED
        except Unreachable:
            raise  # says nothing about the mail; the purge is taken up again
        except (Missing, OSError, ArchiveError) as error:
            _log.warning("The archive cannot show a mail, so it stays in the mailbox.", why=str(error))
            return Verdict.MISSING

    def _settle_unfit(self, by_handle: Mapping[Handle, Planned[Handle]], sizes: Mapping[Handle, int]) -> None:
        """What vanished since the listing, and what is larger than anything we ever fetch."""
        gone = [mail for handle, mail in by_handle.items() if handle not in sizes]
        large = [by_handle[handle] for handle, size in sizes.items() if size > self._settings.mail_bytes]
        self._settle({Verdict.GONE: gone, Verdict.DIFFERS: large})

    def _take_batch(self, batch: Sequence[Planned[Handle]], octets: int) -> None:
        bodies = self._source.bodies([mail.handle for mail in batch], octets)
        found: Verdicts[Handle] = {Verdict.GONE: [], Verdict.DIFFERS: [], Verdict.REMOVE: []}
        for mail in batch:
            found[_compare(bodies.get(mail.handle), mail.sha256)].append(mail)
        same = found.pop(Verdict.REMOVE)
        if self._run.dry_run:
            self._settle({**found, Verdict.REMOVE: same})
            return
        self._rows.forget_others(self._source.notes, found[Verdict.DIFFERS])
        self._settle(found)
        self._remove(same)

    def _remove(self, mails: Sequence[Planned[Handle]]) -> None:
        if not mails:
            return
        still = self._rows.forget(self._run, self._source.notes, mails)
        gone = self._source.remove([mail.handle for mail in still]) if still else set()
        crashpoint("poller.purge_removed")
        removed = [mail for mail in still if mail.handle in gone]
        stayed = [mail for mail in still if mail.handle not in gone]
        self._rows.settle(self._run, {Verdict.REMOVED: removed, Verdict.STAYED: stayed}, len(mails))

    def _settle(self, found: Mapping[Verdict, Sequence[Planned[Handle]]]) -> None:
        count = sum(map(len, found.values()))
        if count:
            self._rows.settle(self._run, found, count)


def _compare(body: bytes | None, sha256: str) -> Verdict:
    if not body:
        return Verdict.GONE
    return Verdict.REMOVE if hashlib.sha256(body).hexdigest() == sha256 else Verdict.DIFFERS
