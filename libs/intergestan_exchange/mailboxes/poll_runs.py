"""*Relever* (G23): asking the pollers to collect now, and seeing how far they are, then or whenever later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, union, update

from intergestan_db.among import among
from intergestan_db.at_rest import is_polled
from intergestan_db.bells import Bells
from intergestan_db.enums import InboundState
from intergestan_db.leases import lives
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, MailboxUidl, PollRun, Worker

_NOTES = (MailboxUid, MailboxUidl)
"""Where pollers note the mails of a mailbox: by IMAP, by POP3."""
_MOST_UNDER_WAY: Final = 1000
"""So many mails that were waiting before are followed; what there is beyond them goes on by itself."""
_LONGEST: Final = timedelta(hours=1)
"""A run that nobody took up for so long brings nothing more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for at once: a run for each mailbox, and what was under way before.

    :ivar id: of the first run, by which all of them are found again.
    :ivar mailboxes: their names by run id.
    :ivar owners: run ids by the name of the worker to ring for them; a mailbox without one is taken soon.
    :ivar under_way: inbound mails of these mailboxes that were archived already, and not yet taken in.
    """

    id: int
    at: datetime
    by: str
    mailboxes: Mapping[int, str]
    owners: Mapping[str, tuple[int, ...]]
    under_way: tuple[int, ...]

    @property
    def runs(self) -> tuple[int, ...]:
        """The runs' ids."""
        return tuple(self.mailboxes)

    @property
    def bells(self) -> Bells:
        """Whom to ring for."""
        return Bells(poll=self.owners)


@dataclass(frozen=True, slots=True)
class Run:
    """How far one is. `found` is None until the mailbox is listed; `error` is why it could not be.

    :ivar archived: how many mails of this mailbox are followed; `settled`: how many of them are taken in.
    """

    mailbox: str
    found: int | None
    error: str | None
    archived: int = 0
    settled: int = 0

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

    @property
    def settled(self) -> int:
        """How many mails are done, held or alien."""
        return sum(state != InboundState.ARCHIVED for state in self.mails.values())


def is_alive(connection: Connection, service: str, now: datetime) -> bool:
    """Whether a process of this service lives."""
    alive = select(Worker.name).where(Worker.service == service, lives(now))
    return connection.execute(alive.limit(1)).first() is not None


def collect(connection: Connection, names: Sequence[str], *, by: str, at: datetime) -> Asked:
    """*Relever*: have these mailboxes, or all, collected now. Nobody is waited for.

    :raises Problem: no poller lives, there is no such mailbox, or none at all; nothing was asked then.
    """
    if not is_alive(connection, "poller", at):
        raise Problem("No poller is running, so nothing was collected.", ProblemCode.NO_POLLER, (Act.START_POLLER,))
    return ask(connection, names, by=by, at=at)


def ask(connection: Connection, names: Sequence[str], *, by: str, at: datetime) -> Asked:
    """Ask for these mailboxes, or for all, to be collected now.

    :raises Problem: there is no such mailbox, or none at all.
    """
    boxes = {row.id: row for row in active_mailboxes(connection, names)}
    rows = [{"mailbox_id": box, "requested_at": at, "requested_by": by} for box in sorted(boxes)]
    made = connection.execute(insert(PollRun).returning(PollRun.id, PollRun.mailbox_id), rows).all()
    waiting = select(InboundMail.id).where(
        InboundMail.mailbox_id.in_(sorted(boxes)),
        InboundMail.state == InboundState.ARCHIVED,
        InboundMail.paused_at.is_(None),
    )
    under_way = list(connection.scalars(waiting.order_by(InboundMail.id.desc()).limit(_MOST_UNDER_WAY)))
    first = min(run.id for run in made)
    ours = update(PollRun).where(PollRun.id.in_([run.id for run in made]))
    connection.execute(ours.values(first_id=first))
    if under_way:
        connection.execute(update(PollRun).where(PollRun.id == first).values(under_way=under_way))
    owned = [(run.id, boxes[run.mailbox_id].name, boxes[run.mailbox_id].owner) for run in made]
    return _asked(first, at, by, owned, under_way)


def find_asked(connection: Connection, first_id: int) -> Asked | None:
    """What was asked for with this run as the first; None where there is no such run."""
    rows = connection.execute(
        select(PollRun.__table__, Mailbox.name.label("mailbox"), Mailbox.owner)
        .join(Mailbox, Mailbox.id == PollRun.mailbox_id)
        .where(PollRun.first_id == first_id)
        .order_by(PollRun.id)
    ).all()
    if not rows:
        return None
    first = rows[0]
    owned = [(row.id, row.mailbox, row.owner) for row in rows]
    return _asked(first.id, first.requested_at, first.requested_by, owned, first.under_way or [])


def newest_asked(connection: Connection) -> tuple[int, datetime, str] | None:
    """The first run of what was asked for last, when and by whom; None: nobody asked yet."""
    newest = select(PollRun.first_id, PollRun.requested_at, PollRun.requested_by)
    row = connection.execute(
        newest.where(PollRun.first_id.is_not(None)).order_by(PollRun.first_id.desc()).limit(1)
    ).first()
    return None if row is None else (row.first_id, row.requested_at, row.requested_by)


def look(connection: Connection, asked: Asked) -> Progress:
    """How far the runs are.

    Their mails are those that a poller noted for them, those that came into their mailboxes until these were listed,
    and those under way. So two people who ask at once both see what one reading brought.
    """
    rows = connection.execute(
        select(PollRun.id, PollRun.mailbox_id, PollRun.listed_at, PollRun.found, PollRun.error)
        .where(PollRun.id.in_(asked.runs))
        .order_by(PollRun.id)
    ).all()
    mails = _mails(connection, asked, rows)
    by_box = Counter(mail.mailbox_id for mail in mails)
    settled = Counter(mail.mailbox_id for mail in mails if mail.state != InboundState.ARCHIVED)
    noted = [select(func.count()).where(table.poll_run_id.in_(asked.runs), table.note.is_not(None)) for table in _NOTES]
    return Progress(
        runs=tuple(
            Run(
                asked.mailboxes[row.id],
                None if row.listed_at is None else row.found or 0,
                row.error,
                by_box[row.mailbox_id],
                settled[row.mailbox_id],
            )
            for row in rows
        ),
        mails={mail.id: mail.state for mail in mails},
        too_big=sum(connection.scalar(notes) or 0 for notes in noted),
    )


def _mails(
    connection: Connection, asked: Asked, runs: Sequence[Row[int, int, datetime | None, int | None, str | None]]
) -> Sequence[Row[int, str, int | None]]:
    ends = [run.listed_at for run in runs if run.listed_at is not None]
    end = max(ends) if len(ends) == len(runs) else asked.at + _LONGEST
    values = {"runs": asked.runs, "under_way": asked.under_way, "since": asked.at, "until": end}
    return connection.execute(_MAILS, values).all()


_MAIL, _RUN = InboundMail, PollRun
_CAME = (
    select(_MAIL.id)
    # + 0, so that the moment finds them: of a mailbox there may be a hundred thousand
    .join(_RUN, _RUN.mailbox_id == _MAIL.mailbox_id + 0)
    .where(
        among(_RUN.id, "runs"),
        _MAIL.archived_at.between(bindparam("since"), bindparam("until")),
        or_(_RUN.listed_at.is_(None), _MAIL.archived_at <= _RUN.listed_at),
    )
)
_MAILS = select(_MAIL.id, _MAIL.state, _MAIL.mailbox_id).where(
    _MAIL.paused_at.is_(None),
    _MAIL.id.in_(
        union(
            *(select(table.inbound_mail_id).where(among(table.poll_run_id, "runs")) for table in _NOTES),
            select(_MAIL.id).where(among(_MAIL.id, "under_way")),
            _CAME,
        )
    ),
)


def _asked(
    first: int, at: datetime, by: str, runs: Sequence[tuple[int, str, str | None]], under_way: Sequence[int]
) -> Asked:
    owners: dict[str, tuple[int, ...]] = {}
    for run, _mailbox, owner in runs:
        if owner is not None:
            owners[owner] = (*owners.get(owner, ()), run)
    return Asked(first, at, by, {run: mailbox for run, mailbox, _owner in runs}, owners, tuple(under_way))


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
