"""Which mails may leave a mailbox (G24): only what is archived, imported and answered, and older than asked.

What is decided here is decided from the base. That the mail in the mailbox is the archived one, and that the archive
still has it whole, is for whoever carries the purge out to see (`services/poller/purge.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from intergestan_db.enums import InboundState, LedgerOutcome, OutboundState, SalesState
from intergestan_db.enums import PurgeVerdict as Verdict
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    Answer,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    Mailbox,
    OutboundMail,
    Partner,
    PurgeMail,
    PurgeRun,
    SalesOrder,
)
from intergestan_erp.site.day import days_before
from intergestan_erp.site.zone import read_zone
from intergestan_exchange.mailboxes.poll_runs import active_mailboxes, is_alive
from intergestan_msg.kinds import ORDER_TYPES, Kind

RECOVERY_DAYS = 14
"""How long the mails in the mailbox are the copy from which a lost base and archive are made anew."""

_AT_ONCE = 500  # ids in one statement
_KEPT = timedelta(days=1)
"""How long the mails of a run that is over stay listed; that one was removed stays known as an event."""

OPEN = (PurgeRun.ended_at.is_(None),)
"""The condition of a purge that is not over."""
LEFT = frozenset({OutboundState.SENT, OutboundState.ANSWERED, OutboundState.ABANDONED})
"""The states of an answers mail that is no longer ours to deliver."""
FAULTS = frozenset({Verdict.MISSING, Verdict.ALTERED, Verdict.DIFFERS, Verdict.STAYED})
"""What a person must look into: something is not as it should be."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an inbound mail stands.

    :ivar kind: of the verified manifest; None when none was ever booked.
    :ivar replies: the states of our answers mails to it.
    :ivar is_open: whether an order in it waits for a person, or for another mail.
    :ivar is_heartbeat: whether it is one that was taken in.
    """

    state: str
    archived_at: datetime
    kind: str | None = None
    replies: frozenset[str] = frozenset()
    is_open: bool = False
    is_heartbeat: bool = False


def judge(mail: Standing, before: datetime) -> Verdict:
    """Whether a mail may go, or the first reason why it stays."""
    if mail.state == InboundState.ALIEN:
        return Verdict.ALIEN
    if mail.state in {InboundState.ARCHIVED, InboundState.HELD}:
        return Verdict(mail.state)
    if mail.kind is None and not mail.is_heartbeat:
        return Verdict.REFUSED
    if mail.is_open:
        return Verdict.HELD
    if mail.kind is not None and Kind(mail.kind).nature.answered and not (mail.replies and mail.replies <= LEFT):
        return Verdict.UNANSWERED
    return Verdict.REMOVE if mail.archived_at < before else Verdict.YOUNG


def verdicts(connection: Connection, mail_ids: Sequence[int], before: datetime) -> dict[int, Verdict]:
    """The verdict about each of these inbound mails, from what the base has now."""
    found: dict[int, Verdict] = {}
    for some in _pieces(sorted(set(mail_ids))):
        found |= {mail_id: judge(mail, before) for mail_id, mail in _standings(connection, some).items()}
    return found


def _standings(connection: Connection, mail_ids: Sequence[int]) -> dict[int, Standing]:
    mail, transfer = InboundMail, InboundTransfer
    same = and_(transfer.partner_id == mail.partner_id, transfer.jti == mail.transfer_id)
    query = select(
        mail.id, mail.state, mail.archived_at, mail.is_heartbeat, transfer.id.label("transfer"), transfer.kind
    )
    rows = connection.execute(query.outerjoin(transfer, same).where(mail.id.in_(mail_ids))).all()
    transfers = sorted({row.transfer for row in rows if row.transfer is not None})
    replies: dict[int, set[str]] = {}
    for row in connection.execute(
        select(OutboundMail.in_reply_to_id, OutboundMail.state).where(OutboundMail.in_reply_to_id.in_(transfers))
    ):
        replies.setdefault(row.in_reply_to_id, set()).add(row.state)
    waiting = _waiting(connection, transfers)
    held = select(Hold.inbound_mail_id).where(Hold.inbound_mail_id.in_(mail_ids), Hold.closed_at.is_(None))
    held_ids = set(connection.scalars(held))
    return {
        row.id: Standing(
            state=row.state,
            archived_at=row.archived_at,
            kind=row.kind,
            replies=frozenset(replies.get(row.transfer, ())),
            is_open=row.id in held_ids or row.transfer in waiting,
            is_heartbeat=row.is_heartbeat,
        )
        for row in rows
    }


def _waiting(connection: Connection, transfers: Sequence[int]) -> set[int]:
    """Those of these transfers that brought, first or again, an order about which something is left to decide."""
    first = select(Ledger.inbound_transfer_id.label("transfer"), Ledger.partner_id, Ledger.number).where(
        Ledger.inbound_transfer_id.in_(transfers)
    )
    again = (
        select(OutboundMail.in_reply_to_id.label("transfer"), Answer.partner_id, Answer.order_number.label("number"))
        .join(Answer, Answer.outbound_mail_id == OutboundMail.id)
        .where(OutboundMail.in_reply_to_id.in_(transfers))
    )
    brought = first.union(again).subquery()
    undecided = (LedgerOutcome.HELD, LedgerOutcome.WAITING)
    hold = select(Hold.id).where(
        Hold.partner_id == brought.c.partner_id, Hold.number == brought.c.number, Hold.closed_at.is_(None)
    )
    entry = select(Ledger.id).where(
        Ledger.partner_id == brought.c.partner_id,
        Ledger.type.in_(ORDER_TYPES),
        Ledger.number == brought.c.number,
        Ledger.outcome.in_(undecided),
    )
    order = select(SalesOrder.id).where(
        SalesOrder.partner_id == brought.c.partner_id,
        SalesOrder.customer_order_number == brought.c.number,
        SalesOrder.state == SalesState.REVIEW,
    )
    query = select(brought.c.transfer).where(or_(hold.exists(), entry.exists(), order.exists()))
    return set(connection.scalars(query))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. :ivar owners: run ids by the worker that holds the mailbox, to ring for them."""

    runs: tuple[int, ...]
    owners: Mapping[str, tuple[int, ...]]


def ask(
    connection: Connection, names: Sequence[str], older_than: timedelta, *, dry_run: bool, by: str, at: datetime
) -> Asked:
    """Ask for these mailboxes, or for all, to be purged of what was archived longer ago than `older_than`.

    :param older_than: in days of the site, of which two in a year do not have 24 hours.
    :param dry_run: only find out what would go.
    :raises Problem: there is no such mailbox, or none at all.
    """
    boxes = {row.id: row.owner for row in active_mailboxes(connection, names)}
    before = days_before(read_zone(connection), at, older_than.days) - timedelta(seconds=older_than.seconds)
    return _enter(connection, boxes, before, dry_run=dry_run, by=by, at=at)


def _enter(
    connection: Connection, boxes: Mapping[int, str | None], before: datetime, *, dry_run: bool, by: str, at: datetime
) -> Asked:
    """:param boxes: who holds each mailbox."""
    _forget_old(connection, list(boxes), at)
    same = {"requested_at": at, "requested_by": by, "archived_before": before, "dry_run": dry_run}
    rows = [{"mailbox_id": box} | same for box in sorted(boxes)]
    made = connection.execute(insert(PurgeRun).returning(PurgeRun.id, PurgeRun.mailbox_id), rows).all()
    owners: dict[str, tuple[int, ...]] = {}
    for run in made:
        owner = boxes[run.mailbox_id]
        if owner is not None:
            owners[owner] = (*owners.get(owner, ()), run.id)
    return Asked(tuple(sorted(run.id for run in made)), owners)


def _forget_old(connection: Connection, mailboxes: Sequence[int], at: datetime) -> None:
    old = select(PurgeRun.id).where(PurgeRun.mailbox_id.in_(mailboxes), PurgeRun.ended_at < at - _KEPT)
    connection.execute(delete(PurgeMail).where(PurgeMail.purge_run_id.in_(old)))


def require_poller(connection: Connection, now: datetime) -> None:
    """Refuse where nobody would look into a mailbox.

    :raises Problem: no poller lives.
    """
    if not is_alive(connection, "poller", now):
        raise Problem("No poller is running, so no mailbox is looked at.", ProblemCode.NO_POLLER, (Act.START_POLLER,))


@dataclass(frozen=True, slots=True)
class Run:
    """How far a purge is: `done` of `total` mails that may go; None until the mailbox is listed."""

    id: int
    mailbox: str
    dry_run: bool
    total: int | None
    done: int
    is_over: bool
    error: str | None


def look(connection: Connection, runs: Sequence[int]) -> list[Run]:
    """How far these purges are, by mailbox."""
    run = PurgeRun
    query = (
        select(run.id, Mailbox.name, run.dry_run, run.total, run.done, run.ended_at, run.error)
        .join(Mailbox, Mailbox.id == run.mailbox_id)
        .where(run.id.in_(runs))
        .order_by(Mailbox.name)
    )
    rows = connection.execute(query)
    return [
        Run(row.id, row.name, row.dry_run, row.total, row.done, row.ended_at is not None, row.error) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Purge:
    """What somebody asked for at once, of one mailbox or several; `id` is that of its first run."""

    id: int
    at: datetime
    by: str
    before: datetime
    dry_run: bool
    runs: tuple[Run, ...]

    @property
    def is_over(self) -> bool:
        """Whether every mailbox is through."""
        return all(run.is_over for run in self.runs)

    @property
    def ids(self) -> tuple[int, ...]:
        """Of its runs."""
        return tuple(run.id for run in self.runs)

    @property
    def sound(self) -> tuple[int, ...]:
        """Of those runs that did not fail: what one that did has found is not all of its mailbox."""
        return tuple(run.id for run in self.runs if run.error is None)


def find_purge(connection: Connection, run_id: int) -> Purge | None:
    """The purge that a run belongs to; None where there is none that a person asked for."""
    run = PurgeRun
    asked = select(run.requested_at, run.requested_by, run.archived_before, run.dry_run)
    one = connection.execute(asked.where(run.id == run_id, run.heartbeats_only.is_(False))).one_or_none()
    if one is None:
        return None
    same = select(run.id).where(
        run.heartbeats_only.is_(False),
        run.requested_at == one.requested_at,
        run.requested_by == one.requested_by,
        run.archived_before == one.archived_before,
        run.dry_run == one.dry_run,
    )
    ids = list(connection.scalars(same.order_by(run.id)))
    return _purge(one, look(connection, ids))


def newest_purges(connection: Connection, size: int) -> list[Purge]:
    """Those that people asked for last, the newest first, in one statement."""
    run = PurgeRun
    query = (
        select(
            *(run.requested_at, run.requested_by, run.archived_before, run.dry_run),
            *(run.id, Mailbox.name, run.total, run.done, run.ended_at, run.error),
        )
        .join(Mailbox, Mailbox.id == run.mailbox_id)
        .where(run.id.in_(select(_FIRST.c.id)))
        .order_by(run.id.desc())
    )
    found: dict[tuple[Any, ...], tuple[Any, list[Run]]] = {}
    for row in connection.execute(query).all():
        one = Run(row.id, row.name, row.dry_run, row.total, row.done, row.ended_at is not None, row.error)
        asked = (row.requested_at, row.requested_by, row.archived_before, row.dry_run)
        found.setdefault(asked, (row, []))[1].insert(0, one)
    return [_purge(row, runs) for row, runs in list(found.values())[:size]]


def _purge(row: Any, runs: Sequence[Run]) -> Purge:
    return Purge(
        min(run.id for run in runs),
        row.requested_at,
        row.requested_by,
        row.archived_before,
        row.dry_run,
        tuple(sorted(runs, key=lambda run: run.mailbox)),
    )


_MOST_RUNS = 500
"""So many runs are looked at for the newest purges; one has a run for each mailbox."""
_FIRST = (
    select(PurgeRun.id)
    .where(PurgeRun.heartbeats_only.is_(False))
    .order_by(PurgeRun.id.desc())
    .limit(_MOST_RUNS)
    .subquery()
)


@dataclass(frozen=True, slots=True)
class Share:
    """How many mails of a mailbox have one verdict, and how large they are together."""

    mailbox: str
    verdict: Verdict
    count: int
    octets: int


def shares(connection: Connection, runs: Sequence[int]) -> list[Share]:
    """What these purges say of all their mails, counted in the database: a mailbox may have a hundred thousand."""
    item, mail = PurgeMail, InboundMail
    query = (
        select(Mailbox.name, item.verdict, func.count(), func.coalesce(func.sum(mail.size), 0))
        .join(PurgeRun, PurgeRun.id == item.purge_run_id)
        .join(Mailbox, Mailbox.id == PurgeRun.mailbox_id)
        .outerjoin(mail, mail.id == item.inbound_mail_id)
        .where(item.purge_run_id.in_(runs))
        .group_by(Mailbox.name, item.verdict)
        .order_by(Mailbox.name, item.verdict)
    )
    return [Share(name, Verdict(word), count, int(size)) for name, word, count, size in connection.execute(query)]


def first_of(connection: Connection, runs: Sequence[int], verdict: Verdict, size: int) -> list[tuple[str, Found]]:
    """So many of the mails with this verdict, the oldest first, each with its mailbox."""
    item, mail = PurgeMail, InboundMail
    query = (
        select(
            Mailbox.name.label("mailbox"),
            *(item.handle, item.verdict, item.inbound_mail_id, mail.sha256, mail.size, mail.archived_at),
            *(Partner.name.label("partner"), mail.subject, mail.transfer_id),
        )
        .join(PurgeRun, PurgeRun.id == item.purge_run_id)
        .join(Mailbox, Mailbox.id == PurgeRun.mailbox_id)
        .outerjoin(mail, mail.id == item.inbound_mail_id)
        .outerjoin(Partner, Partner.id == mail.partner_id)
        .where(item.purge_run_id.in_(runs), item.verdict == verdict)
        .order_by(mail.archived_at, item.id)
        .limit(size)
    )
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [(row.pop("mailbox"), Found(**row)) for row in rows]


PREVIEW_LASTS = timedelta(hours=1)
"""So long what a dry run found may be carried out."""


def carry_out(connection: Connection, preview: Purge, count: int, *, by: str, at: datetime) -> Asked:
    """Remove what a dry run found, of what was archived before the very same moment. Each mail is judged once more.

    :param count: how many a person saw that would go.
    :raises Problem: it is no dry run that is over, is too old, found another number, or was carried out already.
    """
    if not preview.dry_run or not preview.is_over:
        raise Problem("This look at the mailboxes is not over yet, so nothing was removed.", ProblemCode.OTHER_STATE)
    if at - preview.at > PREVIEW_LASTS:
        raise Problem(
            "This look at the mailboxes is an hour old, so nothing was removed: look again.", ProblemCode.OTHER_STATE
        )
    run, runs = PurgeRun, preview.sound
    of_runs = select(Mailbox.id, Mailbox.owner).join(run, run.mailbox_id == Mailbox.id).where(run.id.in_(runs))
    boxes = {row.id: row.owner for row in connection.execute(of_runs)}
    done = connection.execute(
        select(run.requested_by)
        .where(run.mailbox_id.in_(boxes), run.dry_run.is_(False), run.heartbeats_only.is_(False))
        .where(run.archived_before == preview.before, run.requested_at >= preview.at)
        .limit(1)
    ).scalar_one_or_none()
    if done is not None:
        raise Problem("{who} had the same mails removed meanwhile.", ProblemCode.OTHER_STATE, who=done)
    found = sum(each.count for each in shares(connection, runs) if each.verdict is Verdict.REMOVE)
    if not found or found != count:
        raise Problem("Type how many mails go: {count}. Nothing was removed.", ProblemCode.NO_VALUE, count=found)
    return _enter(connection, boxes, preview.before, dry_run=False, by=by, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail of the mailbox, and what the purge says of it. All but the first two may be unknown."""

    handle: str
    verdict: str
    inbound_mail_id: int | None = None
    sha256: str | None = None
    size: int | None = None
    archived_at: datetime | None = None
    partner: str | None = None
    subject: str | None = None
    transfer_id: str | None = None


@dataclass(slots=True)
class Result:
    """What a purge came to: every mail of the mailbox."""

    run: Run
    mails: list[Found] = field(default_factory=list)

    def of(self, *wanted: Verdict) -> list[Found]:
        """The mails with one of these verdicts."""
        return [mail for mail in self.mails if mail.verdict in wanted]


def results(connection: Connection, runs: Sequence[int]) -> list[Result]:
    """What these purges came to, the oldest mails first."""
    return [Result(run, [Found(**row) for row in _mails(connection, run.id)]) for run in look(connection, runs)]


def _mails(connection: Connection, run_id: int) -> Sequence[Mapping[str, Any]]:
    item, mail = PurgeMail, InboundMail
    query = (
        select(
            *(item.handle, item.verdict, item.inbound_mail_id, mail.sha256, mail.size, mail.archived_at),
            *(Partner.name.label("partner"), mail.subject, mail.transfer_id),
        )
        .outerjoin(mail, mail.id == item.inbound_mail_id)
        .outerjoin(Partner, Partner.id == mail.partner_id)
        .where(item.purge_run_id == run_id)
        .order_by(mail.archived_at, item.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
