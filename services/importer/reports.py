"""Takes the report of a mail server about one of our mails, or about any other."""

from __future__ import annotations

import structlog

from intergestan_exchange.delivery_reports.undelivered import (
    Effect,
    StillSending,
    find_reported,
    orders_reported,
    take_report,
)
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.mail.report_values import DeliveryReport
from services.importer.turn import Turn

_log = structlog.get_logger(__name__)


def take_delivery_report(turn: Turn, report: DeliveryReport, bounce_key: BounceKey | None) -> bool:
    """Do what a proven report says; one that came before its mail was marked as sent is read again.

    :returns: whether it is a report: what only looks like one is none unless its token is proven.
    """
    parts = turn.parts
    if not report.is_formal:
        with parts.database.read() as connection:
            if find_reported(connection, report, bounce_key) is None:
                return False
    try:
        with parts.database.transaction() as connection:
            effect = take_report(connection, turn.mail, report, bounce_key, parts.database.now())
            orders = orders_reported(connection, turn.mail.id)
    except StillSending as error:
        _log.info("A report came before its mail was sent; it is read again.", reason=str(error))
        turn.give_back(forgiven=True)
        return True
    _log.info("A report about a mail.", effect=effect, orders=orders)
    turn.count("foreign" if effect is Effect.UNPROVEN else "report")
    parts.metrics.inc("delivery_reports_total", outcome=effect)
    return True
