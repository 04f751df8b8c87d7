"""Heartbeats from the dispatcher's side: asked for, called lost, tidied away. Several dispatchers may do it."""

from __future__ import annotations

import structlog

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_exchange.heartbeats import heartbeat_tidy, heartbeats
from intergestan_exchange.heartbeats.heartbeat_routes import read_routes
from intergestan_operations.opening.outage import ANY_REFUSAL
from intergestan_operations.starting.startup import rhythm_of
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.liveness import comes_on
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.settings import HeartbeatSettings
from intergestan_runtime.steps import COMPOSE

_log = structlog.get_logger(__name__)


class HeartbeatKeeper:
    """Lets heartbeats go round every route."""

    def __init__(
        self, database: Database, broker: BellBroker, metrics: Metrics, archive: Archive, settings: HeartbeatSettings
    ) -> None:
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._archive = archive
        self._is_on = settings.every_seconds > 0
        self._rhythm = rhythm_of(settings)

    def beat(self) -> int:
        """Ask for what is due, and call lost what is overdue; how many were asked for."""
        self._give_up()
        return self._request() if self._is_on else 0

    def measure(self) -> None:
        """Tell how often one is planned and when one last left, on each route."""
        try:
            with self._database.read() as connection:
                routes = read_routes(connection, self._database.now())
        except ANY_REFUSAL:
            self._metrics.vanish("heartbeat_interval_seconds", "heartbeat_last_seen_timestamp_seconds")
            raise
        for route in routes:
            self._metrics.set("heartbeat_interval_seconds", route.every_seconds or 0, route=route.code)
            sent = 0.0 if route.sent_at is None else route.sent_at.timestamp()
            self._metrics.set("heartbeat_last_seen_timestamp_seconds", sent, stage="sent", route=route.code)

    def tidy(self) -> int:
        """Delete old ones, and ask for the mailboxes to be rid of them; how many were deleted."""
        with self._database.transaction() as connection:
            heartbeat_tidy.ask_to_remove(connection, self._database.now())
        deleted = self._delete_received()
        while some := self._delete_sent():
            deleted += some
            comes_on()
        return deleted

    def _request(self) -> int:
        now = self._database.now()
        with self._database.read() as connection:
            if not heartbeats.look(connection, now, self._rhythm).is_any:
                return 0
        with self._database.transaction() as connection:
            ids = heartbeats.request_heartbeats(connection, now, self._rhythm)
        COMPOSE.ring(self._broker, *ids)
        return len(ids)

    def _give_up(self) -> None:
        now = self._database.now()
        with self._database.read() as connection:
            if not heartbeats.is_any_overdue(connection, now, self._rhythm):
                return
        try:
            with self._database.transaction() as connection:
                lost = heartbeats.give_up(connection, now, self._rhythm)
        except states.StaleState:
            return  # one left at this moment: the next look sees it
        self._metrics.inc("heartbeats_total", lost, outcome="lost")
        if lost:
            _log.warning("Heartbeats did not come back.", count=lost)

    def _delete_received(self) -> int:
        deleted = 0
        while True:
            with self._database.read() as connection:
                old = heartbeat_tidy.old_received(connection, self._database.now())
            if not old:
                return deleted
            for _id, sha256 in old:
                self._archive.remove(sha256)
                comes_on()
            with self._database.transaction() as connection:
                heartbeat_tidy.delete_received(connection, [mail_id for mail_id, _sha256 in old])
            deleted += len(old)

    def _delete_sent(self) -> int:
        with self._database.transaction() as connection:
            return heartbeat_tidy.delete_sent(connection, self._database.now())
