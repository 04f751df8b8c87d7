"""Few log in at the same server at the same moment: it may forget those that it cannot greet at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 16  # per process; the queue of a listening socket often has room for 128
_GLANCE = 0.2  # seconds between two looks at whether we are to stop


class Doors:
    """One for each server, shared by all mailboxes of a process."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._doors: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def entering(self, host: str, stopping: threading.Event) -> Iterator[None]:
        """Wait until there is room at this server's door, or `stopping` is set."""
        with self._lock:
            door = self._doors.setdefault(host, threading.Semaphore(self._at_once))
        is_in = False
        while not is_in and not stopping.is_set():
            is_in = door.acquire(timeout=_GLANCE)
        try:
            yield
        finally:
            if is_in:
                door.release()
