"""Takes notices to the relay: each until one 250 says that it is there, because twice is better than never.

Whoever writes a notice does not say to whom: it goes to the address in the sender's own settings, from the site's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, update

from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import NoticeAbout
from intergestan_db.leases import FREE, Claims, is_free, lease
from intergestan_db.site_rows import OwnRelay, read_relay, read_site
from intergestan_db.tables import Notice
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import NOTIFY
from services.sender.outcome import Kind, Outcome, ResponseClass, one_line
from services.sender.schedule import retry_at
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, UnusableAccount

_log = structlog.get_logger(__name__)

_NOBODY = {
    NoticeAbout.HOLDS: "The sender's configuration names nobody for notices: set `to` in [notices] for it, too.",
    NoticeAbout.ALARMS: "The sender's configuration names nobody for alarms: set `to` in [alarms] for it, too.",
}

_OUTCOMES = {Kind.ACCEPTED: "sent", Kind.TRY_AGAIN: "deferred", Kind.UNKNOWN: "deferred", Kind.REFUSED: "refused"}


class NoticeSender:
    """Delivers due notices. What is refused for good is given up, and counted."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        worker: str,
        settings: SenderSettings,
        connections: Connections,
        readers: Mapping[NoticeAbout, str | None],
    ) -> None:
        """:param readers: who is told of what; None where nobody is."""
        self._database = database
        self._metrics = metrics
        self._worker = worker
        self._settings = settings
        self._connections = connections
        self._readers = readers
        self.claims = Claims(Notice)

    def send(self, notice_id: int) -> None:
        """Deliver one notice, if it is due and nobody else has it."""
        with self.claims.holding(notice_id):
            with self._database.transaction() as connection:
                claimed = _claim(connection, notice_id, self._worker, self._database.now())
            if claimed is not None:
                self._conclude(claimed[0], self._deliver(*claimed))

    def _deliver(self, notice: AnyRow, relay: OwnRelay, sender: str) -> Outcome:
        try:
            to = self._reader(notice.about)
            with self._connections.to(relay) as conversation:
                return conversation.deliver(sender, to, notice.mime, lambda: None)
        except UnusableAccount as error:
            kind, text = Kind.TRY_AGAIN, str(error)
        except ValueError as error:  # such an address must not travel
            kind, text = Kind.REFUSED, str(error)
        return Outcome(kind=kind, response_class=ResponseClass.PERMANENT, text=one_line(text))

    def _reader(self, about: str) -> str:
        """Whom the settings name. Raises ValueError where they name nobody, or nobody can be meant."""
        to = self._readers[NoticeAbout(about)]
        if to is None:
            raise ValueError(_NOBODY[NoticeAbout(about)])
        return to

    def _conclude(self, notice: AnyRow, outcome: Outcome) -> None:
        crashpoint("sender.notice_sent")
        now = self._database.now()
        values = consequence(notice, outcome, now, self._settings)
        with self._database.transaction() as connection:
            connection.execute(
                update(Notice)
                .where(Notice.id == notice.id, Notice.lease_fence == notice.lease_fence)
                .values(rung_at=None, **values, **FREE)
            )
        given_up = values["next_attempt_at"] is None and outcome.kind is not Kind.ACCEPTED
        self._metrics.inc("notices_total", outcome="refused" if given_up else _OUTCOMES[outcome.kind])
        if outcome.kind is Kind.ACCEPTED:
            _log.info("The person in charge was told.", reply=outcome.text)
        else:
            _log.warning("The person in charge was not told yet.", outcome=outcome.kind, reply=outcome.text)


def consequence(notice: AnyRow, outcome: Outcome, now: datetime, settings: SenderSettings) -> dict[str, Any]:
    """The columns that follow from an attempt: sent, due again, or given up."""
    if outcome.kind is Kind.ACCEPTED:
        return {"sent_at": now, "next_attempt_at": None, "error": None}
    too_long = now - notice.created_at > timedelta(days=settings.retry_days)
    lost = outcome.kind is Kind.REFUSED or too_long
    again = None if lost else retry_at(now, notice.attempts, settings.retry_seconds)
    return {"next_attempt_at": again, "error": outcome.text}


def _claim(connection: Connection, notice_id: int, worker: str, now: datetime) -> tuple[AnyRow, OwnRelay, str] | None:
    """Take a due notice, with the relay and who it is from; None when it is not due, not free, or the relay rests."""
    relay = read_relay(connection)
    if relay is None or (relay.paused_until is not None and relay.paused_until > now):
        return None
    notice = connection.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.next_attempt_at <= now, is_free(Notice, now))
        .values(attempts=Notice.attempts + 1, **lease(worker, now, Notice.lease_fence + 1))
        .returning(*Notice.__table__.c)
    ).first()
    return None if notice is None else (notice, relay, relay.bounce_address or read_site(connection).orders_address)


def declare(broker: BellBroker, notices: NoticeSender) -> None:
    """Make it the actor of its step."""
    NOTIFY.work_with(broker, postponing(notices.send))
