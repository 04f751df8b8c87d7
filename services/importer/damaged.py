"""Takes a mail whose manifest is a partner's, and whose parts are not whole."""

from __future__ import annotations

import structlog

from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.finding import Finding, diagnosed
from intergestan_exchange.inbox.reading import Fault, Reading
from intergestan_exchange.transfers.copies import finish_copy, signer_of, was_taken_in
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_damaged(turn: Turn, reading: Reading, fault: Fault) -> None:
    """Let it wait for a person, who reads whose it is and which orders are in it.

    Nobody needs to look at it once the same transfer was taken in from another copy.
    """
    assert reading.manifest is not None
    database, manifest = turn.parts.database, reading.manifest
    with database.transaction() as connection:
        partner_id = signer_of(connection, reading.kid)
        arrived = was_taken_in(connection, partner_id, manifest.jti, reading.transfer_digest)
        if arrived:
            finish_copy(connection, turn.mail, partner_id, manifest.jti, database.now())
        else:
            turn.write_hold(connection, [damage(fault, reading.transfer_digest)], reading, partner_id)
    if arrived:
        turn.note_taken(partner_id, manifest.jti, reading.kid)
        turn.count("malformed")
        _log.info("A damaged copy of a mail that was taken in.", transfer=manifest.jti)


def damage(fault: Fault, digest: str = "") -> Finding:
    """What is known of a mail that came damaged, or cannot be read.

    Its value `claims` is the transfer that it says it is, `digest` that of the signed one.
    """
    assert fault.reason is not None
    claims = {"claims": fault.claims} if fault.claims is not None else {}
    claims |= {"digest": digest} if digest else {}
    has_cause = fault.reason in {HoldReason.DAMAGED, HoldReason.BAD_MESSAGE}
    return diagnosed(fault.reason, fault.error, variant=fault.cause if has_cause else None, **claims)
