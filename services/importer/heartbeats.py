"""Takes a heartbeat of a partner, or the echo to one of ours."""

from __future__ import annotations

import structlog

from intergestan_db.trace_context import hand_on
from intergestan_exchange.heartbeats.heartbeat_mails import finish_heartbeat, take_heartbeat
from intergestan_runtime.steps import COMPOSE
from services.importer.turn import Verified

_log = structlog.get_logger(__name__)


def take_partners_heartbeat(mail: Verified) -> bool:
    """One that is wrong, or taken in again, is done without an echo: no person needs to look at it."""
    turn, transfer, manifest, finding = mail.turn, mail.transfer, mail.manifest, mail.case.finding
    parts = turn.parts
    now, route = parts.database.now(), transfer.partner.site_code
    with parts.database.transaction() as connection:
        if finding is not None or turn.row.replayed:
            finish_heartbeat(connection, turn.mail, transfer, now)
            taken = None
        else:
            options = parts.options
            taken = take_heartbeat(connection, turn.mail, transfer, manifest, now, options.rhythm, options.limits)
            if taken.waits is not None:
                turn.write_hold(connection, [taken.waits], mail.reading, transfer.partner.id)
            hand_on(connection, () if taken.echo is None else (taken.echo,), parts.tracer.here())
    if taken is not None and taken.waits is not None:
        return True
    turn.count("heartbeat")
    if taken is None:
        _log.info("A heartbeat that is not answered.", reason=finding.reason if finding is not None else "replay")
        return True
    if taken.no_room:
        _log.info("A heartbeat that is not answered.", partner=route, reason="budget")
    if taken.echo is not None:
        COMPOSE.ring(parts.broker, taken.echo)
        parts.metrics.set("heartbeat_last_seen_timestamp_seconds", now.timestamp(), stage="echoed", route=route)
    if taken.returned:
        parts.metrics.set("heartbeat_last_seen_timestamp_seconds", now.timestamp(), stage="returned", route=route)
    if taken.outcome is not None:
        parts.metrics.inc("heartbeats_total", outcome=taken.outcome)
        _log.info("A heartbeat came back.", partner=route, outcome=taken.outcome)
    return True
