"""The answers to the buyer, and the mail that will carry them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, or_, select, update

from intergestan_db.bulk import insert_rows
from intergestan_db.enums import LedgerOutcome, OutboundState
from intergestan_db.tables import Answer, Ledger, OutboundMail
from intergestan_db.tables.types import is_far
from intergestan_erp.selling.current_order import StandingOrder
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.findings.findings import explain_told
from intergestan_exchange.inbox.booking.entries import Entry
from intergestan_exchange.inbox.decide_change import plain_line
from intergestan_exchange.inbox.decisions import (
    Accepted,
    Amended,
    Cancelled,
    Conflict,
    Decision,
    Duplicate,
    NothingToCancel,
    Refused,
)
from intergestan_exchange.inbox.facts import Facts, LastAnswer
from intergestan_exchange.outbox.requests import REQUEST, requested
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_msg.answer import ANSWER_LINE, AnswerCode, AnswerLine, LineCode
from intergestan_msg.kinds import ORDER_TYPES, Kind
from intergestan_msg.order import Item

REPEAT_AFTER = timedelta(minutes=10)
"""The same answers mail goes out again for a duplicate at most this often."""


def request_answers(connection: Connection, partner_id: int, transfer_id: int, now: datetime) -> int:
    """Enter the mail that will carry answers to this transfer; its row id, to ring the composer with."""
    mail = requested(Kind.ANSWERS, partner_id, now) | {"in_reply_to_id": transfer_id}
    return connection.execute(REQUEST, mail).scalar_one()


@dataclass(frozen=True, slots=True)
class OneAnswer:
    """An answer that was entered: it is the `n`th to its order, and the outbound mail `mail_id` will carry it."""

    n: int
    mail_id: int


def answer_order(
    connection: Connection,
    partner_id: int,
    number: str,
    transfer_id: int,
    last: LastAnswer | None,
    at: datetime,
    **values: Any,
) -> OneAnswer:
    """One more answer to an order, and the mail that will carry it.

    :param transfer_id: the transfer that brought the document which is answered.
    :param last: the newest answer to the order until now.
    :param values: what it says: `code`, and whichever other columns of `answer` it has.
    """
    made = OneAnswer(_next(last), request_answers(connection, partner_id, transfer_id, at))
    head = {"partner_id": partner_id, "order_number": number, "n": made.n, "outbound_mail_id": made.mail_id}
    connection.execute(insert(Answer).values(**head, created_at=at, **values))
    return made


def lines_as_they_stand(
    standing: StandingOrder, told: Mapping[str, AnswerLine], stated: Container[str] = ()
) -> Iterator[AnswerLine]:
    """Every line of a sales order, for CA carries all of them: as we say now, as we said before, or as ordered.

    :param told: what we say now, and what the policy had us say before (`open_words`).
    :param stated: lines that the buyer wanted otherwise or not at all. Of those that stay since goods have left we say
        that again: this answer may be the first that a restored buyer gets to the change that asked for it.
    """
    for line in standing.lines:
        booked = line.booked
        if booked.line_id in told:
            yield told[booked.line_id]
        elif line.said is not None:
            yield ANSWER_LINE.convert(line.said)
        elif line.delivered and booked.line_id in stated:
            yield plain_line(booked, LineCode.ALREADY_DELIVERED)
        else:
            item = Item(booked.name, sellers_id=booked.product_code)
            yield AnswerLine(booked.line_id, LineCode.ACCEPTED, item, booked.quantity, booked.unit)


def _next(last: LastAnswer | None) -> int:
    return last.n + 1 if last else 1


def is_answered_before_restore(entry: Entry, facts: Facts) -> bool:
    """Whether the newest answer to this very document left before a restore of ours.

    The buyer may have had later ones that our database lost, and must hear again what counts (`design.md` §16.1).
    """
    given = facts.answered.get(entry.settled.key[1:])
    return given is not None and given.is_outdated


def write_answers(
    connection: Connection,
    partner: PartnerFacts,
    outbound_id: int,
    entries: Sequence[Entry],
    facts: Facts,
    now: datetime,
) -> None:
    """One answer for each order, with the next n."""
    rows = [
        {
            "partner_id": partner.id,
            "order_number": entry.settled.key[1],
            "n": _next(last := facts.answers.get(entry.settled.key[1])),
            "revision": entry.settled.key[2],
            "outbound_mail_id": outbound_id,
            "created_at": now,
            **_answer_values(entry, partner.language, last, facts),
        }
        for entry in entries
    ]
    insert_rows(connection, Answer, rows)


def _answer_values(entry: Entry, language: str, last: LastAnswer | None, facts: Facts) -> dict[str, Any]:
    """:param last: the newest answer to the order.

    What comes again is answered as it was. But of an order that stays as it was, since a document was refused, it is
    said what was said last: the newest answer counts alone.
    """
    decision = entry.settled.decision
    given = facts.answered.get(entry.settled.key[1:])
    if isinstance(decision, Duplicate) and given is not None:
        return {
            "code": given.code,
            "sales_order_number": given.sales_order_number,
            "note": given.note,
            "lines": _lines_again(entry, given, facts),
        }
    findings = _findings_to_tell(decision)
    return {
        "code": _answer_code(decision),
        "sales_order_number": entry.sales_order_number or (last.sales_order_number if last else None),
        "note": explain_told(findings, language) or None,
        "lines": msgspec.to_builtins(_answer_lines(decision)) or None,
    }


def _lines_again(entry: Entry, given: LastAnswer, facts: Facts) -> list[dict[str, Any]] | None:
    was_refused = entry.known is not None and entry.known.outcome == LedgerOutcome.REJECTED
    told = facts.told_last(entry.settled.key[1]) if was_refused and given.lines else None
    return told.lines if told is not None else given.lines


def _answer_code(decision: Decision) -> AnswerCode:
    if isinstance(decision, Accepted | Amended):
        return decision.code
    if isinstance(decision, Cancelled | NothingToCancel):
        return AnswerCode.ACCEPTED
    if isinstance(decision, Refused):
        return AnswerCode.CHANGED if decision.answer_lines else AnswerCode.REJECTED
    return AnswerCode.RECEIVED


def _answer_lines(decision: Decision) -> tuple[AnswerLine, ...]:
    return decision.answer_lines if isinstance(decision, Accepted | Amended | Refused) else ()


def _findings_to_tell(decision: Decision) -> tuple[Finding, ...]:
    if isinstance(decision, Conflict):
        return (decision.finding,)
    return () if isinstance(decision, Duplicate | Cancelled | NothingToCancel) else decision.findings


def has_later_answer(entry: Entry, facts: Facts) -> bool:
    """Whether such an order was answered again since, about another document: that answer is the one that counts."""
    given, last = facts.answered.get(entry.settled.key[1:]), facts.answers.get(entry.settled.key[1])
    return is_answered_before_restore(entry, facts) and given is not None and last is not None and last.n > given.n


def restate(connection: Connection, partner_id: int, number: str, n: int, at: datetime) -> int | None:
    """Give the `n`th answer to an order once more, as its newest one, to the document that it was given to.

    :returns: the mail to compose; None where the ledger does not have that document.
    """
    of_order = (Answer.partner_id == partner_id, Answer.order_number == number)
    told = connection.execute(select(Answer.__table__).where(*of_order, Answer.n == n)).one()
    newest = connection.execute(select(func.max(Answer.n)).where(*of_order)).scalar_one()
    document = select(Ledger.inbound_transfer_id).where(
        Ledger.partner_id == partner_id,
        Ledger.type.in_(ORDER_TYPES),
        Ledger.number == number,
        Ledger.revision == told.revision,
    )
    transfer_id = connection.execute(document.order_by(Ledger.epoch.desc()).limit(1)).scalar()
    if transfer_id is None:
        return None
    last = LastAnswer(newest, told.code, told.sales_order_number, told.note, told.lines)
    values = {name: getattr(told, name) for name in ("revision", "code", "sales_order_number", "note", "lines")}
    return answer_order(connection, partner_id, number, transfer_id, last, at, **values).mail_id


def restate_overtaken(connection: Connection, at: datetime) -> tuple[int, ...]:
    """After a restore of ours: an answer that waits for the composer would leave in the new series, and so count more
    than a later one that left in the old series. That later one is given once more; the mails to compose.
    """
    waits = (
        select(Answer.partner_id, Answer.order_number, func.max(Answer.n).label("n"))
        .join(OutboundMail, OutboundMail.id == Answer.outbound_mail_id)
        .where(OutboundMail.state == OutboundState.REQUESTED)
        .group_by(Answer.partner_id, Answer.order_number)
        .subquery()
    )
    same = (Answer.partner_id == waits.c.partner_id) & (Answer.order_number == waits.c.order_number)
    query = (
        select(Answer.partner_id, Answer.order_number, func.max(Answer.n).label("n"))
        .join(waits, same & (Answer.n > waits.c.n))
        .group_by(Answer.partner_id, Answer.order_number)
    )
    rows = connection.execute(query).all()
    mails = (restate(connection, row.partner_id, row.order_number, row.n, at) for row in rows)
    return tuple(mail for mail in mails if mail is not None)


def repeat_answers(
    connection: Connection, transfer_id: int, now: datetime, most: int | None = None
) -> tuple[int, bool]:
    """Send the mails that hold the newest answers to this transfer again, the same bytes, unless they just went out.

    :param most: so many of them at most.
    :returns: how many, and whether these are all.

    The newest to this transfer: the same document may have come in another one since, and been answered there, to
    which the buyer's mail of this one would wait for ever.
    """
    mail, newer, its_mail = OutboundMail, Answer.__table__.alias("newer"), OutboundMail.__table__.alias("its_mail")
    overtaken = (
        select(newer.c.id)
        .join(its_mail, its_mail.c.id == newer.c.outbound_mail_id)
        .where(
            its_mail.c.in_reply_to_id == transfer_id,
            newer.c.partner_id == Answer.partner_id,
            newer.c.order_number == Answer.order_number,
            newer.c.revision == Answer.revision,
            newer.c.n > Answer.n,
        )
        .correlate(Answer)
        .exists()
    )
    newest = select(Answer.id).where(Answer.outbound_mail_id == mail.id, ~overtaken).correlate(mail).exists()
    rested = or_(mail.sent_at.is_(None), is_far(mail.sent_at, now, REPEAT_AFTER))
    went_out = mail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN])
    to_repeat = (mail.in_reply_to_id == transfer_id, newest, went_out, rested)
    found = connection.scalars(select(mail.id).where(*to_repeat).order_by(mail.id)).all()
    due = found[:most]
    if due:
        connection.execute(update(mail).where(mail.id.in_(due)).values(next_attempt_at=now, rung_at=None))
    return len(due), len(due) == len(found)
