"""Who works on what. Leases live in the base and nowhere else (`design.md` §12).

A claim raises the row's fence; every later write about that row carries the fence, so that a process that was
asleep past its lease can change nothing. Correctness does not rest on leases but on the UNIQUE keys of the
ledger: a lease only saves work.

Clocks are set back. So a time that lies further ahead than twice its own validity counts as past: what a clock wrote
that was two hours fast must not keep a mailbox from being read for two hours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, delete, insert, or_, select, update

from intergestan_db.at_rest import is_polled
from intergestan_db.database import AWAY, AnyRow
from intergestan_db.enums import InboundState
from intergestan_db.tables import InboundMail, Mailbox, Notice, OutboundMail, Worker
from intergestan_db.tables.types import UtcDateTime, earlier

WORKER_VALID = timedelta(seconds=9)
WORKER_BEAT_S = 3.0
POLLER_VALID = timedelta(seconds=7)
POLLER_BEAT_S = 2.0
"""Pollers are found dead sooner, for their mailboxes shall be read again within ten seconds."""
MAIL_LEASE = timedelta(seconds=60)
MAIL_BEAT_S = 15.0
TOKEN_VALID = timedelta(days=1)
"""An access token of a mail account is asked for anew after so long, whatever its provider says."""

NOW = bindparam("now", type_=UtcDateTime())
"""The present instant, in statements that are built once."""

MailTable = type[OutboundMail] | type[InboundMail] | type[Notice]


def lives(now: datetime) -> ColumnElement[bool]:
    """The condition of workers that live: their sign of life is not over, nor of a clock that was ahead."""
    return Worker.alive_until.between(now, now + 2 * WORKER_VALID)


def living_workers(connection: Connection, now: datetime) -> dict[str, str]:
    """The service of each worker that lives, by the worker's name."""
    rows = connection.execute(select(Worker.name, Worker.service).where(lives(now)))
    return {row.name: row.service for row in rows}


def beat(connection: Connection, name: str, service: str, now: datetime, valid: timedelta = WORKER_VALID) -> None:
    """Say that a worker is alive for the next nine seconds, or as long as `valid`; its first beat enters it."""
    alive = update(Worker).where(Worker.name == name).values(alive_until=now + valid)
    if connection.execute(alive).rowcount == 0:
        connection.execute(insert(Worker).values(name=name, service=service, started_at=now, alive_until=now + valid))


def leave(connection: Connection, name: str, *tables: MailTable) -> None:
    """A clean stop: the worker's mails are free at once.

    :param tables: of which mails it claims any; on others its role may change nothing.
    """
    connection.execute(delete(Worker).where(Worker.name == name))
    for table in tables:
        connection.execute(update(table).where(table.lease_owner == name).values(**FREE))


def leave_mailboxes(connection: Connection, name: str) -> None:
    """A clean stop of a poller: its mailboxes are free at once."""
    leave(connection, name)
    connection.execute(update(Mailbox).where(Mailbox.owner == name).values(owner=None))


def claim_mail(connection: Connection, row_id: int, worker: str, now: datetime) -> AnyRow | None:
    """Take the lease of an archived mail that nobody holds.

    Each claim is a strike, forgiven when the mail is dealt with: a mail that kills who takes it in counts them.

    :returns: what is to be known of the mail to take it in, with the fence that every later write must carry; None when
        it is not to be had.
    """
    who = {"mail": row_id, "worker": worker, "now": now, "until": now + MAIL_LEASE}
    return connection.execute(_CLAIM_MAIL, who).one_or_none()


def is_free(table: MailTable, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether nobody holds the lease of a mail. One that ends later than any lease can counts as past."""
    until = table.lease_until
    return or_(until.is_(None), until < now, earlier(until, 2 * MAIL_LEASE) > now)


def lease(worker: str, now: datetime, fence: int | ColumnElement[int]) -> dict[str, Any]:
    """The values that take the lease of a mail, under this fence."""
    return {"lease_owner": worker, "lease_until": now + MAIL_LEASE, "lease_fence": fence}


_CLAIM_MAIL = (
    update(InboundMail)
    .where(
        InboundMail.id == bindparam("mail"),
        InboundMail.state == InboundState.ARCHIVED,
        is_free(InboundMail, NOW),
    )
    .values(
        lease_owner=bindparam("worker"),
        lease_until=bindparam("until"),
        lease_fence=InboundMail.lease_fence + 1,
        strikes=InboundMail.strikes + 1,
    )
    .returning(
        *(InboundMail.sha256, InboundMail.archived_at, InboundMail.replayed, InboundMail.strikes),
        *(InboundMail.trace_parent, InboundMail.lease_fence, InboundMail.sender),
    )
)


class Claims:
    """The mails of one table that this process works on at this moment.

    Only their leases are renewed. A mail whose work broke off, because the base went away say, is given back as soon
    as the base takes it; one that an earlier process of the same name left behind is free again within a minute.

    A strike that the claim of such a mail counted is taken back where we lacked something and the mail did nothing.

    :ivar table: whose mails they are.
    """

    def __init__(self, table: MailTable) -> None:
        self.table = table
        self._ids: list[int] = []
        self._broken: set[int] = set()
        self._owed: set[int] = set()
        self._failures: dict[int, int] = {}

    @contextmanager
    def holding(self, row_id: int) -> Iterator[None]:
        """Claim a mail and work on it."""
        self._ids.append(row_id)
        try:
            yield
        except BaseException:
            self._broken.add(row_id)
            self._failures[row_id] = self._failures.get(row_id, 0) + 1
            raise
        else:
            self._failures.pop(row_id, None)
        finally:
            self._ids.remove(row_id)

    @contextmanager
    def blameless(self, row_id: int) -> Iterator[None]:
        """Work on a mail that was claimed: that we lack the base, room or memory is no strike of the mail's."""
        try:
            yield
        except (*AWAY, OSError, MemoryError):
            self._owed.add(row_id)
            raise

    def forgive(self, connection: Connection, row_ids: Collection[int]) -> None:
        """Take back the strikes that these mails did not earn, whoever has them now; `settle` once it is committed."""
        owed = sorted(self._owed.intersection(row_ids))
        if owed:
            connection.execute(_FORGIVE, {"mails": owed})

    def give_back(self, connection: Connection, worker: str, now: datetime) -> Collection[int]:
        """Free the mails whose work broke off, where they are still the worker's; `settle` once it is committed.

        They are due at once the first time. One that breaks off again waits until the dispatcher rings anew, because
        what it needs may be missing for hours.

        :returns: the mails.
        """
        ids = self._broken - set(self._ids)
        self.forgive(connection, ids)
        again = {row_id for row_id in ids if self._failures.get(row_id, 0) > 1}
        for some, rung_at in ((ids - again, None), (again, now)):
            if some:
                mine = self.table.id.in_(sorted(some)), self.table.lease_owner == worker
                connection.execute(update(self.table).where(*mine).values(rung_at=rung_at, **FREE))
        return ids

    def settle(self, row_ids: Collection[int]) -> None:
        """What was given back or forgiven is committed."""
        self._broken.difference_update(row_ids)
        self._owed.difference_update(row_ids)

    def renew(self, connection: Connection, worker: str, now: datetime) -> None:
        """Prolong these leases in one statement, where they are still the worker's; a lost lease stays lost."""
        ids = sorted(self._ids)
        if ids:
            table = self.table
            connection.execute(
                update(table)
                .where(table.id.in_(ids), table.lease_owner == worker, table.lease_until >= now)
                .values(lease_until=now + MAIL_LEASE)
            )


FREE = {"lease_owner": None, "lease_until": None}
"""The values that give a lease back; written together with what was done under it."""

_FORGIVE = (
    update(InboundMail)
    .where(InboundMail.id.in_(bindparam("mails", expanding=True)), InboundMail.strikes > 0)
    .values(strikes=InboundMail.strikes - 1)
)


def claim_mailboxes(connection: Connection, ids: Collection[int], worker: str, now: datetime) -> Mapping[int, int]:
    """Take mailboxes whose owner is not alive (or is ourselves).

    :returns: by id, the fence that later writes about a mailbox must carry; only of those that were to be had.
    """
    alive = select(Worker.name).where(lives(now), Worker.name != worker)
    free = or_(Mailbox.owner.is_(None), Mailbox.owner.not_in(alive))
    wanted = select(Mailbox.id).where(Mailbox.id.in_(sorted(ids)), is_polled(), free).order_by(Mailbox.id)
    claimed = connection.execute(
        update(Mailbox)
        .where(Mailbox.id.in_(wanted.with_for_update(skip_locked=True)))  # who is busy with one has it
        .values(owner=worker, fence=Mailbox.fence + 1)
        .returning(Mailbox.id, Mailbox.fence)
    )
    return {row.id: row.fence for row in claimed}


def holds_mailbox(connection: Connection, mailbox_id: int, worker: str, fence: int) -> bool:
    """Whether a worker still owns a mailbox under this fence; locks the row until the transaction ends."""
    which = {"mailbox": mailbox_id, "worker": worker, "fence": fence}
    return connection.execute(_HELD_MAILBOX, which).first() is not None


_HELD_MAILBOX = (
    select(Mailbox.id)
    .where(
        Mailbox.id == bindparam("mailbox"), Mailbox.owner == bindparam("worker"), Mailbox.fence == bindparam("fence")
    )
    .with_for_update()
)
