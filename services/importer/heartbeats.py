"""Takes a heartbeat of a partner, or the echo to one of ours."""

from __future__ import annotations

import structlog

from intergestan_db.trace_context import hand_on
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.heartbeats.heartbeat_mails import finish_heartbeat, take_heartbeat
from intergestan_exchange.heartbeats.heartbeats import Rhythm
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.manifest import Manifest
from intergestan_runtime.steps import COMPOSE
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_partners_heartbeat(
    turn: Turn,
    transfer: Transfer,
    reading: Reading,
    manifest: Manifest,
    finding: Finding | None,
    rhythm: Rhythm,
    limits: Limits,
) -> None:
    """One that is wrong, or taken in again, is done without an echo: no person needs to look at it."""
    parts = turn.parts
    now, route = parts.database.now(), transfer.partner.site_code
    with parts.database.transaction() as connection:
        if finding is not None or turn.row.replayed:
            finish_heartbeat(connection, turn.mail, transfer, now)
            taken = None
        else:
            taken = take_heartbeat(connection, turn.mail, transfer, manifest, now, rhythm, limits)
            if taken.waits is not None:
                turn.write_hold(connection, [taken.waits], reading, transfer.partner.id)
            hand_on(connection, () if taken.echo is None else (taken.echo,), parts.tracer.here())
    if taken is not None and taken.waits is not None:
        return
    turn.count("heartbeat")
    if taken is None:
        _log.info("A heartbeat that is not answered.", reason=finding.reason if finding is not None else "replay")
        return
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
