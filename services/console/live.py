"""Who listens for news: one watcher asks the database while somebody does, and wakes all of them.

It runs in the loop of events of the server; the database is asked in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
import anyio.to_thread

from intergestan_db.database import AWAY, Database
from intergestan_exchange.listing.news import Place, newest_told
from intergestan_operations.opening.outage import tell_outage

LOOK_S: Final = 0.5
MOST: Final = 100
"""So many streams a process has open."""
MOST_OF_ONE: Final = 2
"""So many of one token."""


class Watcher:
    """Looks whether there are news, as long as somebody listens."""

    def __init__(self, database: Database, look_s: float = LOOK_S) -> None:
        self._database = database
        self._look_s = look_s
        self._listeners = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._open: Counter[int] = Counter()
        self._counting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self.is_over = False

    @property
    def is_watching(self) -> bool:
        """Whether the database is asked."""
        return self._task is not None

    def open(self, token_id: int) -> bool:
        """Count a stream that begins; whether there is room for it."""
        with self._counting:  # calls come in threads, streams end in the loop of events
            if self._open.total() >= MOST or self._open[token_id] >= MOST_OF_ONE:
                return False
            self._open[token_id] += 1
            return True

    def close(self, token_id: int) -> None:
        """A stream has ended."""
        with self._counting:
            self._open[token_id] -= 1
            self._open += Counter()  # without those of whom none is open

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Have the database asked meanwhile."""
        self._listeners += 1
        self._loop = asyncio.get_running_loop()
        if self._task is None:
            self._stop = asyncio.Event()
            self._task = self._loop.create_task(self._watch(self._stop))
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0:
                task, self._task = self._task, None
                self._stop.set()
                with anyio.CancelScope(shield=True):  # a look that goes on has a connection of the database
                    await task

    def end(self) -> None:
        """Let all streams end, from another thread: the server stops."""
        self.is_over = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._news.set()

    @property
    def news(self) -> asyncio.Event:
        """Is set once there are news after this moment. Whoever reads takes it before, and waits for it afterwards."""
        return self._news

    async def _watch(self, stop: asyncio.Event) -> None:
        last: Place | None = None
        limiter = anyio.CapacityLimiter(1)
        while not stop.is_set():
            try:
                found: Place | None = await anyio.to_thread.run_sync(self._newest, limiter=limiter)
            except AWAY as error:
                tell_outage(error, "News are not told: the base does not answer.")
                found = last
            if found != last:
                last, told, self._news = found, self._news, asyncio.Event()
                told.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._look_s)

    def _newest(self) -> Place:
        with self._database.read() as connection:
            return newest_told(connection)
