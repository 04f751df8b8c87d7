"""Takes a mail about a key of a partner."""

from __future__ import annotations

import structlog

from intergestan_db.enums import HoldReason
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.keys.key_mails import take_notice
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.key_notice import KeyNotice
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_key_notice(turn: Turn, transfer: Transfer, reading: Reading, notice: KeyNotice, per_day: int) -> None:
    """What the mail may do is done, and what only a person may do waits, in one transaction.

    :param per_day: how many new keys of one partner are taken in a day; what goes beyond is one hold.
    """
    database = turn.parts.database
    with database.transaction() as connection:
        finding = take_notice(connection, turn.mail, transfer, notice, turn.row.archived_at, database.now(), per_day)
        if finding is not None and finding.reason != HoldReason.PARTNER_BUDGET:
            turn.write_hold(connection, [finding], reading, transfer.partner.id)
    if finding is not None and finding.reason == HoldReason.PARTNER_BUDGET:
        turn.parts.metrics.inc("partner_budget_exceeded_total", budget="announcements")
        turn.hold_once(finding, reading, transfer.partner.id, any_transfer=True)
    if finding is None:
        turn.count("key")
        _log.info("A notice about a key.", action=notice.action, key=notice.kid)
