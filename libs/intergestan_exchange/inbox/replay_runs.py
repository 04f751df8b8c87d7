"""Looks at what a replay would change, asked for by people who do not read mails themselves; and doing what was seen.

Importers look (`intergestan_operations/replaying/looking.py`): they have the archive and the children that read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from intergestan_db.enums import InboundState
from intergestan_db.leases import living_workers
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, ReplayMail, ReplayRun
from intergestan_exchange.inbox.replay import RESTING, Choice, Chosen, Foreseen, choose, newest_mail
from intergestan_exchange.transfers.put_back import put_back

MOST: Final = 1000
"""So many mails that would change end a look; those are done first, then somebody looks again."""
LASTS: Final = timedelta(hours=1)
"""So long what was seen may be done."""
_KEPT: Final = timedelta(days=30)
"""How long the mails of a look stay listed; that one was taken in again stays known as an event."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look as people see it.

    :ivar changes: how many of the mails looked at would change; `error`: it was given up.
    """

    id: int
    at: datetime
    by: str
    total: int | None
    looked: int
    skipped: int
    changes: int
    ended_at: datetime | None
    error: str | None
    given_at: datetime | None
    given_by: str | None

    @property
    def is_over(self) -> bool:
        """Whether all that was meant was looked at, or it was given up."""
        return self.ended_at is not None

    @property
    def is_cut(self) -> bool:
        """Whether it ended because no look has more changes."""
        return self.is_over and self.error is None and self.changes >= MOST


@dataclass(frozen=True, slots=True)
class Change:
    """A mail that would change, or did. :ivar state, reason: where it is now."""

    mail_id: int
    subject: str | None
    sender: str | None
    archived_at: datetime
    was: tuple[str, str | None]
    then: tuple[str, str | None]
    now: tuple[str, str | None]
    documents: Sequence[tuple[str, str]]
    given: bool


def require_importer(connection: Connection, now: datetime) -> None:
    """Refuse where nobody would look.

    :raises Problem: no importer lives.
    """
    if "importer" not in living_workers(connection, now).values():
        raise Problem("No importer is running, so no mail is read.", ProblemCode.OTHER_STATE, (Act.START_SITE,))


def ask(connection: Connection, choice: Choice, *, by: str, at: datetime) -> int:
    """Ask the importers to look at these mails; the id of the look.

    :raises Problem: a sha256 fits no mail, or several; none is meant.
    """
    chosen = choose(connection, choice, size=None if choice.shas else 1)
    if not chosen:
        raise Problem("No archived mail is meant by this.", ProblemCode.NO_MAIL)
    shas = [mail.sha256 for mail in chosen] if choice.shas else []  # whole: beginnings may fit others by and by
    run = ReplayRun
    old = select(run.id).where(run.requested_at < at - _KEPT)
    connection.execute(delete(ReplayMail).where(ReplayMail.replay_run_id.in_(old)))
    values = {"requested_at": at, "requested_by": by, "shas": shas, "newest": newest_mail(connection)}
    meant = {"mailbox_id": choice.mailbox_id, "partner_id": choice.partner_id}
    when = {"since": choice.since, "until": choice.until}
    return connection.execute(insert(run).values(**values, **meant, **when).returning(run.id)).scalar_one()


def read_look(connection: Connection, run_id: int) -> Look | None:
    """One of them."""
    row = connection.execute(_LOOKS.where(ReplayRun.id == run_id)).one_or_none()
    return None if row is None else Look(*row)


def newest_looks(connection: Connection, size: int) -> list[Look]:
    """Those that were asked for last, the newest first."""
    return [Look(*row) for row in connection.execute(_LOOKS.order_by(ReplayRun.id.desc()).limit(size))]


_CHANGES: Any = (
    select(func.count()).where(ReplayMail.replay_run_id == ReplayRun.id).correlate(ReplayRun).scalar_subquery()
)
_LOOKS = select(
    *(ReplayRun.id, ReplayRun.requested_at, ReplayRun.requested_by, ReplayRun.total, ReplayRun.looked),
    *(ReplayRun.skipped, _CHANGES, ReplayRun.ended_at, ReplayRun.error),
    *(ReplayRun.given_at, ReplayRun.given_by),
)


def read_changes(connection: Connection, run_id: int, size: int) -> list[Change]:
    """So many of the mails that would change, the oldest first."""
    item, mail = ReplayMail, InboundMail
    rows = connection.execute(
        select(
            *(item.inbound_mail_id, mail.subject, mail.sender, mail.archived_at, item.was_state, item.was_reason),
            *(item.then_state, item.then_reason, mail.state, mail.reason, item.documents, item.given),
        )
        .join(mail, mail.id == item.inbound_mail_id)
        .where(item.replay_run_id == run_id)
        .order_by(mail.archived_at, mail.id)
        .limit(size)
    )
    return [
        Change(
            row.inbound_mail_id,
            row.subject,
            row.sender,
            row.archived_at,
            (row.was_state, row.was_reason),
            (row.then_state, row.then_reason),
            (row.state, row.reason),
            [(str(number), str(word)) for number, word in row.documents],
            row.given,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Done:
    """How far mails that were given back are. :ivar given: how many; `rest`: those that the importer is done with."""

    given: int
    rest: int


def look_at_given(connection: Connection, run_id: int) -> Done:
    """Of one look."""
    item, mail = ReplayMail, InboundMail
    rests = or_(mail.state.in_(RESTING), mail.paused_at.is_not(None))
    query = select(func.count(), func.count().filter(rests)).join(mail, mail.id == item.inbound_mail_id)
    return Done(*connection.execute(query.where(item.replay_run_id == run_id, item.given)).one())


def give(connection: Connection, run_id: int, *, by: str, at: datetime) -> tuple[int, ...]:
    """Give back to the importer what was seen to change, once; ring for what is returned. A mail that is no longer
    where it was seen is left out.

    :raises Problem: the look is not over, is too old, or its mails were given back already.
    """
    run, item, mail = ReplayRun, ReplayMail, InboundMail
    columns = (run.requested_at, run.ended_at, run.given_at, run.given_by)
    row = connection.execute(select(*columns).where(run.id == run_id).with_for_update()).one()
    if row.given_at is not None:
        raise Problem("{who} had these mails taken in meanwhile.", ProblemCode.OTHER_STATE, who=row.given_by)
    if row.ended_at is None:
        raise Problem("This look at the mails is not over yet, so nothing was done.", ProblemCode.OTHER_STATE)
    if at - row.ended_at > LASTS:
        raise Problem(
            "This look at the mails is an hour old, so nothing was done: look again.", ProblemCode.OTHER_STATE
        )
    same_reason = or_(mail.reason == item.was_reason, and_(mail.reason.is_(None), item.was_reason.is_(None)))
    seen = (
        select(mail.id)
        .join(item, item.inbound_mail_id == mail.id)
        .where(item.replay_run_id == run_id, mail.state == item.was_state, same_reason)
    )
    ids = put_back(connection, connection.scalars(seen), by=by, at=at)
    if not ids:
        raise Problem("None of these mails is where it was seen, so nothing was done.", ProblemCode.OTHER_STATE)
    connection.execute(update(run).where(run.id == run_id).values(given_at=at, given_by=by))
    of_it = (item.replay_run_id == run_id, item.inbound_mail_id.in_(ids))
    connection.execute(update(item).where(*of_it).values(given=True))
    return ids


def open_look(connection: Connection) -> Row[*tuple[Any, ...]] | None:
    """The oldest look that is not over."""
    query = select(ReplayRun.__table__).where(ReplayRun.ended_at.is_(None)).order_by(ReplayRun.id).limit(1)
    return connection.execute(query).one_or_none()


def choice_of(run: Any) -> Choice:
    """Which mails a look means."""
    return Choice(
        shas=tuple(run.shas),
        mailbox_id=run.mailbox_id,
        partner_id=run.partner_id,
        since=run.since,
        until=run.until,
        newest=run.newest,
    )


def place_of(run: Any) -> Chosen | None:
    """Behind which mail it goes on."""
    if run.after_id is None:
        return None
    return Chosen(run.after_id, "", 0, InboundState.DONE, None, run.after_at)


@dataclass(frozen=True, slots=True)
class Seen:
    """What would become of a mail that changes."""

    mail: Chosen
    then: Foreseen


def note(
    connection: Connection,
    run: Any,
    last: Chosen | None,
    seen: Sequence[Seen],
    *,
    total: int,
    looked: int,
    skipped: int,
    at: datetime | None,
    error: str | None = None,
) -> bool:
    """Note how far a look is; False, and nothing, where another importer was quicker.

    :param last: the mail looked at last; `at`: it is over; `error`: because it is given up, in a word for the log.
    """
    table = ReplayRun
    place = {} if last is None else {"after_at": last.archived_at, "after_id": last.id}
    counted = {"total": total, "looked": run.looked + looked, "skipped": run.skipped + skipped}
    same = (table.id == run.id, table.looked == run.looked, table.ended_at.is_(None))
    values = {**place, **counted, "ended_at": at, "error": error}
    if connection.execute(update(table).where(*same).values(**values)).rowcount == 0:
        return False
    rows = [
        {
            "replay_run_id": run.id,
            "inbound_mail_id": each.mail.id,
            "was_state": each.mail.state,
            "was_reason": each.mail.reason,
            "then_state": each.then.state,
            "then_reason": each.then.reason,
            "documents": [[document.number, document.outcome] for document in each.then.documents],
        }
        for each in seen
    ]
    if rows:
        connection.execute(insert(ReplayMail), rows)
    return True
