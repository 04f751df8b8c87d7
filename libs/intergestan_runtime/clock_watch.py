"""Notices that somebody set this machine's clock: it is watched against one that only goes forward."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_STEP_S = 2.0
"""A smaller one changes nothing here; a clock that NTP slews drifts by half a millisecond a second."""


def steady() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps where it has such a one."""
    return time.clock_gettime(_STEADY)


def _steadiest() -> int:
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has it
    try:
        time.clock_gettime(clock)
    except OSError:  # and a sandbox that plays Linux may not
        return time.CLOCK_MONOTONIC
    return clock


_STEADY = _steadiest()


class ClockWatch:
    """Watches from its creation on. Not thread-safe."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady) -> None:
        self._wall = wall
        self._steady = steady
        self._offset = wall() - steady()

    def step(self) -> float:
        """By how many seconds the clock was set since the last call, negative for back; 0.0 for less than 2 s.

        Drift is no step: what is less than that counts from the last call on.
        """
        offset = self._wall() - self._steady()
        step, self._offset = offset - self._offset, offset
        return step if abs(step) >= LEAST_STEP_S else 0.0
