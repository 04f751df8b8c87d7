"""Proof that a process does its work, given by the threads that do it; and when one that has none ends itself.

A thread that hangs looks alive. So each shows that it comes round (`Pulse`), jobs say how long they last, and a process
of which that fails for a minute ends with 1: `up`, systemd, compose and Kubernetes then start it again alike. A machine
that slept, or was so busy that even the looking was late, proves nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

CONSUMER_S = 60.0
"""A thread that waits for bells comes round every few seconds, whatever Redis does."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How patient a process is with itself.

    :ivar longest: seconds that one piece of work may take: the longest that may be honest, and more.
    :ivar patience: seconds for which the proof must fail until the process ends itself.
    """

    longest: float = 900.0
    patience: float = 60.0

    @property
    def look(self) -> float:
        """Seconds between two looks."""
        return min(2.0, self.patience / 10)


USUAL = Bounds()


class Pulse:
    """Shows that one thread comes round: it works for at most `longest` seconds at a time, or it rests."""

    def __init__(self, name: str, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._longest = longest
        self._clock = clock
        self._since = clock()
        self._resting = 0

    def beat(self) -> None:
        """It comes round at this moment."""
        self._since = self._clock()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """It waits for something, for any time."""
        self._resting += 1
        try:
            yield
        finally:
            self.beat()
            self._resting -= 1

    def hangs(self) -> bool:
        """Whether it works on one thing for too long."""
        return self._resting == 0 and self._clock() - self._since > self._longest


class _Mine(threading.local):
    """The pulse of the thread that asks."""

    pulse: Pulse | None = None


_mine = _Mine()


@contextmanager
def pulse_of_this_thread(pulse: Pulse) -> Iterator[None]:
    """What this thread does meanwhile may take long, if it says now and then that it comes on."""
    _mine.pulse = pulse
    try:
        yield
    finally:
        _mine.pulse = None


def comes_on() -> None:
    """A long piece of work says so with each part of it that is done."""
    if _mine.pulse is not None:
        _mine.pulse.beat()


class PulsingStop(threading.Event):
    """The event by which a loop is told to stop: whoever asks it shows that it comes round, who waits for it rests."""

    def __init__(self, stop: threading.Event, pulse: Pulse) -> None:
        super().__init__()
        self._stop = stop
        self._pulse = pulse

    def is_set(self) -> bool:
        """Whether to stop."""
        self._pulse.beat()
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Rest until told to stop, or for so many seconds."""
        with self._pulse.resting():
            return self._stop.wait(timeout)

    def set(self) -> None:
        """Tell everybody to stop."""
        self._stop.set()


def hanging(pulses: Iterable[Pulse]) -> str | None:
    """Which of them hang, as a check of /live."""
    names = [pulse.name for pulse in pulses if pulse.hangs()]
    return f"These threads hang: {', '.join(names)}." if names else None


class Verdict:
    """Decides when a process that cannot prove that it lives ends itself. Pure.

    :param patience: seconds of failing.
    :param starved: a look that comes later than so many seconds after the last one says that this process, and so
        perhaps each of its threads, did not run: the failing begins anew.
    """

    def __init__(self, patience: float, starved: float) -> None:
        self._patience = patience
        self._starved = starved
        self._failing_since: float | None = None
        self._last: float | None = None

    def is_over(self, failing: bool, now: float) -> bool:  # noqa: FBT001 - what is judged
        """What one look at `now`, of a steady clock, says; to be asked regularly."""
        was_starved = self._last is not None and now - self._last > self._starved
        self._last = now
        if not failing:
            self._failing_since = None
        elif was_starved or self._failing_since is None:
            self._failing_since = now
        return self._failing_since is not None and now - self._failing_since >= self._patience


def verdict_of(bounds: Bounds) -> Verdict:
    """For a process that looks every `bounds.look` seconds."""
    return Verdict(bounds.patience, starved=max(1.0, 5 * bounds.look))
