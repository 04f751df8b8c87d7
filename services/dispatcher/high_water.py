"""Keeps the high-water file: what tells a database that was copied back (ADR 0027)."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from intergestan_db.database import Database
from intergestan_exchange.history.high_water import Mark, is_news, is_older, raise_mark, read_mark
from intergestan_operations.opening.high_water_file import read_file, write_file
from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage
from intergestan_runtime.service import Loop
from services.dispatcher.loops import every

_log = structlog.get_logger(__name__)


class HighWaterKeeper:
    """Counts up in the database and then in the file, when anything happened since; else it costs a read."""

    def __init__(self, database: Database, file: Path) -> None:
        self._database = database
        self._file = file
        self._written: Mark | None = None
        self._failed = ""

    def keep(self) -> bool:
        """Write the file, if there is news; whether it was written.

        The count is committed before the file has it: a crash in between leaves the file behind, which is no harm. A
        database that goes back under running services (a replica that takes over) does not take the file with it. The
        file is read first, as at a start: another dispatcher may write in between.
        """
        seen = read_file(self._file)
        with self._database.read() as connection:
            mark = read_mark(connection, self._database.now())
        if seen is not None and is_older(mark.site, mark.n, seen):
            self._say("the database is older than the file: stop all services and note the restore")
            return False
        if not is_news(mark, self._written or seen):
            return False
        with self._database.transaction() as connection:
            raise_mark(connection)
            mark = read_mark(connection, self._database.now())
        self._written = mark  # what cannot be written is tried again when there is news, not in every round
        try:
            write_file(self._file, mark)
        except OSError as error:
            self._say(str(error))
            return False
        self._failed = ""
        return True

    def _say(self, error: str) -> None:
        if error != self._failed:
            _log.warning(
                "The high-water file is not written: a database that is copied back is found late.", error=error
            )
        self._failed = error

    def loop(self, seconds: float) -> Loop:
        """A loop that keeps it, and keeps it once more at the end."""
        again = every(seconds, self.keep)

        def keep_high_water(stop: threading.Event) -> None:
            again(stop)
            try:
                self.keep()
            except ANY_REFUSAL as error:
                tell_outage(error, "The base does not take it; the high-water file stays.")

        return keep_high_water
