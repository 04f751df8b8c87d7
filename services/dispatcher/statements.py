"""Asks for the daily statements, and lets booking go on once a partner's statement agrees after a restore."""

from __future__ import annotations

import structlog

from intergestan_db.database import Database
from intergestan_exchange.statements import pauses, statement_requests
from intergestan_exchange.statements.statement_tidy import delete_sent
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.liveness import comes_on
from intergestan_runtime.steps import COMPOSE, IMPORT

_log = structlog.get_logger(__name__)
BY = "dispatcher"


class Statements:
    """What the dispatcher does about statements. Several may run: the newest request is the one that counts."""

    def __init__(self, database: Database, broker: BellBroker, hours: int) -> None:
        self._database = database
        self._broker = broker
        self._hours = hours

    def ask_for_statements(self) -> int:
        """Ask the composer for those that are due; how many there were."""
        now = self._database.now()
        with self._database.read() as connection:
            daily, paused = statement_requests.due(connection, self._hours, now)
        if not (daily or paused):
            return 0
        with self._database.transaction() as connection:
            ids = statement_requests.request(connection, daily, at=now)
            ids += statement_requests.request(connection, paused, at=now, wanted=True)
        COMPOSE.ring(self._broker, *ids)
        return len(ids)

    def tidy(self) -> int:
        """Delete ours of long ago; how many there were."""
        deleted = 0
        while some := self._delete_some():
            deleted += some
            comes_on()
        return deleted

    def _delete_some(self) -> int:
        with self._database.transaction() as connection:
            return delete_sent(connection, self._database.now())

    def end_pauses(self) -> int:
        """Go on booking for the partners whose statement agrees; how many mails are taken in now."""
        now = self._database.now()
        with self._database.read() as connection:
            are_ahead, partners = pauses.are_ahead(connection, now), pauses.agreed(connection)
        if are_ahead:
            with self._database.transaction() as connection:
                pauses.bring_near(connection, at=now)
        if not partners:
            return 0
        with self._database.transaction() as connection:
            ids = pauses.resume(connection, partners, by=BY, at=self._database.now())
        IMPORT.ring(self._broker, *ids)
        _log.info("Booking goes on: the partners' statements agree.", partners=len(partners), mails=len(ids))
        return len(ids)
