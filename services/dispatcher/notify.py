"""Tells the person in charge by mail what waits; the sender takes the mail to the relay."""

from __future__ import annotations

from datetime import timedelta

import structlog

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_exchange.holds import notices
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.settings import NoticeSettings
from intergestan_runtime.steps import NOTIFY

_log = structlog.get_logger(__name__)


class Notifier:
    """Writes a notice when there is news and the last one is old enough. Several may run: one of them writes."""

    def __init__(self, database: Database, broker: BellBroker, settings: NoticeSettings, language: str) -> None:
        self._database = database
        self._broker = broker
        self._to = settings.to
        self._every = timedelta(minutes=settings.every_minutes)
        self._language = language
        self._complaint: str | None = None

    def notify(self) -> int | None:
        """Write the notice that is due; its row id, or None."""
        if self._to is None:
            return None
        try:
            notice_id = self._write(self._to)
        except Problem as problem:
            self._complain(str(problem))
            return None
        if notice_id is not None:
            NOTIFY.ring(self._broker, notice_id)
        return notice_id

    def _write(self, to: str) -> int | None:
        now = self._database.now()
        with self._database.read() as connection:
            standing = notices.compare(connection).at(now)
            is_time = standing.is_time(now, self._every)
            drafted = notices.draft(connection, standing, to, self._language, self._every, now) if is_time else None
        if standing.gone:
            with self._database.transaction() as connection:
                notices.forget(connection, standing.gone)
        if drafted is None:
            return None
        with self._database.transaction() as connection:
            return notices.write(connection, drafted, now)

    def _complain(self, problem: str) -> None:
        """Say it once, not with every look."""
        if problem != self._complaint:
            _log.error("No notice can be sent.", problem=problem)
        self._complaint = problem
