"""What the poller reads and writes in the base about one mailbox.

Every write checks in its own transaction that the mailbox is still ours (`leases.holds_mailbox`): a process that
slept past its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import leases, states
from intergestan_db.among import among
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.database import Database
from intergestan_db.enums import Refetch
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, MailboxUidl, PollRun, PurgeRun
from intergestan_exchange.mailboxes import purging
from services.poller import traffic
from services.poller.handles import Handle, Notes
from services.poller.troubles import CONNECTED

SERVICE = "poller"
TOO_BIG = "too_big"
"""The note of a mail that is larger than we fetch."""
_ATTEMPTS = 3  # another mailbox may bring the same mail at the same moment


class LeaseLost(Exception):
    """Another poller has the mailbox now: stop, and write nothing."""


@dataclass(frozen=True, slots=True)
class Archived(Generic[Handle]):
    """One mail that the archive has, and what the server calls it; `trace_parent` where its way is traced.

    `is_signed`: a first look saw a signature of a key that we know.
    """

    handle: Handle
    sha256: str
    size: int
    trace_parent: str | None = None
    is_signed: bool = False


class MailboxRows:
    """The rows of one mailbox, `mailbox_id`, under one lease."""

    def __init__(self, database: Database, worker: str, mailbox_id: int, fence: int) -> None:
        self.database = database
        self._worker = worker
        self.mailbox_id = mailbox_id
        self._fence = fence

    def mailbox(self) -> Row[Any]:
        """The mailbox as it is now."""
        with self.database.read() as connection:
            return connection.execute(_MAILBOX, {"mailbox": self.mailbox_id}).one()

    def known(self, notes: Notes[Handle]) -> set[Handle]:
        """The mails that need not be fetched."""
        with self.database.read() as connection:
            return notes.known(connection, self.mailbox_id)

    def ask_again(self, notes: Notes[Handle], is_whole: Callable[[str], bool]) -> bool:
        """Note which mails are to be fetched once more, because their copy in the archive is not whole.

        :param is_whole: whether it is, by now: by the name of the copy.
        :returns: whether there are any, so that the mailbox is to be listed again.
        """
        with self.database.read() as connection:
            found = notes.damaged(connection, self.mailbox_id)
            fresh = {handle: mail for handle, (mail, note) in found.items() if note not in set(Refetch)}
            query = select(InboundMail.id, InboundMail.sha256).where(InboundMail.id.in_(fresh.values()))
            shas = {row.id: row.sha256 for row in connection.execute(query)} if fresh else {}
        damaged = {handle: mail for handle, mail in fresh.items() if not is_whole(shas[mail])}
        if damaged:
            with self.held() as connection:
                self._note(connection, notes, damaged, Refetch.AGAIN)
        return bool(damaged) or any(note == Refetch.AGAIN for _, note in found.values())

    def note_gone(self, notes: Notes[Handle], listed: Collection[Handle]) -> None:
        """Of the mails that are to be fetched again, note those that the mailbox does not have any more."""
        with self.held() as connection:
            found = notes.damaged(connection, self.mailbox_id)
            lost = {
                handle: mail for handle, (mail, note) in found.items() if note == Refetch.AGAIN and handle not in listed
            }
            if lost:
                self._note(connection, notes, lost, Refetch.GONE)

    def known_keys(self) -> dict[str, bytes]:
        """The partners' keys, by key id."""
        from intergestan_exchange.keys.keys import public_keys

        with self.database.read() as connection:
            return public_keys(connection)

    def open_runs(self) -> list[int]:
        """The *Relever* that wait for a listing, oldest first."""
        with self.database.read() as connection:
            return list(connection.scalars(_OPEN_RUNS, {"mailbox": self.mailbox_id}))

    def spent(self) -> int:
        """Octets fetched from the account in the last 24 hours, where that is counted."""
        with self.database.read() as connection:
            return traffic.spent(connection, self.mailbox_id, self.database.now())

    def keep(
        self, notes: Notes[Handle], mails: Sequence[Archived[Handle]], run: int | None, *, is_metered: bool = False
    ) -> dict[str, int]:
        """Enter archived mails; the ids of those that are new by their sha256, rung at this moment: ring for them.

        A mail whose bytes are there already, from this mailbox or another, gets no second row.

        :param is_metered: whether the octets count against what the provider allows in a day.
        """
        octets = sum(mail.size for mail in mails) if is_metered else 0
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._keep(notes, mails, run, octets)
            except IntegrityError:
                continue
        return self._keep(notes, mails, run, octets)

    def note_too_big(self, notes: Notes[Handle], handles: Sequence[Handle], run: int | None) -> None:
        """Enter mails that are not fetched, for people to see."""
        with self.held() as connection:
            self._insert(connection, notes, dict.fromkeys(handles), TOO_BIG, run)
            now = self.database.now()
            detail = {"mails": [notes.columns(handle) for handle in handles]}
            states.record(
                connection, "mailbox", [(self.mailbox_id, None, None)], TOO_BIG, by=SERVICE, at=now, detail=detail
            )

    def finish(self, runs: Sequence[int], backlog: int) -> None:
        """The listing is archived, but for `backlog` mails that could not be had."""
        now = self.database.now()
        with self.held() as connection:
            connection.execute(_FINISHED, {"mailbox": self.mailbox_id, "now": now, "left": backlog})
            for run in runs:
                uids, uidls = (
                    select(func.count()).where(table.poll_run_id == run).scalar_subquery()
                    for table in (MailboxUid, MailboxUidl)
                )
                ended = update(PollRun).where(PollRun.id == run).values(listed_at=now, found=uids + uidls)
                connection.execute(ended)

    def say(self, state: str, sentence: str, *, end_runs: bool) -> None:
        """Tell people that the mailbox is in trouble; `end_runs` also tells those who wait for one."""
        with self.held() as connection:
            connection.execute(
                update(Mailbox).where(Mailbox.id == self.mailbox_id).values(state=state, last_error=sentence)
            )
            if end_runs:
                connection.execute(update(PollRun).where(*open_run(self.mailbox_id)).values(error=sentence))
                purges = update(PurgeRun).where(PurgeRun.mailbox_id == self.mailbox_id, *purging.OPEN)
                connection.execute(purges.values(error=sentence, ended_at=self.database.now()))

    @contextmanager
    def held(self) -> Iterator[Connection]:
        """A transaction in which the mailbox is ours. Raises `LeaseLost` where it is not."""
        with self.database.transaction() as connection:
            if not leases.holds_mailbox(connection, self.mailbox_id, self._worker, self._fence):
                raise LeaseLost(f"mailbox {self.mailbox_id} is no longer held under fence {self._fence}")
            yield connection

    def _keep(
        self, notes: Notes[Handle], mails: Sequence[Archived[Handle]], run: int | None, octets: int
    ) -> dict[str, int]:
        sizes = {mail.sha256: mail.size for mail in mails}
        with self.held() as connection:
            ids = _ids(connection, sizes)
            traces = {mail.sha256: mail.trace_parent for mail in mails}
            signed = {mail.sha256 for mail in mails if mail.is_signed}
            fresh = {sha: size for sha, size in sizes.items() if sha not in ids}
            new = self._insert_mails(connection, fresh, traces, signed)
            if ids:  # such as mails that are fetched again
                notes.forget(connection, self.mailbox_id, [mail.handle for mail in mails if mail.sha256 in ids])
            ids |= new
            self._insert(connection, notes, {mail.handle: ids[mail.sha256] for mail in mails}, None, run)
            if octets:
                traffic.note(connection, self.mailbox_id, octets, self.database.now())
        return new

    def _note(self, connection: Connection, notes: Notes[Handle], mails: Mapping[Handle, int], note: str) -> None:
        """Write another note; the poller's role may insert and delete these rows, and not alter them."""
        notes.forget(connection, self.mailbox_id, mails)
        self._insert(connection, notes, mails, note, None)

    def _insert_mails(
        self, connection: Connection, sizes: dict[str, int], traces: Mapping[str, str | None], signed: Collection[str]
    ) -> dict[str, int]:
        if not sizes:
            return {}
        now, first = self.database.now(), states.INBOUND_MAIL.first
        same = {"state": first, "mailbox_id": self.mailbox_id, "archived_at": now, "rung_at": now}
        rows = [
            {"sha256": sha, "size": sizes[sha], "trace_parent": traces[sha], "is_signed": sha in signed} | same
            for sha in sorted(sizes)
        ]
        ids = insert_rows_with_ids(connection, InboundMail, rows, by="sha256")
        events = [(row_id, None, first) for row_id in sorted(ids.values())]
        states.record(connection, states.INBOUND_MAIL.name, events, "archive", by=SERVICE, at=now)
        return ids

    def _insert(
        self,
        connection: Connection,
        notes: Notes[Handle],
        mails: Mapping[Handle, int | None],
        note: str | None,
        run: int | None,
    ) -> None:
        same = {"mailbox_id": self.mailbox_id, "poll_run_id": run, "note": note}
        handles = sorted(mails)
        notes.make_room(connection, self.mailbox_id, handles)
        rows = [notes.columns(handle) | {"inbound_mail_id": mails[handle]} | same for handle in handles]
        insert_rows(connection, notes.table, rows)


def open_run(mailbox_id: int | BindParameter[int]) -> tuple[Any, ...]:
    """The condition of a *Relever* of this mailbox that is not over."""
    return (PollRun.mailbox_id == mailbox_id, *OPEN)


OPEN = (PollRun.listed_at.is_(None), PollRun.error.is_(None))
"""The condition of any *Relever* that is not over."""


def _ids(connection: Connection, shas: Iterable[str]) -> dict[str, int]:
    return {row.sha256: row.id for row in connection.execute(_IDS, {"shas": sorted(shas)})}


_MAILBOX = select(Mailbox.__table__).where(Mailbox.id == bindparam("mailbox"))
_OPEN_RUNS = select(PollRun.id).where(*open_run(bindparam("mailbox"))).order_by(PollRun.id)
_FINISHED = (
    update(Mailbox)
    .where(Mailbox.id == bindparam("mailbox"))
    .values(state=CONNECTED, last_success_at=bindparam("now"), last_error=None, backlog=bindparam("left"))
)
_IDS = select(InboundMail.sha256, InboundMail.id).where(among(InboundMail.sha256, "shas"))
