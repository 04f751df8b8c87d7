"""The timing of leases. The leases themselves are rows of the base; Redis holds none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from structlog import get_logger

WORKER_BEAT = 3.0
"""Seconds between two signs of life of a worker process."""
WORKER_LEASE = 9.0
"""Seconds for which a sign of life counts: its mailboxes are free after that."""
ROW_BEAT = 15.0
"""Seconds between two renewals of the mail rows that a process works on, all in one UPDATE."""
ROW_LEASE = 60.0
"""Seconds after which a row that was not renewed may be claimed by another."""

_log = get_logger(__name__)


class Heart:
    """A thread that calls `beat` now and then every so many seconds, until stopped.

    A beat that raises is logged and counted in `failures` (in a row), and the next one comes all the same:
    who holds a lease finds out by its fence that it was lost, not by this.
    """

    def __init__(self, beat: Callable[[], None], every: float, *, name: str = "heart") -> None:
        self.failures = 0
        self._beat = beat
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Beat for the first time at once, in the thread."""
        self._thread.start()

    def stop(self) -> None:
        """No beat begins after this; waits for the one under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._beat_once()
            self._stopping.wait(self._every)

    def _beat_once(self) -> None:
        try:
            self._beat()
            self.failures = 0
        except Exception:  # noqa: BLE001 - the next beat comes all the same
            self.failures += 1
            _log.exception("A heartbeat failed.", name=self._thread.name, failures=self.failures)
