"""The answers to the buyer, and the mail that will carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import uuid_utils
from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.orm import aliased

from intergestan_msg.answer import AnswerCode
from intergestan_site.booking.entries import (
    Entry,
)
from intergestan_site.bulk import insert_rows
from intergestan_site.decisions import Accepted, Conflict, Decision, Duplicate, Finding, Refused
from intergestan_site.explain import explain_all
from intergestan_site.facts import Facts, LastAnswer, PartnerFacts
from intergestan_site.tables import (
    Answer,
    OutboundMail,
)
from intergestan_site.words import MailKind, OutboundState

REPEAT_AFTER = timedelta(minutes=10)
"""The same answers mail goes out again for a duplicate at most this often."""


def request_answers(connection: Connection, partner_id: int, transfer_id: int, now: datetime) -> int:
    """Enter the mail that will carry answers to this transfer; its row id, to ring the composer with."""
    return connection.execute(
        insert(OutboundMail)
        .values(
            transfer_id=str(uuid_utils.uuid7()),
            kind=MailKind.ANSWERS,
            state=OutboundState.REQUESTED,
            partner_id=partner_id,
            in_reply_to_id=transfer_id,
            requested_at=now,
            rung_at=now,
        )
        .returning(OutboundMail.id)
    ).scalar_one()


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
            "n": last.n + 1 if (last := facts.answers.get(entry.settled.key[1])) else 1,
            "outbound_mail_id": outbound_id,
            "created_at": now,
            **_answer_values(entry, partner.language, last),
        }
        for entry in entries
    ]
    insert_rows(connection, Answer, rows)


def _answer_values(entry: Entry, language: str, last: LastAnswer | None) -> dict[str, Any]:
    decision = entry.settled.decision
    if isinstance(decision, Duplicate) and last is not None:
        return {
            "code": last.code,
            "sales_order_number": last.sales_order_number,
            "note": last.note,
            "lines": last.lines,
        }
    findings = _findings_to_tell(decision)
    return {
        "code": _answer_code(decision),
        "sales_order_number": entry.sales_order_number or (last.sales_order_number if last else None),
        "note": explain_all(findings, language) or None,
        "lines": msgspec.to_builtins(decision.answer_lines) if isinstance(decision, Accepted) else None,
    }


def _answer_code(decision: Decision) -> AnswerCode:
    if isinstance(decision, Accepted):
        return decision.code
    return AnswerCode.REJECTED if isinstance(decision, Refused) else AnswerCode.RECEIVED


def _findings_to_tell(decision: Decision) -> tuple[Finding, ...]:
    if isinstance(decision, Conflict):
        return (decision.finding,)
    return () if isinstance(decision, Duplicate) else decision.findings


def repeat_answers(connection: Connection, transfer_id: int, now: datetime) -> None:
    """Send the mails that hold the newest answers to this transfer again, the same bytes, unless they just went out."""
    newer = aliased(Answer)
    is_newest = ~(
        select(newer.id)
        .where(newer.partner_id == Answer.partner_id, newer.order_number == Answer.order_number, newer.n > Answer.n)
        .exists()
    )
    newest = select(Answer.outbound_mail_id).where(is_newest)
    rested = or_(OutboundMail.sent_at.is_(None), OutboundMail.sent_at < now - REPEAT_AFTER)
    went_out = OutboundMail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN])
    connection.execute(
        update(OutboundMail)
        .where(OutboundMail.in_reply_to_id == transfer_id, OutboundMail.id.in_(newest), went_out, rested)
        .values(next_attempt_at=now, rung_at=None)
    )
