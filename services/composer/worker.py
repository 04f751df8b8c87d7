"""The composer's shell: one requested mail at a time, from its row id to its frozen bytes."""

from __future__ import annotations

import time

import structlog

from intergestan_msg.errors import BadDocument
from intergestan_msg.seal import SigningKey
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.logs import bind
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import COMPOSE, SEND
from intergestan_site import states
from intergestan_site.database import Database
from intergestan_site.words import HoldReason
from services.composer.compose import BY, CannotCompose, Prepared, freeze, prepare

_log = structlog.get_logger(__name__)


class Composer:
    """Composes requested mails with the site's key."""

    def __init__(
        self, database: Database, broker: BellBroker, metrics: Metrics, key: SigningKey, max_bytes: int
    ) -> None:
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._key = key
        self._max_bytes = max_bytes

    def compose(self, mail_id: int) -> None:
        """Compose one mail, if it is still requested. Doing it twice, or at the same time, does no harm."""
        started = time.monotonic()
        try:
            prepared = self._compose(mail_id)
        except (CannotCompose, BadDocument, ValueError) as error:
            self._hold(mail_id, str(error))
            return
        if prepared is None:
            return
        SEND.ring(self._broker, mail_id)
        self._metrics.inc("orders_total", len(prepared.contents), step="compose", outcome="done")
        self._metrics.observe("step_duration_seconds", time.monotonic() - started, step="compose")

    def _compose(self, mail_id: int) -> Prepared | None:
        with self._database.read() as connection:
            prepared = prepare(connection, mail_id, self._database.now())
        if prepared is None:
            return None
        with bind(transfer=prepared.mail.transfer_id, kind=str(prepared.kind)):
            try:
                with self._database.transaction() as connection:
                    freeze(connection, prepared, self._key, self._database.now(), self._max_bytes)
                    crashpoint("composer.before_commit")
            except states.StaleState:
                return None  # somebody else composed it
            crashpoint("composer.after_commit")
            _log.info("Composed.", documents=len(prepared.contents))
        return prepared

    def _hold(self, mail_id: int, error: str) -> None:
        _log.warning("Cannot compose; the mail waits for a person.", mail=mail_id, error=error)
        try:
            with self._database.transaction() as connection:
                states.move(
                    connection,
                    states.OUTBOUND_MAIL,
                    [mail_id],
                    "cannot_compose",
                    by=BY,
                    at=self._database.now(),
                    reason=HoldReason.NOT_COMPOSED,
                    detail=error,
                )
        except states.StaleState:
            return  # somebody else came to an end with it
        self._metrics.inc("orders_total", step="compose", outcome="held")


def declare(broker: BellBroker, composer: Composer) -> None:
    """Make the composer the actor of its step."""
    COMPOSE.work_with(broker, composer.compose)
