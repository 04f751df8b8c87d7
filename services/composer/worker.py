"""The composer's shell: one requested mail at a time, from its row id to its frozen bytes."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.system_words import text_of
from intergestan_exchange.heartbeats.heartbeats import drop, is_passing
from intergestan_exchange.outbox.mail_orders import orders_of
from intergestan_msg.diagnosis import stored_diagnosis
from intergestan_msg.errors import BadDocument
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.logs import bind
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import COMPOSE, SEND
from intergestan_runtime.tracing import NO_TRACER, Tracer
from services.composer.freeze import BY, freeze
from services.composer.key_ring import KeyRing
from services.composer.prepare import prepare
from services.composer.prepared import CannotCompose, Outdated, Prepared
from services.composer.statements import MOST_ASKED

_log = structlog.get_logger(__name__)


class Composer:
    """Composes requested mails with the site's keys."""

    def __init__(
        self,
        database: Database,
        broker: BellBroker,
        metrics: Metrics,
        keys: KeyRing,
        max_bytes: int,
        bounce_key: BounceKey | None = None,
        under_way: timedelta = timedelta(hours=1),
        tracer: Tracer = NO_TRACER,
        most_asked: int = MOST_ASKED,
    ) -> None:
        """:param under_way: what was composed less long ago is left out of statements.
        :param most_asked: how many numbers of a partner a statement notes as asked for.
        """
        self._most_asked = most_asked
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._keys = keys
        self._max_bytes = max_bytes
        self._bounce_key = bounce_key
        self._under_way = under_way
        self._tracer = tracer

    def compose(self, mail_id: int) -> None:
        """Compose one mail, if it is still requested. Doing it twice, or at the same time, does no harm."""
        started = time.monotonic()
        try:
            prepared = self._compose(mail_id)
        except (CannotCompose, BadDocument, ValueError) as error:
            self._hold(mail_id, text_of(error))
            return
        if prepared is None:
            return
        SEND.ring(self._broker, mail_id)
        with bind(transfer=prepared.request.mail.transfer_id):
            self._metrics.inc("orders_total", len(prepared.listed), step="compose", outcome="done")
            self._metrics.observe("step_duration_seconds", time.monotonic() - started, step="compose")

    def _compose(self, mail_id: int) -> Prepared | None:
        with self._database.read() as connection:
            prepared = prepare(connection, mail_id, self._database.now(), self._under_way)
        if prepared is None:
            return None
        about = {"transfer": prepared.request.mail.transfer_id, "kind": str(prepared.kind)}
        orders = {"orders": sorted({each.id for each in prepared.listed})} if prepared.listed else {}
        with bind(**about, **orders), self._tracer.step("compose", prepared.request.mail.trace_parent, **about):
            try:
                with self._database.transaction() as connection:
                    now, here = self._database.now(), self._tracer.here()
                    bounce_key, most = self._bounce_key, self._most_asked
                    freeze(connection, prepared, self._keys, now, self._max_bytes, bounce_key, here, most)
            except states.StaleState:
                return None  # somebody else composed it
            except Outdated as error:
                _log.info("Composed again as soon as the dispatcher rings.", why=str(error))
                return None
            _log.info("Composed.", documents=len(prepared.listed))
        return prepared

    def _hold(self, mail_id: int, error: str) -> None:
        try:
            with self._database.transaction() as connection:
                orders = orders_of(connection, [mail_id])
                _log.warning("Cannot compose.", mail=mail_id, orders=orders, error=error)
                if is_passing(connection, mail_id):
                    drop(connection, [mail_id], by=BY, at=self._database.now())
                    return
                states.move(
                    connection,
                    states.OUTBOUND_MAIL,
                    [mail_id],
                    "cannot_compose",
                    by=BY,
                    at=self._database.now(),
                    reason=HoldReason.NOT_COMPOSED,
                    detail=error,
                    diagnosis=stored_diagnosis(error),
                )
        except states.StaleState:
            return  # somebody else came to an end with it
        self._metrics.inc("orders_total", step="compose", outcome="held")
        self._metrics.inc("order_rejections_total", step="compose", reason=HoldReason.NOT_COMPOSED)


def declare(broker: BellBroker, composer: Composer) -> None:
    """Make the composer the actor of its step."""
    COMPOSE.work_with(broker, postponing(composer.compose))
