"""Takes a mail about a key of a partner."""

from __future__ import annotations

import structlog

from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.keys.key_mails import take_notice
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.key_notice import KeyNotice
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_key_notice(turn: Turn, transfer: Transfer, reading: Reading, notice: KeyNotice, limits: Limits) -> None:
    """What the mail may do is done, and what only a person may do waits, in one transaction."""
    database = turn.parts.database
    with database.transaction() as connection:
        finding = take_notice(connection, turn.mail, transfer, notice, turn.row.archived_at, database.now(), limits)
        if finding is not None:
            turn.write_hold(connection, [finding], reading, transfer.partner.id)
    if finding is None:
        turn.count("key")
        _log.info("A notice about a key.", action=notice.action, key=notice.kid)
