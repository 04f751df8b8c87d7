"""What a purge reads and writes in the base, under the mailbox's lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import PurgeVerdict as Verdict
from intergestan_db.tables import InboundMail, PurgeMail, PurgeRun
from intergestan_exchange.mailboxes.purging import OPEN, verdicts
from services.poller.fetch import chunks
from services.poller.handles import Handle, Notes
from services.poller.rows import SERVICE, MailboxRows

_AT_ONCE = 1000  # rows in one transaction
_OPEN_RUNS = select(PurgeRun.__table__).where(PurgeRun.mailbox_id == bindparam("mailbox"), *OPEN).order_by(PurgeRun.id)


@dataclass(frozen=True, slots=True)
class Planned(Generic[Handle]):
    """A mail that may go: its row in `purge_mail`, what the server calls it, and what we archived under that name."""

    id: int
    handle: Handle
    mail_id: int
    sha256: str


class PurgeRows:
    """The rows of the purges of one mailbox, under the lease of `rows`."""

    def __init__(self, rows: MailboxRows) -> None:
        self._database = rows.database
        self._rows = rows
        self._id = rows.mailbox_id

    def open_runs(self) -> Sequence[Row[Any]]:
        """The purges that were asked for and are not over, oldest first."""
        with self._database.read() as connection:
            return connection.execute(_OPEN_RUNS, {"mailbox": self._id}).all()

    def plan(self, run: Any, notes: Notes[Handle], present: Collection[Handle]) -> list[Planned[Handle]]:
        """Enter what the mailbox has, each with its verdict; those that may go.

        An earlier attempt that broke off is taken up: what it had begun to remove, and is gone, it removed.
        """
        handles = sorted(present)
        with self._database.read() as connection:
            meant = notes.meant(connection, self._id)
            if run.heartbeats_only:
                beats = heartbeats_of(connection, self._id, notes)
                handles = [handle for handle in handles if meant.get(handle) in beats]
            known = {mail_id for handle in handles if (mail_id := meant.get(handle)) is not None}
            found = verdicts(connection, sorted(known), run.archived_before)
        listed = {notes.label(handle): handle for handle in present}
        with self._rows.held() as connection:
            self._take_up(connection, run, listed)
        for some in chunks(handles, _AT_ONCE):
            rows = [self._row(run, notes, handle, meant, found) for handle in some]
            with self._rows.held() as connection:
                insert_rows(connection, PurgeMail, rows)
        return self._planned(run, listed)

    def forget(self, run: Any, notes: Notes[Handle], mails: Sequence[Planned[Handle]]) -> list[Planned[Handle]]:
        """These are about to be removed: from now on, what bears their names is a new mail.

        It comes before the removal, so that a crash between loses no mail: what is still there then is fetched again,
        and known by its content; a mail that gets a name anew is never taken for the old one.

        :returns: those that still may go.
        """
        with self._rows.held() as connection:
            found = verdicts(connection, [mail.mail_id for mail in mails], run.archived_before)
            still = [mail for mail in mails if found.get(mail.mail_id) is Verdict.REMOVE]
            notes.forget(connection, self._id, [mail.handle for mail in still])
            self._set(connection, Verdict.REMOVING, still)
            for mail in mails:
                if mail not in still:
                    self._set(connection, found[mail.mail_id], [mail])
            now, machine = self._database.now(), states.INBOUND_MAIL.name
            rows = sorted((mail.mail_id, None, None) for mail in still)
            detail = {"mailbox": self._id, "asked by": run.requested_by}
            states.record(connection, machine, rows, "purge", by=SERVICE, at=now, detail=detail)
        return still

    def settle(self, run: Any, verdicts_found: Mapping[Verdict, Sequence[Planned[Handle]]], done: int) -> None:
        """Enter what became of mails; `done` more are dealt with."""
        with self._rows.held() as connection:
            for verdict, mails in verdicts_found.items():
                self._set(connection, verdict, mails)
            connection.execute(update(PurgeRun).where(PurgeRun.id == run.id).values(done=PurgeRun.done + done))

    def forget_others(self, notes: Notes[Handle], mails: Sequence[Planned[Handle]]) -> None:
        """These names bear other mails than those we took under them: they are to be collected."""
        if mails:
            with self._rows.held() as connection:
                notes.forget(connection, self._id, [mail.handle for mail in mails])

    def end(self, run: Any, error: str | None = None) -> None:
        """It is over, well or not."""
        with self._rows.held() as connection:
            ended = {"ended_at": self._database.now(), "error": error}
            connection.execute(update(PurgeRun).where(PurgeRun.id == run.id).values(**ended))

    def _row(
        self,
        run: Any,
        notes: Notes[Handle],
        handle: Handle,
        meant: Mapping[Handle, int | None],
        found: Mapping[int, Verdict],
    ) -> dict[str, Any]:
        mail_id = meant.get(handle)
        not_fetched = Verdict.TOO_BIG if handle in meant else Verdict.NEW
        verdict = not_fetched if mail_id is None else found[mail_id]
        return {
            "purge_run_id": run.id,
            "handle": notes.label(handle),
            "inbound_mail_id": mail_id,
            "verdict": verdict,
        }

    def _take_up(self, connection: Connection, run: Any, listed: Mapping[str, Any]) -> None:
        mine = PurgeMail.purge_run_id == run.id
        begun = connection.execute(
            select(PurgeMail.id, PurgeMail.handle).where(mine, PurgeMail.verdict == Verdict.REMOVING)
        )
        gone = [row.id for row in begun if row.handle not in listed]
        connection.execute(update(PurgeMail).where(PurgeMail.id.in_(gone)).values(verdict=Verdict.REMOVED))
        connection.execute(delete(PurgeMail).where(mine, PurgeMail.verdict != Verdict.REMOVED))

    def _planned(self, run: Any, listed: Mapping[str, Handle]) -> list[Planned[Handle]]:
        item = PurgeMail
        query = (
            select(item.id, item.handle, item.inbound_mail_id, InboundMail.sha256)
            .join(InboundMail, InboundMail.id == item.inbound_mail_id)
            .where(item.purge_run_id == run.id, item.verdict == Verdict.REMOVE)
            .order_by(item.id)
        )
        removed = select(func.count()).where(item.purge_run_id == run.id, item.verdict == Verdict.REMOVED)
        with self._rows.held() as connection:
            rows = connection.execute(query).all()
            done = connection.execute(removed).scalar_one()
            values = {"total": done + len(rows), "done": done}
            connection.execute(update(PurgeRun).where(PurgeRun.id == run.id).values(**values))
        return [Planned(row.id, listed[row.handle], row.inbound_mail_id, row.sha256) for row in rows]

    def _set(self, connection: Connection, verdict: Verdict, mails: Sequence[Planned[Handle]]) -> None:
        ids = [mail.id for mail in mails]
        if ids:
            connection.execute(update(PurgeMail).where(PurgeMail.id.in_(ids)).values(verdict=verdict))


def heartbeats_of(connection: Connection, mailbox_id: int, notes: Notes[Any]) -> set[int]:
    """The inbound heartbeats that this mailbox has, or had."""
    table = notes.table
    mine = select(table.inbound_mail_id).join(InboundMail, InboundMail.id == table.inbound_mail_id)
    return set(connection.scalars(mine.where(table.mailbox_id == mailbox_id, InboundMail.is_heartbeat)))
