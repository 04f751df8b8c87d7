"""Takes a mail about a key of a partner."""

from __future__ import annotations

import structlog

from intergestan_exchange.keys.key_mails import take_notice
from services.importer.turn import Verified

_log = structlog.get_logger(__name__)


def take_key_notice(mail: Verified) -> bool:
    """What the mail may do is done, and what only a person may do waits, in one transaction."""
    turn, transfer, reading, notice = mail.turn, mail.transfer, mail.reading, mail.manifest.key
    assert notice is not None
    database, limits = turn.parts.database, turn.parts.options.limits
    with database.transaction() as connection:
        finding = take_notice(connection, turn.mail, transfer, notice, turn.row.archived_at, database.now(), limits)
        if finding is not None:
            turn.write_hold(connection, [finding], reading, transfer.partner.id)
    if finding is None:
        turn.count("key")
        _log.info("A notice about a key.", action=notice.action, key=notice.kid)
    return True
