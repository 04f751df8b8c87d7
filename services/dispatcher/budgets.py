"""What waits for the budget of a partner goes on when there is room in it again."""

from __future__ import annotations

import structlog

from intergestan_db.database import Database
from intergestan_exchange.budgets import spending
from intergestan_exchange.budgets.limits import Limits
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import IMPORT

_log = structlog.get_logger(__name__)
BY = "dispatcher"


class Budgets:
    """Lets it go on, the oldest first. Several may run: a mail that another one let go on waits no more."""

    def __init__(self, database: Database, broker: BellBroker, limits: Limits) -> None:
        self._database = database
        self._broker = broker
        self._limits = limits

    def let_go_on(self) -> int:
        """How many mails go on."""
        with self._database.read() as connection:
            ripe = spending.ripe(connection, self._limits, self._database.now())
        if not ripe:
            return 0
        with self._database.transaction() as connection:
            ids = spending.let_go_on(connection, ripe, by=BY, at=self._database.now())
        if ids:
            IMPORT.ring(self._broker, *ids)
            _log.info("Mails that waited for a partner's budget go on.", mails=len(ids))
        return len(ids)
