"""Applies the answers of a seller."""

from __future__ import annotations

import structlog

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.apply import UnmatchedAnswer, apply_answers
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.take_in import answers_of
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.manifest import Manifest
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_answers(turn: Turn, transfer: Transfer, reading: Reading, manifest: Manifest) -> None:
    """Apply all answers of the mail, or let the mail wait for a person when one does not fit."""
    assert manifest.in_reply_to is not None
    parts = turn.parts
    answers = answers_of(reading, manifest)
    if isinstance(answers, Finding):
        turn.hold(answers, reading, transfer.partner.id)
        return
    try:
        with parts.database.transaction() as connection:
            now = parts.database.now()
            outcomes = apply_answers(connection, turn.mail, transfer, manifest.in_reply_to, answers, now)
    except UnmatchedAnswer as error:
        turn.hold(Finding(HoldReason.UNMATCHED_ANSWER, {"error": str(error)}), reading, transfer.partner.id)
        return
    turn.count("answer")
    _log.info("Answers applied.", outcomes=outcomes)
    for outcome in outcomes:
        parts.metrics.inc("orders_total", step="import", outcome=outcome)
