"""*Relever* (G23): asking the pollers to collect now, and seeing how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, or_, select

from intergestan_db.at_rest import is_polled
from intergestan_db.enums import InboundState
from intergestan_db.leases import lives
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, MailboxUidl, PollRun, Worker

_NOTES = (MailboxUid, MailboxUidl)
"""Where pollers note the mails of a mailbox: by IMAP, by POP3."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: a run for each mailbox, the pollers to ring for them, and what was under way before.

    :ivar owners: run id by the name of the worker that holds the mailbox; a mailbox without one is taken soon.
    :ivar under_way: inbound mails of these mailboxes that were archived already, and not yet taken in.
    """

    at: datetime
    mailboxes: Mapping[int, str]
    owners: Mapping[str, tuple[int, ...]]
    under_way: tuple[int, ...]

    @property
    def runs(self) -> tuple[int, ...]:
        """The runs' ids."""
        return tuple(self.mailboxes)


@dataclass(frozen=True, slots=True)
class Run:
    """How far one is. `found` is None until the mailbox is listed; `error` is why it could not be."""

    mailbox: str
    found: int | None
    error: str | None

    @property
    def is_listed(self) -> bool:
        """Whether the poller is through with it, well or not."""
        return self.found is not None or self.error is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far all of them are: the runs, the mails by state, and those too large to be fetched."""

    runs: tuple[Run, ...]
    mails: Mapping[int, str]
    too_big: int

    @property
    def is_over(self) -> bool:
        """Whether every mailbox is listed and every mail in them done, held or alien."""
        return all(run.is_listed for run in self.runs) and InboundState.ARCHIVED not in self.mails.values()


def is_alive(connection: Connection, service: str, now: datetime) -> bool:
    """Whether a process of this service lives."""
    alive = select(Worker.name).where(Worker.service == service, lives(now))
    return connection.execute(alive.limit(1)).first() is not None


def ask(connection: Connection, names: Sequence[str], *, by: str, at: datetime) -> Asked:
    """Ask for these mailboxes, or for all, to be collected now.

    :raises Problem: there is no such mailbox, or none at all.
    """
    boxes = {row.id: row for row in active_mailboxes(connection, names)}
    rows = [{"mailbox_id": box, "requested_at": at, "requested_by": by} for box in sorted(boxes)]
    made = connection.execute(insert(PollRun).returning(PollRun.id, PollRun.mailbox_id), rows).all()
    owners: dict[str, tuple[int, ...]] = {}
    for run in made:
        owner = boxes[run.mailbox_id].owner
        if owner is not None:
            owners[owner] = (*owners.get(owner, ()), run.id)
    waiting = select(InboundMail.id).where(
        InboundMail.mailbox_id.in_(sorted(boxes)),
        InboundMail.state == InboundState.ARCHIVED,
        InboundMail.paused_at.is_(None),
    )
    return Asked(
        at=at,
        mailboxes={run.id: boxes[run.mailbox_id].name for run in made},
        owners=owners,
        under_way=tuple(connection.execute(waiting).scalars()),
    )


def look(connection: Connection, asked: Asked) -> Progress:
    """How far the runs are."""
    rows = connection.execute(
        select(PollRun.id, PollRun.listed_at, PollRun.found, PollRun.error).where(PollRun.id.in_(asked.runs))
    )
    found = [select(table.inbound_mail_id).where(table.poll_run_id.in_(asked.runs)) for table in _NOTES]
    ours = or_(*(InboundMail.id.in_(mails) for mails in found), InboundMail.id.in_(asked.under_way))
    mails = connection.execute(select(InboundMail.id, InboundMail.state).where(ours, InboundMail.paused_at.is_(None)))
    noted = [select(table.note).where(table.poll_run_id.in_(asked.runs), table.note.is_not(None)) for table in _NOTES]
    return Progress(
        runs=tuple(
            Run(asked.mailboxes[row.id], None if row.listed_at is None else row.found or 0, row.error)
            for row in sorted(rows, key=lambda row: row.id)
        ),
        mails={row.id: row.state for row in mails},
        too_big=sum(len(connection.execute(notes).all()) for notes in noted),
    )


def active_mailboxes(connection: Connection, names: Sequence[str]) -> Sequence[Row[int, str, str | None]]:
    """Id, name and owner of the polled mailboxes of these names, or of all.

    :raises Problem: there is no such mailbox, or none at all.
    """
    query = select(Mailbox.id, Mailbox.name, Mailbox.owner).where(is_polled()).order_by(Mailbox.id)
    if names:
        query = query.where(Mailbox.name.in_(names))
    rows = connection.execute(query).all()
    missing = sorted(set(names) - {row.name for row in rows})
    if missing:
        raise Problem(
            "There is no mailbox {names} that is polled.",
            ProblemCode.NO_MAILBOX,
            (Act.LIST_MAILBOXES,),
            names=", ".join(missing),
        )
    if not rows:
        raise Problem("There is no mailbox to collect from.", ProblemCode.NO_MAILBOX, (Act.ADD_MAILBOX,))
    return rows
