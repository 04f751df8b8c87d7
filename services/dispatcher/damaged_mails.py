"""Mails whose copy in the archive was not whole before they were taken in: they go on as soon as a whole one is there.

The poller fetches them again from the mailbox (design.md §16.8), or somebody brings the file back from a backup.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import bindparam, or_, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import HoldReason, InboundState, Refetch
from intergestan_db.tables import InboundMail, MailboxUid, MailboxUidl
from intergestan_exchange.findings.finding import read_findings, write_findings
from intergestan_exchange.transfers.put_back import put_back
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import IMPORT

_log = structlog.get_logger(__name__)

_GONE = str(Refetch.GONE)
"""Also the variant of the finding then."""
_AT_ONCE = 100
_BY = "dispatcher"

_DAMAGED = (
    select(InboundMail.id, InboundMail.sha256, InboundMail.size, InboundMail.detail)
    .where(
        InboundMail.state == InboundState.HELD,
        or_(InboundMail.reason == HoldReason.ARCHIVE, InboundMail.size == 0),
        InboundMail.id > bindparam("after"),
    )
    .order_by(InboundMail.id)
    .limit(_AT_ONCE)
)
_NOTES = tuple(
    select(table.note).where(table.inbound_mail_id == bindparam("mail")) for table in (MailboxUid, MailboxUidl)
)
_HAS_BYTES = update(InboundMail).where(InboundMail.id == bindparam("mail")).values(size=bindparam("octets"))
_TELL = (
    update(InboundMail)
    .where(
        InboundMail.id == bindparam("mail"),
        InboundMail.state == InboundState.HELD,
        InboundMail.reason == HoldReason.ARCHIVE,
    )
    .values(detail=bindparam("findings"))
)


class DamagedMails:
    """Lets them go on, and says of those that the mailbox has no more what is to be done."""

    def __init__(self, database: Database, broker: BellBroker, archive: Archive) -> None:
        self._database = database
        self._broker = broker
        self._archive = archive
        self._after = 0

    def mend(self) -> int:
        """Look at some of them, and at the next ones the next time; how many go on.

        Raises `Unreachable` where the archive does not answer.
        """
        with self._database.read() as connection:
            damaged = connection.execute(_DAMAGED, {"after": self._after}).all()
        self._after = damaged[-1].id if len(damaged) == _AT_ONCE else 0
        whole = [row.id for row in damaged if self._archive.is_whole(row.sha256)]
        self._tell_of_lost([row for row in damaged if row.id not in whole])
        if not whole:
            return 0
        sizes = {row.id: len(self._archive.get(row.sha256)) for row in damaged if row.id in whole and not row.size}
        with self._database.transaction() as connection:
            for mail_id, size in sizes.items():
                connection.execute(_HAS_BYTES, {"mail": mail_id, "octets": size})
            ids = put_back(connection, whole, by=_BY, at=self._database.now(), event="release")
        IMPORT.ring(self._broker, *ids)
        _log.info("Mails are whole again in the archive; they go on.", mails=len(ids))
        return len(ids)

    def _tell_of_lost(self, damaged: Sequence[AnyRow]) -> None:
        for row in damaged:
            if not row.size:
                self._give_up_expired(row.id)
                continue
            (finding, *_) = read_findings(row.detail)
            if finding.variant == _GONE or not self._is_gone(row.id):
                continue
            gone = write_findings([type(finding)(finding.reason, finding.values, variant=_GONE)])
            with self._database.transaction() as connection:
                connection.execute(_TELL, {"mail": row.id, "findings": gone})

    def _give_up_expired(self, mail_id: int) -> None:
        """A mail whose bytes were dropped, and that no mailbox has any more, waits for nobody: its sender, whom nobody
        answered, sends it again, or a statement says that it is missing.
        """
        if not all(note == _GONE for note in self._notes_of(mail_id)):
            return
        with self._database.transaction() as connection:
            waits = select(InboundMail.id).where(InboundMail.id == mail_id, InboundMail.state == InboundState.HELD)
            found = connection.scalars(waits.with_for_update()).all()
            now, gone = self._database.now(), {"why": "gone"}
            values = {"reason": None, "detail": None}
            states.move(connection, states.INBOUND_MAIL, found, "expire", by=_BY, at=now, event_detail=gone, **values)

    def _is_gone(self, mail_id: int) -> bool:
        """Whether every mailbox that had it was asked, and has it no more."""
        notes = self._notes_of(mail_id)
        return bool(notes) and all(note == _GONE for note in notes)

    def _notes_of(self, mail_id: int) -> list[str | None]:
        with self._database.read() as connection:
            return [note for query in _NOTES for note in connection.scalars(query, {"mail": mail_id})]
