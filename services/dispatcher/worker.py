"""The dispatcher's shell: a loop that rings, one that measures, one that tidies up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import redis
import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.exc import DBAPIError

from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import STEPS
from intergestan_site.database import Database
from intergestan_site.tables import InboundMail
from intergestan_site.words import InboundState
from services.dispatcher.due import AT_ONCE, DUE, is_any_due, take_due
from services.dispatcher.gauges import measure
from services.dispatcher.settings import DispatcherSettings

_log = structlog.get_logger(__name__)

TIDY_SECONDS = 3600.0


class Dispatcher:
    """Rings for what is due. Several may run: each row is rung for by one of them."""

    def __init__(
        self,
        database: Database,
        broker: BellBroker,
        metrics: Metrics,
        archive: Archive,
        settings: DispatcherSettings,
    ) -> None:
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._archive = archive
        self._settings = settings

    def ring_due(self) -> int:
        """Ring for every due row that was not rung for just now; how many there were."""
        again = timedelta(seconds=self._settings.ring_again_seconds)
        rung = 0
        for due in DUE:
            now = self._database.now()
            with self._database.read() as connection:
                if not is_any_due(connection, due, now, again):
                    continue
            with self._database.transaction() as connection:
                ids = take_due(connection, due, now, again)
            due.step.ring(self._broker, *ids)
            rung += len(ids)
        return rung

    def measure(self) -> None:
        """Set the gauges: from the base, and the length of the queues."""
        with self._database.read() as connection:
            measure(connection, self._metrics)
        try:
            lengths = self._broker.queue_lengths(step.queue for step in STEPS)
        except redis.RedisError as error:
            _log.warning("The queues could not be measured.", error=str(error))
            return
        for queue, length in lengths.items():
            self._metrics.set("queue_messages", length, queue=queue)

    def drop_aliens(self) -> int:
        """Drop the bytes of strangers' mails that are old enough; that they came stays known."""
        before = self._database.now() - timedelta(days=self._settings.alien_days)
        old = (InboundMail.state == InboundState.ALIEN, InboundMail.archived_at < before, InboundMail.size > 0)
        dropped = 0
        while names := self._some(select(InboundMail.sha256).where(*old).limit(AT_ONCE)):
            for name in names:
                self._archive.remove(name)
            with self._database.transaction() as connection:
                connection.execute(update(InboundMail).where(InboundMail.sha256.in_(names)).values(size=0))
            dropped += len(names)
        return dropped

    def _some(self, query: Select[str]) -> Sequence[str]:
        with self._database.read() as connection:
            return connection.execute(query).scalars().all()

    def ringing(self, stop: threading.Event) -> None:
        """A loop: ring until told to stop. A base that is away is waited for."""
        self._every(self._settings.scan_seconds, self.ring_due, stop)

    def measuring(self, stop: threading.Event) -> None:
        """A loop: measure until told to stop."""
        self._every(self._settings.gauge_seconds, self.measure, stop)

    def tidying(self, stop: threading.Event) -> None:
        """A loop: tidy up every hour."""
        self._every(TIDY_SECONDS, self.drop_aliens, stop)

    def _every(self, seconds: float, work: Callable[[], object], stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                work()
            except DBAPIError as error:
                _log.warning("The base does not answer; trying again.", error=str(error))
            stop.wait(seconds)
