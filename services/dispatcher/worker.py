"""What the dispatcher does over and over: rings, measures, reminds, tidies up."""

from __future__ import annotations

from datetime import timedelta

import structlog

from intergestan_db.database import Database
from intergestan_db.write_trial import refusal
from intergestan_exchange.health.resting import count_old, keep_old
from intergestan_exchange.health.unanswered import is_anybody_to_remind, remind
from intergestan_exchange.health.vitals import CREDIT_DAYS, read_vitals
from intergestan_exchange.inbox.waiting import is_any_waiting, take_in_ripe
from intergestan_exchange.outbox.mail_orders import orders_of
from intergestan_operations.alerting.watching import redis_trouble
from intergestan_operations.opening.outage import ANY_REFUSAL
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.redis_client import REDIS_FAILURES
from intergestan_runtime.steps import IMPORT, SEND
from services.dispatcher.books import BooksCounter
from services.dispatcher.due import DUE, DUE_IN_STOCK, is_any_due, take_due
from services.dispatcher.gauges import OF_BASE, OF_REDIS, tell_archive, tell_redis, tell_vitals
from services.dispatcher.key_gauges import measure_keys
from services.dispatcher.new_rows import agency_orders, invoices, settlements
from services.dispatcher.party_gauges import measure_codes
from services.dispatcher.remainders import Remainders
from services.dispatcher.resting import RestingMails
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.uninvoiced import Uninvoiced

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Rings for what is due. Several may run: each row is rung for by one of them."""

    def __init__(
        self,
        database: Database,
        broker: BellBroker,
        metrics: Metrics,
        archive: Archive,
        settings: DispatcherSettings,
        answer_hours: int,
        credit_days: int = CREDIT_DAYS,
    ) -> None:
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._archive = archive
        self._settings = settings
        self._answer_hours = answer_hours
        self._new_rows = (settlements(), invoices(), agency_orders())
        self._credit_days = credit_days
        self._remainders = Remainders()
        self._uninvoiced = Uninvoiced()
        self._books = BooksCounter()
        self._resting = RestingMails()

    def ring_due(self) -> int:
        """Ring for every due row that was not rung for just now; how many there were."""
        again = timedelta(seconds=self._settings.ring_again_seconds)
        rung = 0
        for due in (*DUE, *(DUE_IN_STOCK if self._remainders.are_counted else ())):
            now = self._database.now()
            with self._database.read() as connection:
                if not is_any_due(connection, due, now, again):
                    continue
            with self._database.transaction() as connection:
                ids = take_due(connection, due, now, again)
            due.step.ring(self._broker, *ids)
            rung += len(ids)
        return rung

    def close_gaps(self) -> int:
        """Take in again the changes that wait for nothing any more; how many mails there were.

        Whatever settles a document wakes the change that waits for it, unless both came at the same moment.
        """
        with self._database.read() as connection:
            if not is_any_waiting(connection):
                return 0
        with self._database.transaction() as connection:
            ids = take_in_ripe(connection, by="dispatcher", at=self._database.now())
        IMPORT.ring(self._broker, *ids)
        return len(ids)

    def measure(self) -> None:
        """Set the gauges: from Redis, the archive's disk, and the base. What cannot be read is told no longer."""
        try:
            tell_redis(self._broker, self._metrics)
        except REDIS_FAILURES as error:
            self._metrics.vanish(*OF_REDIS)
            RARELY.warn(_log, "redis", "The queues could not be measured.", error=str(error))
        tell_archive(self._archive, self._metrics)
        try:
            with self._database.read() as connection:
                vitals = read_vitals(
                    connection, self._database.now(), self._answer_hours, credit_days=self._credit_days
                )
                measure_keys(connection, self._metrics, self._database.now())
                measure_codes(connection, self._metrics)
                self._remainders.look(connection, self._metrics)
                for each in self._new_rows:
                    each.look(connection, self._metrics)
                self._uninvoiced.look(connection, self._metrics, self._database.now())
                self._resting.look(connection, self._metrics, self._database.now())
                self._books.look(connection, self._metrics)
        except ANY_REFUSAL:
            self._uninvoiced = Uninvoiced()
            self._metrics.vanish(*OF_BASE)
            raise
        tell_vitals(vitals, self._metrics)

    def count_resting(self) -> int:
        """Count the orders and mails of long ago, of which `status` tells; of how many kinds."""
        now = self._database.now()
        with self._database.read() as connection:
            counted = count_old(connection, now)
        if counted:
            with self._database.transaction() as connection:
                keep_old(connection, counted, now)
        return len(counted)

    def try_writes(self) -> None:
        """Set the gauge that says whether base and Redis take writes."""
        self._metrics.set("writes_refused", refusal(self._database) is not None, store="base")
        trouble = redis_trouble(self._broker)
        self._metrics.set("redis_up", trouble.away is None)
        if trouble.away is not None:
            self._metrics.forget("writes_refused", {"store": ("base",)})
            return
        self._metrics.set("writes_refused", trouble.refusal is not None, store="redis")

    def remind(self) -> int:
        """Send the mails again that have had no answer for too long, once each; how many there were."""
        now = self._database.now()
        with self._database.read() as connection:
            if not is_anybody_to_remind(connection, self._answer_hours, now):
                return 0
        with self._database.transaction() as connection:
            ids = remind(connection, self._answer_hours, now, by="dispatcher")
            orders = orders_of(connection, ids)
        SEND.ring(self._broker, *ids)
        _log.warning("Orders have no answer: their mails go out once more.", mails=len(ids), orders=orders)
        return len(ids)
