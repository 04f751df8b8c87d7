"""A backlog fetched by several connections at once, handed on in the order in which it was listed."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Generic, Protocol

from services.poller.handles import Handle
from services.poller.troubles import MailboxTrouble, delay

_jitter = random.SystemRandom().random


class Lane(Protocol[Handle]):
    """A connection that can fetch mails. Whatever goes wrong is a `MailboxTrouble`."""

    def bodies(self, mails: Sequence[Handle], octets: int) -> Mapping[Handle, bytes]:
        """As `Source.bodies`."""

    def close(self, *, politely: bool) -> None:
        """End the connection."""

    def hang_up(self) -> None:
        """End it from another thread, whatever it does."""


Batch = tuple[Sequence[Handle], int]
"""Mails to fetch together, and the octets that they may have."""

Fetched = Callable[[], Mapping[Handle, bytes]]
"""Waits for the mails of a batch, or raises why they could not be had."""


class Lanes(Generic[Handle]):
    """The further connections of one mailbox. Of one thread, but for what happens inside.

    A further connection that is refused, or breaks, is no trouble of the mailbox: its batch is fetched by another, the
    first one at last, and no further one is tried until its back-off has passed.

    :param main: the connection that the mailbox has anyway.
    :param another: makes a further one, or None where the protocol allows only one.
    :param told: hears why one was given up.
    """

    def __init__(
        self, main: Lane[Handle], another: Callable[[], Lane[Handle] | None], told: Callable[[MailboxTrouble], None]
    ) -> None:
        self._main: Lane[Handle] = main
        self._another: Callable[[], Lane[Handle] | None] = another
        self._told = told
        self._further: list[Lane[Handle]] = []
        self._failures = 0
        self._not_before = 0.0

    def fetch(self, batches: Sequence[Batch[Handle]], connections: int) -> Generator[Fetched[Handle], None, None]:
        """Each batch's mails, in this order; at most `connections` batches are fetched, or wait here, at a time.

        Close it to stop: what has not begun never does, what has is cut off.
        """
        self._open(min(connections, len(batches)) - 1)
        if not self._further:
            yield from (partial(self._main.bodies, *batch) for batch in batches)
            return
        idle: SimpleQueue[Lane[Handle]] = SimpleQueue()
        idle.put(self._main)
        for lane in self._further:
            idle.put(lane)
        under_way: deque[Future[Mapping[Handle, bytes]]] = deque()
        at_once, over = len(self._further) + 1, threading.Event()
        with ThreadPoolExecutor(at_once, "fetch") as threads:
            try:
                for batch in batches:
                    under_way.append(threads.submit(self._fetch, idle, batch, over))
                    if len(under_way) == at_once:
                        yield under_way.popleft().result
                while under_way:
                    yield under_way.popleft().result
            finally:
                over.set()
                self._abandon(under_way)

    def close(self, *, politely: bool) -> None:
        """End the further connections."""
        while self._further:
            self._further.pop().close(politely=politely)

    def hang_up(self) -> None:
        """End them from another thread."""
        for lane in list(self._further):
            lane.hang_up()

    def _open(self, wanted: int) -> None:
        while len(self._further) < wanted and time.monotonic() >= self._not_before:
            try:
                lane = self._another()
            except MailboxTrouble as trouble:
                self._give_up(trouble)
                return
            if lane is None:
                return
            self._further.append(lane)
            self._failures = 0

    def _fetch(
        self, idle: SimpleQueue[Lane[Handle]], batch: Batch[Handle], over: threading.Event
    ) -> Mapping[Handle, bytes]:
        while True:
            lane, is_fit = idle.get(), True
            try:
                return lane.bodies(*batch)
            except MailboxTrouble as trouble:
                if lane is self._main or over.is_set():
                    raise
                is_fit = False
                self._retire(lane, trouble)
            finally:
                if is_fit:
                    idle.put(lane)

    def _retire(self, lane: Lane[Handle], trouble: MailboxTrouble) -> None:
        lane.close(politely=False)
        self._further.remove(lane)
        self._give_up(trouble)

    def _give_up(self, trouble: MailboxTrouble) -> None:
        self._failures += 1
        self._not_before = time.monotonic() + delay(trouble.kind, self._failures, _jitter)
        self._told(trouble)

    def _abandon(self, under_way: Sequence[Future[Mapping[Handle, bytes]]]) -> None:
        if any(not future.cancel() and not future.done() for future in list(under_way)):
            self.hang_up()
            self._main.hang_up()
