"""Looks again at orders that wait for room, of one customer at a time (D29)."""

from __future__ import annotations

import structlog

from intergestan_erp.site.zone import today
from intergestan_exchange.credit_holds.due import EVERYBODY, count
from intergestan_exchange.credit_holds.look_again import look_again
from intergestan_exchange.transfers.transfer import BY
from intergestan_runtime.steps import IMPORT
from services.importer.turn import Parts

_log = structlog.get_logger(__name__)


def look_at_customer(parts: Parts, customer_id: int) -> None:
    """Give back the mails that have room now; for nobody in particular, count who is above the maximum."""
    now = parts.database.now()
    with parts.database.transaction() as connection:
        if customer_id == EVERYBODY:
            found = count(connection, today(connection, now))
            _log.info("Customers above their maximum were counted.", customers=found)
            return
        released = look_again(connection, [customer_id], by=BY, at=now)
    IMPORT.ring(parts.broker, *released.take_in)
    if released.holds:
        _log.info("There is room for orders that waited.", holds=released.holds)
