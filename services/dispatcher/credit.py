"""Rings for the customers of orders that wait for room, when a day has passed or what they owe was changed (D29)."""

from __future__ import annotations

from datetime import timedelta

from intergestan_db.database import Database
from intergestan_erp.site.zone import today
from intergestan_exchange.credit_holds import due
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import CREDIT

AGAIN = timedelta(minutes=5)


class CreditRinger:
    """Computes nothing of what customers owe: an importer looks."""

    def __init__(self, database: Database, broker: BellBroker) -> None:
        self._database = database
        self._broker = broker

    def ring_for_credit(self) -> int:
        """Ring for the customers to look at, and once a day for all; how many bells there were."""
        now = self._database.now()
        with self._database.read() as connection:
            if not due.uses_credit(connection):
                return 0
            day = today(connection, now)
            anybody = due.is_any_due(connection, day, now, AGAIN)
            counted = due.is_counted(connection, day)
        customers: list[int] = []
        if anybody:
            with self._database.transaction() as connection:
                customers = due.take_due(connection, day, now, AGAIN)
        bells = customers if counted else [*customers, due.EVERYBODY]
        if bells:
            CREDIT.ring(self._broker, *bells)
        return len(bells)
