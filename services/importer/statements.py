"""Takes a partner's statement of what was sent and received."""

from __future__ import annotations

import structlog

from intergestan_db.trace_context import hand_on
from intergestan_exchange.outbox.mail_orders import orders_of
from intergestan_exchange.statements.beginnings import keep
from intergestan_exchange.statements.statement_mails import Spending, Taken, take_statement
from intergestan_exchange.statements.statements import Counter
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_runtime.steps import COMPOSE, IMPORT, SEND
from services.importer.turn import Turn, Verified

_log = structlog.get_logger(__name__)


def take_partners_statement(mail: Verified) -> bool:
    """Compare it outside of the transaction, for that may take a while; then send again what was lost."""
    turn, transfer, reading, statement = mail.turn, mail.transfer, mail.reading, mail.manifest.statement
    assert statement is not None
    parts = turn.parts
    with parts.database.read() as connection:
        counter = Counter(connection, transfer.partner.id)
        compared = counter.compare_all(statement)
    longer = counter.longer()
    with parts.database.transaction() as connection:
        now = parts.database.now()
        options = parts.options
        spending = Spending(options.limits, is_free=turn.row.replayed)
        taken = take_statement(connection, turn.mail, transfer, statement, compared, options.under_way, now, spending)
        if taken.is_newest:
            keep(connection, transfer.partner.id, longer)
        if taken.findings:
            turn.write_hold(connection, taken.findings, reading, transfer.partner.id)
        hand_on(connection, taken.compose, parts.tracer.here())
        orders = orders_of(connection, taken.send) if taken.send else []
    _tell(turn, taken, transfer, orders)
    return True


def _tell(turn: Turn, taken: Taken, transfer: Transfer, orders: list[str]) -> None:
    broker = turn.parts.broker
    COMPOSE.ring(broker, *taken.compose)
    SEND.ring(broker, *taken.send)
    IMPORT.ring(broker, *taken.take_in)
    if not taken.findings:
        turn.count("statement")
    if taken.send:
        told = {"partner": transfer.partner.name, "mails": taken.send, "orders": orders}
        _log.warning("Mails did not arrive; they go out again.", **told)
    _log.info("A statement.", partner=transfer.partner.name, lost=len(taken.send), waits=bool(taken.findings))
