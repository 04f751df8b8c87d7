"""What a verified statement of a partner does here: lost mails of ours go out again, what we lack is asked for.

What no mail can heal waits for a person: other content under one number, numbers of ours that our base does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import Budget, HoldReason, InboundState, OutboundState
from intergestan_db.tables import (
    InboundMail,
    InboundTransfer,
    Ledger,
    OutboundMail,
    OutboundOrder,
    Partner,
    PartnerStatement,
    PurchaseOrder,
    PurchaseOrderChange,
)
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.budgets.spending import beyond, may, room, spend, supersede
from intergestan_exchange.findings.finding import Finding, read_findings, write_findings
from intergestan_exchange.outbox.outbound import present_address
from intergestan_exchange.statements.beginnings import are_among, in_pieces
from intergestan_exchange.statements.statement_requests import is_answer, reply
from intergestan_exchange.statements.statements import Compared, KeptStatement, last_kept
from intergestan_exchange.transfers.put_back import put_back
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_exchange.transfers.transfers import finish_mail
from intergestan_msg.kinds import DocumentType
from intergestan_msg.number_ranges import Ranges, shown
from intergestan_msg.statement import Comparison, Statement

IN_FUTURE = timedelta(seconds=60)
"""So far ahead of its arrival a mail may have been composed while two clocks agree."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a statement led to: mails to compose, to send and to take in, and why it waits for a person, if it does.

    :ivar is_newest: no newer one of the partner came before, so that it counts.
    """

    compose: tuple[int, ...] = ()
    send: tuple[int, ...] = ()
    take_in: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_newest: bool = True


@dataclass(frozen=True, slots=True)
class Spending:
    """What one partner may make us do, and whether this mail is beyond asking: a person took it in again."""

    limits: Limits
    is_free: bool = False


def take_statement(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    statement: Statement,
    compared: Compared,
    under_way: timedelta,
    now: datetime,
    spending: Spending,
) -> Taken:
    """Do what a statement asks for; finish the mail, unless it has findings to hold it for.

    Only the newest statement of a partner counts; an older one is finished and does nothing. One of a later series is
    newer, whatever the clocks say. One that comes too soon waits, the newest of them alone; so does one that would have
    us repeat more mails than one partner may: taken in again in an hour, it goes on with those that are left.

    :param under_way: a mail that we sent less long before the statement may have been under way, and is left alone.
    """
    limits = spending.limits
    partner = connection.execute(select(Partner.__table__).where(Partner.id == transfer.partner.id)).one()
    last = last_kept(connection, partner.id)
    epoch = _epoch(transfer, statement)
    if last is not None and (
        _is_older(transfer, statement, last)
        or (_is_odd(transfer, last, now) and _came_before(connection, mail, last, epoch))
    ):
        finish_mail(connection, mail, transfer, now)
        return Taken(is_newest=False)
    if not (spending.is_free or _is_in_time(connection, transfer, last, limits, now)):
        supersede(connection, partner.id, Budget.STATEMENTS, mail.id, now)
        return Taken(findings=(beyond(Budget.STATEMENTS, partner.name, limits),), is_newest=False)
    _keep(connection, transfer, statement, last, now)
    composed = min(transfer.composed_at, now)
    lost = _lost_of(connection, partner.id, compared.sent, composed - under_way)
    believed = _believed_of(connection, partner.id, compared.received, epoch, composed)
    sent, is_cut = _repeat(connection, partner.id, lost, believed, spending, now)
    over = tuple(_beyond(connection, partner, compared, mail, spending, now, is_cut=is_cut))
    asks = statement.wanted or any(each.unknown for each in compared.received)
    compose = reply(connection, partner.id, at=now, wanted=statement.wanted) if asks else ()
    findings = news(connection, partner, compared, mail.id)
    take_in = _let_go(connection, partner.id, mail.id, tuple(_findings(partner, compared)), now)
    if over or findings:
        return Taken(compose, sent, take_in, (*over, *findings))
    finish_mail(connection, mail, transfer, now)
    return Taken(compose, sent, take_in)


def _is_in_time(
    connection: Connection, transfer: Transfer, last: KeptStatement | None, limits: Limits, now: datetime
) -> bool:
    """Whether a statement may be taken now: it is the last one once more, answers one of ours, or its hour is over."""
    if last is not None and last.transfer_id == transfer.jti:
        return True
    if is_answer(connection, transfer.partner.id, None if last is None else last.received_at, now):
        return True
    return may(connection, transfer.partner.id, Budget.STATEMENTS, limits, now)


def _repeat(
    connection: Connection,
    partner_id: int,
    lost: Mapping[int, str],
    believed: Mapping[int, str],
    spending: Spending,
    now: datetime,
) -> tuple[tuple[int, ...], bool]:
    """Send again what was lost, and what was believed to be answered; the mails, and whether there are more."""
    left = None if spending.is_free else room(connection, partner_id, Budget.REPEATS, spending.limits, now)
    sent: list[int] = []
    for found, why in (
        (lost, "the partner's statement lacks it"),
        (believed, "the partner was restored and has lost its answer"),
    ):
        most = None if left is None else left - len(sent)
        some = {mail_id: found[mail_id] for mail_id in sorted(found.keys() - set(sent))[:most]}
        _resend(connection, some, why, now)
        sent += some
    if left is not None:
        spend(connection, partner_id, Budget.REPEATS, len(sent), now)
    return tuple(sent), len(sent) < len(lost.keys() | believed.keys())


def _beyond(
    connection: Connection,
    partner: AnyRow,
    compared: Compared,
    mail: ClaimedMail,
    spending: Spending,
    now: datetime,
    *,
    is_cut: bool,
) -> Iterator[Finding]:
    """Which limits of one partner a statement that was taken in goes beyond."""
    if is_cut:
        yield beyond(Budget.REPEATS, partner.name, spending.limits)
    told = sum(high - low + 1 for each in compared.received for low, high in each.unknown)
    supersede(connection, partner.id, Budget.MISSING_NUMBERS, mail.id, now)
    if told > spending.limits.missing_numbers and not spending.is_free:
        yield beyond(Budget.MISSING_NUMBERS, partner.name, spending.limits)


def news(connection: Connection, partner: AnyRow, compared: Compared, mail_id: int) -> tuple[Finding, ...]:
    """What a person must look at: nothing, if one did already, or if another statement waits for just that."""
    findings = tuple(_findings(partner, compared))
    last = last_kept(connection, partner.id)
    if not findings or (last is not None and last.known == write_findings(findings)):
        return ()
    same = select(InboundMail.id).where(*_held(partner.id, mail_id), InboundMail.detail == write_findings(findings))
    return () if connection.execute(same).first() is not None else findings


def is_outdated(connection: Connection, transfer: Transfer, statement: Statement) -> bool:
    """Whether a newer statement of the partner came before."""
    last = last_kept(connection, transfer.partner.id)
    return last is not None and _is_older(transfer, statement, last)


def _epoch(transfer: Transfer, statement: Statement) -> int:
    """The series: the manifest's, or that of the newest account where an older release does not say it."""
    return max([transfer.epoch, *(account.epoch for account in statement.sent)])


def _is_older(transfer: Transfer, statement: Statement, last: KeptStatement) -> bool:
    """Whether a statement is of an earlier series than the last one, or was composed before it; of one second, as its
    transfer id says, which begins with the millisecond. One of the future says nothing of that: their clock was ahead
    when it was composed, and may have been set right since.
    """
    epoch = _epoch(transfer, statement)
    is_before = (transfer.composed_at, transfer.jti) < (last.composed_at, last.transfer_id)
    is_certain = not _was_of_future(last.composed_at, last.received_at)
    return bool(epoch < last.epoch or (epoch == last.epoch and is_before and is_certain))


def _was_of_future(composed_at: datetime, received_at: datetime) -> bool:
    return composed_at > received_at + IN_FUTURE


def _is_odd(transfer: Transfer, last: KeptStatement, now: datetime) -> bool:
    """Whether this statement or the last one was of the future when it was taken in."""
    return _was_of_future(transfer.composed_at, now) or _was_of_future(last.composed_at, last.received_at)


def _came_before(connection: Connection, mail: ClaimedMail, last: KeptStatement, epoch: int) -> bool:
    """Whether a mail that is taken in again came before the one that brought the last statement.

    Where one of the two is of the future that says which is newer, whichever of them it is. Otherwise each would be
    the newer one of a clock that was ahead, and they would give each other back without end.
    """
    if epoch > last.epoch:
        return False
    of_last = (InboundMail.partner_id == last.partner_id, InboundMail.transfer_id == last.transfer_id)
    first = connection.execute(select(func.min(InboundMail.id)).where(*of_last)).scalar()
    return first is not None and mail.id < first


def acknowledge(connection: Connection, mail_id: int, findings: Sequence[Finding]) -> None:
    """A person has looked at a held statement: later ones of that partner are not held for the same findings again."""
    partner = select(InboundMail.partner_id).where(InboundMail.id == mail_id).scalar_subquery()
    connection.execute(
        update(PartnerStatement).where(PartnerStatement.partner_id == partner).values(known=write_findings(findings))
    )


def _keep(
    connection: Connection, transfer: Transfer, statement: Statement, last: KeptStatement | None, now: datetime
) -> None:
    values = {
        "transfer_id": transfer.jti,
        "epoch": _epoch(transfer, statement),
        "composed_at": transfer.composed_at,
        "received_at": now,
        "statement": msgspec.to_builtins(statement),
    }
    if last is None:
        connection.execute(insert(PartnerStatement).values(partner_id=transfer.partner.id, **values))
    else:
        own = PartnerStatement.partner_id == transfer.partner.id
        connection.execute(update(PartnerStatement).where(own).values(**values))


def _findings(partner: AnyRow, compared: Compared) -> Iterator[Finding]:
    for direction, comparisons in (("sent", compared.sent), ("received", compared.received)):
        for each in comparisons:
            if each.differs:
                yield Finding(
                    HoldReason.STATEMENT,
                    {"partner": partner.name, "epoch": str(each.epoch)},
                    variant=f"content_{direction}",
                )
    for each in compared.sent:
        if each.unknown:
            values = {"partner": partner.name, "epoch": str(each.epoch), "numbers": shown(each.unknown)}
            variant = "ahead" if each.epoch >= partner.out_epoch else "lost"
            yield Finding(HoldReason.STATEMENT, values, variant=variant)


def _lost_of(
    connection: Connection, partner_id: int, comparisons: Sequence[Comparison], before: datetime
) -> dict[int, str]:
    """The mails that never arrived, of which the very same bytes go out again, with their states. What waits for a
    person here goes on waiting.

    What was sent or answered since the statement was written arrived since, or is under way.
    """
    found: dict[int, str] = {}
    for each in comparisons:
        for some in in_pieces(each.lacking):
            found |= _lost(connection, partner_id, each.epoch, some, before)
    return found


def _resend(connection: Connection, found: Mapping[int, str], why: str, now: datetime) -> None:
    """:param found: the mails' states by id."""
    values = {"next_attempt_at": now, "rung_at": now, "resends": 0, "recipient": present_address()}
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        found,
        "resend",
        by=BY,
        at=now,
        old=found,
        event_detail={"why": why},
        reason=None,
        detail=None,
        **values,
    )


def _believed_of(
    connection: Connection, partner_id: int, comparisons: Sequence[Comparison], epoch: int, composed: datetime
) -> dict[int, str]:
    """The orders and changes that go out again: what we know of them was answered in mails that the partner has lost.

    It was restored from a backup, and what it has now may be something else: it answers such a mail anew, in its new
    series (`design.md` §16.1). So it does where it gave the number again before anybody noticed.

    :param epoch: the series of the statement; `composed`: what went out since then need not go out again.
    """
    lost = [(each.epoch, ranges) for each in comparisons for ranges in in_pieces(each.lacking)]
    lost += [(before, ((seq, seq),)) for before, seq in _given_twice(connection, partner_id) if before < epoch]
    found: dict[int, str] = {}
    for before, some in lost:
        found |= _believed(connection, partner_id, before, some, composed)
    return found


def _given_twice(connection: Connection, partner_id: int) -> set[tuple[int, int]]:
    """The numbers, with their series, under which mails of a partner came that contradict earlier ones."""
    same = (InboundMail.partner_id == partner_id, InboundMail.reason == HoldReason.TRANSFER_CONFLICT)
    details = connection.execute(select(InboundMail.detail).where(*same)).scalars()
    found = [finding.values for detail in details if detail for finding in read_findings(detail)]
    return {(int(values["epoch"]), int(values["seq"])) for values in found if "seq" in values}


def _believed(
    connection: Connection, partner_id: int, epoch: int, ranges: Ranges, composed: datetime
) -> dict[int, str]:
    mail, transfer, order, change = OutboundMail, InboundTransfer, PurchaseOrder, PurchaseOrderChange
    lost = are_among(transfer, partner_id, epoch, ranges)
    answers = (
        select(Ledger.number, Ledger.revision.label("n"))
        .join(transfer, transfer.id == Ledger.inbound_transfer_id)
        .where(lost, Ledger.type == DocumentType.RESPONSE)
        .subquery()
    )
    orders = (
        select(OutboundOrder.outbound_mail_id)
        .join(order, order.id == OutboundOrder.purchase_order_id)
        .join(answers, answers.c.number == order.number)
        .where(order.answer_epoch == epoch, order.answer_n == answers.c.n)
    )
    changes = (
        select(change.outbound_mail_id)
        .join(order, order.id == change.purchase_order_id)
        .join(answers, answers.c.number == order.number)
        .where(change.answer_epoch == epoch, change.answer_n == answers.c.n)
    )
    froms, _ = states.OUTBOUND_MAIL.moves["resend"]
    rows = connection.execute(
        select(mail.id, mail.state)
        .where(mail.partner_id == partner_id, or_(mail.id.in_(orders), mail.id.in_(changes)), mail.state.in_(froms))
        .where(or_(mail.sent_at.is_(None), mail.sent_at <= composed))
        .order_by(mail.id)
        .with_for_update()
    )
    return {row.id: row.state for row in rows}


def _lost(connection: Connection, partner_id: int, epoch: int, ranges: Ranges, before: datetime) -> dict[int, str]:
    mail = OutboundMail
    gone = or_(
        mail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN, OutboundState.ANSWERED]),
        (mail.state == OutboundState.HELD) & (mail.reason == HoldReason.NO_ANSWER),
    )
    lacking = are_among(mail, partner_id, epoch, ranges)
    # A sender that died may have sent what stands as not sent: the answer alone says that it arrived.
    is_old = (or_(at.is_(None), at <= before) for at in (mail.sent_at, mail.answered_at))
    rows = connection.execute(select(mail.id, mail.state).where(lacking, gone, *is_old).with_for_update())
    return {row.id: row.state for row in rows}


def _let_go(
    connection: Connection, partner_id: int, mail_id: int, found: Sequence[Finding], now: datetime
) -> tuple[int, ...]:
    """Older statements need not wait any more, once a newer one says something else."""
    held = connection.execute(select(InboundMail.id, InboundMail.detail).where(*_held(partner_id, mail_id))).all()
    others = [row.id for row in held if row.detail != write_findings(found)]
    return put_back(connection, others, by=BY, at=now, event="release")


def _held(partner_id: int, but: int) -> tuple[ColumnElement[bool], ...]:
    mail = InboundMail
    return (
        mail.partner_id == partner_id,
        mail.state == InboundState.HELD,
        mail.reason == HoldReason.STATEMENT,
        mail.id != but,
    )
