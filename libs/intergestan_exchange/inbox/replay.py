"""Replay: which archived mails are meant, what taking them in again would change, and what it brought.

Reading a mail and deciding about it is the very code of the importer (`read`, `take_in`, `decide`), so that what is
foreseen here is what happens then. Doing it is `put_back`; the ledger keeps it from doubling anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from intergestan_db import site_rows, states
from intergestan_db.bulk import insert_rows_with_ids
from intergestan_db.enums import HoldReason, InboundState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Event, InboundMail
from intergestan_exchange.delivery_reports.undelivered import find_reported
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.history.archive_trace import unknown_mails
from intergestan_exchange.inbox.apply import AnswerConflict, UnmatchedAnswer, foresee_answers
from intergestan_exchange.inbox.apply_changes import Reversed
from intergestan_exchange.inbox.booking.entries import OUTCOMES, Settled
from intergestan_exchange.inbox.booking.holds import findings_held_for, holds_before
from intergestan_exchange.inbox.decisions import Duplicate
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.recognise import recognise
from intergestan_exchange.inbox.take_in import answers_of, settle_all
from intergestan_exchange.keys.key_mails import foresee_notice
from intergestan_exchange.keys.keys import is_own
from intergestan_exchange.statements.statement_mails import is_outdated, news
from intergestan_exchange.statements.statements import compare_all
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.statement import Statement

_SHORTEST_PREFIX = 6
_AT_ONCE = 500  # ids in one statement
_TRIES = 5
RESTING = (InboundState.DONE, InboundState.HELD, InboundState.ALIEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which archived mails are meant: those that fit everything given here.

    :ivar shas: beginnings of their sha256, six digits at least.
    :ivar since, until: when they were archived, the second excluded.
    :ivar newest: the last mail that was entered when this was asked for: what comes while it is done is not meant.
    """

    shas: tuple[str, ...] = ()
    mailbox_id: int | None = None
    partner_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An archived mail, and where it rests now. `size` is 0 when its bytes were dropped (an alien's)."""

    id: int
    sha256: str
    size: int
    state: str
    reason: str | None
    archived_at: datetime


@dataclass(frozen=True, slots=True)
class ForeseenDocument:
    """What would become of one document: a word of `book.OUTCOMES`, or `done` for an answer."""

    number: str
    outcome: str
    changes: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of a mail."""

    state: str
    reason: str | None = None
    documents: tuple[ForeseenDocument, ...] = ()

    def changes(self, mail: Chosen) -> bool:
        """Whether that is anything but what is there already."""
        elsewhere = (self.state, self.reason) != (mail.state, mail.reason)
        return elsewhere or any(document.changes for document in self.documents)


@dataclass(frozen=True, slots=True)
class Stray:
    """A file of the archive that the base knows nothing of."""

    sha256: str
    size: int
    archived_at: datetime


def choose(
    connection: Connection, choice: Choice, after: Chosen | None = None, size: int | None = None
) -> list[Chosen]:
    """The mails that are meant, oldest first: all of them, or so many behind one of them.

    Only when it is named is a mail meant that a person refused, that is about to be taken in anyway, or whose
    bytes were dropped.

    :raises Problem: a sha256 fits no mail, or several.
    """
    mail = InboundMail
    query = _mails().where(*_meant(connection, choice)).order_by(mail.archived_at, mail.id).limit(size)
    if not choice.shas:
        query = query.where(func.coalesce(_REFUSED, 0) == 0)
    if after is not None:
        behind = and_(mail.archived_at == after.archived_at, mail.id > after.id)
        query = query.where(mail.archived_at >= after.archived_at, or_(mail.archived_at > after.archived_at, behind))
    return [Chosen(*row) for row in connection.execute(query)]


_REFUSED = (
    select(literal_column("1"))
    .where(Event.subject == states.INBOUND_MAIL.name, Event.subject_id == InboundMail.id, Event.name == "refuse")
    .limit(1)
    .scalar_subquery()
)
"""With a limit, so that PostgreSQL asks it of each mail of a page, and does not read all events first."""


def count_chosen(connection: Connection, choice: Choice) -> int:
    """How many mails are meant, those that a person refused with them. All of them are looked at."""
    query = select(func.count()).select_from(InboundMail).where(*_meant(connection, choice))
    return connection.execute(query).scalar_one()


def newest_mail(connection: Connection) -> int:
    """The id of the mail that was entered last."""
    return connection.execute(select(func.coalesce(func.max(InboundMail.id), 0))).scalar_one()


def _meant(connection: Connection, choice: Choice) -> Iterator[ColumnElement[bool]]:
    mail = InboundMail
    if choice.shas:
        yield mail.id.in_([_find(connection, sha) for sha in choice.shas])
    else:
        yield mail.size > 0
        yield mail.state.not_in([state for state in InboundState if state not in RESTING])  # no index leads to those
    if choice.newest is not None:
        yield mail.id <= choice.newest
    if choice.mailbox_id is not None:
        yield mail.mailbox_id == choice.mailbox_id
    if choice.partner_id is not None:
        yield mail.partner_id == choice.partner_id
    if choice.since is not None:
        yield mail.archived_at >= choice.since
    if choice.until is not None:
        yield mail.archived_at < choice.until


def adopt(connection: Connection, files: Sequence[Stray], *, by: str, at: datetime) -> tuple[int, ...]:
    """Enter files of the archive as mails to take in, of whatever age; ring for what is returned.

    A poller that finds one in its mailbox at the same time enters it itself: that is left to it.
    """
    for attempt in range(1, _TRIES + 1):
        unknown = unknown_mails(connection, [file.sha256 for file in files])
        try:
            with connection.begin_nested():
                return _adopt(connection, [file for file in files if file.sha256 in unknown], by, at)
        except IntegrityError:
            if attempt == _TRIES:
                raise
    return ()


def _adopt(connection: Connection, files: Sequence[Stray], by: str, at: datetime) -> tuple[int, ...]:
    if not files:
        return ()
    first = states.INBOUND_MAIL.first
    rows = [
        {"sha256": file.sha256, "size": file.size, "archived_at": file.archived_at}
        | {"state": first, "replayed": True, "rung_at": at}
        for file in sorted(files, key=lambda file: file.sha256)
    ]
    ids = tuple(sorted(insert_rows_with_ids(connection, InboundMail, rows, by="sha256").values()))
    entered = [(row_id, None, first) for row_id in ids]
    states.record(connection, states.INBOUND_MAIL.name, entered, "adopt", by=by, at=at)
    return ids


def foresee(
    connection: Connection, reading: Reading, archived_at: datetime, bounce_key: BounceKey | None = None
) -> Foreseen:
    """What would become of a mail that reads like this, if it were taken in now. Writes nothing.

    One with several manifests waits for a person if one of them does.
    """
    all_of_it = [_foresee(connection, each, archived_at, bounce_key) for each in (reading, *reading.others)]
    worst = next((each for each in all_of_it if each.state == InboundState.HELD), None)
    worst = worst or next((each for each in all_of_it if each.state == InboundState.DONE), all_of_it[0])
    return replace(worst, documents=tuple(document for each in all_of_it for document in each.documents))


def _foresee(connection: Connection, reading: Reading, archived_at: datetime, bounce_key: BounceKey | None) -> Foreseen:
    if reading.fault is not None:
        reason = reading.fault.reason
        if reading.report is not None:
            if find_reported(connection, reading.report, bounce_key) is not None:
                return Foreseen(InboundState.DONE)
            if reading.report.is_formal:
                return Foreseen(InboundState.ALIEN)
        if reading.fault.kid is not None and is_own(connection, reading.fault.kid):
            return Foreseen(InboundState.ALIEN)
        return Foreseen(InboundState.ALIEN) if reason is None else Foreseen(InboundState.HELD, reason)
    manifest = reading.manifest
    assert manifest is not None
    any_age = timedelta.max
    case = recognise(connection, reading, manifest, archived_at=archived_at, replayed=True, max_age=any_age)
    if manifest.kind.nature.passing:
        return Foreseen(InboundState.DONE)
    if case.finding is not None:
        return Foreseen(InboundState.HELD, case.finding.reason)
    if case.facts is not None:
        return Foreseen(InboundState.DONE, None, _orders(connection, case.facts, settle_all(reading, case.facts)))
    if manifest.key is not None:
        waits = foresee_notice(connection, case.transfer, manifest.key, archived_at)
        return Foreseen(InboundState.DONE) if waits is None else Foreseen(InboundState.HELD, waits.reason)
    if manifest.statement is not None:
        return _statement(connection, case.transfer, manifest.statement)
    answers = answers_of(reading, manifest)
    if isinstance(answers, Finding):
        return Foreseen(InboundState.HELD, answers.reason)
    assert manifest.in_reply_to is not None
    try:
        outcomes = foresee_answers(connection, case.transfer.partner.id, manifest.in_reply_to, answers)
    except UnmatchedAnswer:
        return Foreseen(InboundState.HELD, HoldReason.UNMATCHED_ANSWER)
    except (AnswerConflict, Reversed):
        return Foreseen(InboundState.HELD, HoldReason.TRANSFER_CONFLICT)
    documents = [
        ForeseenDocument(each.answer.order_id, outcome, outcome == "done")
        for each, outcome in zip(answers, outcomes, strict=True)
    ]
    return Foreseen(InboundState.DONE, None, tuple(documents))


def _statement(connection: Connection, transfer: Transfer, statement: Statement) -> Foreseen:
    """Only the newest statement of a partner does anything; whether it is held depends on what is not held yet."""
    if is_outdated(connection, transfer, statement):
        return Foreseen(InboundState.DONE)
    partner = site_rows.read_partner(connection, transfer.partner.id)
    found = news(connection, partner, compare_all(connection, partner.id, statement), 0)
    return Foreseen(InboundState.HELD, HoldReason.STATEMENT) if found else Foreseen(InboundState.DONE)


def resting(connection: Connection, ids: Sequence[int]) -> list[Chosen]:
    """Those of these mails that the importer is done with, whatever became of them, or that wait for a pause to end."""
    found: list[Chosen] = []
    at_rest = or_(InboundMail.state.in_(RESTING), InboundMail.paused_at.is_not(None))
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = _mails().where(InboundMail.id.in_(some), at_rest).order_by(InboundMail.id)
        found += [Chosen(*row) for row in connection.execute(query)]
    return found


def _orders(connection: Connection, facts: Facts, settled: Sequence[Settled]) -> tuple[ForeseenDocument, ...]:
    before = holds_before(connection, facts.partner.id, [each.key for each in settled if each.key in facts.known])

    def changes(each: Settled) -> bool:
        if isinstance(each.decision, Duplicate):
            return False
        hold = before.get((each.key, each.business_hash))
        findings = findings_held_for(each.decision)
        return not findings or hold is None or (hold.closed_at is None and hold.detail != write_findings(findings))

    return tuple(ForeseenDocument(each.key[1], OUTCOMES[type(each.decision)], changes(each)) for each in settled)


def _mails() -> Select[int, str, int, str, str | None, datetime]:
    mail = InboundMail
    return select(mail.id, mail.sha256, mail.size, mail.state, mail.reason, mail.archived_at)


def _find(connection: Connection, sha: str) -> int:
    wanted = sha.strip().lower()
    if len(wanted) < _SHORTEST_PREFIX:
        raise Problem(
            "«{sha}» is too short: write at least six digits of the mail's sha256.", ProblemCode.NO_VALUE, sha=sha
        )
    same = InboundMail.sha256.startswith(wanted, autoescape=True)
    ids = list(connection.execute(select(InboundMail.id).where(same).limit(2)).scalars())
    if len(ids) != 1:
        raise Problem(
            "«{sha}» is the beginning of no archived mail's sha256, or of several.",
            ProblemCode.NO_MAIL,
            (Act.LIST_INBOX,),
            sha=sha,
        )
    return ids[0]
