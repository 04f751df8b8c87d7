"""Applies the answers of a seller."""

from __future__ import annotations

import json

import structlog

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.apply import AnswerConflict, UnmatchedAnswer, apply_answers, conflict_of, note_answered
from intergestan_exchange.inbox.apply_changes import Reversed
from intergestan_exchange.inbox.take_in import answers_of
from services.importer.turn import Verified

_log = structlog.get_logger(__name__)


def take_answers(mail: Verified) -> bool:
    """Apply all answers of the mail, or let the mail wait for a person when one does not fit."""
    turn, transfer, reading, manifest = mail.turn, mail.transfer, mail.reading, mail.manifest
    assert manifest.in_reply_to is not None
    parts = turn.parts
    answers = answers_of(reading, manifest)
    if isinstance(answers, Finding):
        turn.hold(answers, reading, transfer.partner.id)
        return True
    try:
        with parts.database.transaction() as connection:
            now = parts.database.now()
            outcomes = apply_answers(connection, turn.mail, transfer, manifest.in_reply_to, answers, now)
    except UnmatchedAnswer as error:
        numbers = json.dumps([each.answer.order_id for each in answers])
        values = {"error": str(error), "numbers": numbers}
        turn.hold(Finding(HoldReason.UNMATCHED_ANSWER, values), reading, transfer.partner.id)
        return True
    except (AnswerConflict, Reversed) as error:
        with parts.database.transaction() as connection:  # before the hold, after which nobody takes the mail in again
            note_answered(connection, transfer.partner.id, manifest.in_reply_to, answers, parts.database.now())
        turn.hold_once(conflict_of(transfer, error), reading, transfer.partner.id)
        return True
    turn.count("answer")
    told = [f"{each.answer.order_id} {outcome}" for each, outcome in zip(answers, outcomes, strict=True)]
    _log.info("Answers applied.", outcomes=told)
    for outcome in outcomes:
        parts.metrics.inc("orders_total", step="import", outcome=outcome)
    return True
