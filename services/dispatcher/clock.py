"""Notices that this machine's clock was set back, and says so: in the log, and in the base for `status` and `watch`.

What a clock wrote that was fast counts as past by itself (`leases`, `due`, the sender's `too_far`); people must know
why times of the future stand there.
"""

from __future__ import annotations

import structlog

from intergestan_db.database import Database
from intergestan_exchange.health.clock import note_set_back, read_clock
from intergestan_runtime.clock_watch import ClockWatch

_log = structlog.get_logger(__name__)
BY = "dispatcher"


class ClockKeeper:
    """Watches the clock from its creation on, and at its first look whether it was set back before."""

    def __init__(self, database: Database, watch: ClockWatch | None = None) -> None:
        self._database = database
        self._watch = watch or ClockWatch()
        self._is_first = True

    def look(self) -> int:
        """Say that the clock was set back, if it was since the last look; by how many seconds."""
        step = self._watch.step()
        back = max(0, round(-step))
        if step > 0:
            _log.warning("The clock of this machine was set forward.", seconds=round(step))
        if back == 0 and self._is_first:
            with self._database.read() as connection:
                found = read_clock(connection, self._database.now())
            back = found.ahead if found.set_back_at is None else 0  # else the last run said it
        if back:
            self._tell(back)
        self._is_first = False
        return back

    def _tell(self, seconds: int) -> None:
        now = self._database.now()
        _log.warning(
            "The clock of this machine was set back. What was written in its future counts as past.", seconds=seconds
        )
        with self._database.transaction() as connection:
            note_set_back(connection, seconds, now, by=BY)
