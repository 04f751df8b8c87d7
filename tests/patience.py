"""How long the tests wait for what must come: one setting, and the one way to wait.

A deadline of a test ends what hangs; it says nothing about speed. All of them come from here, and the environment
variable INTERGESTAN_PATIENCE stretches all of them, those of pytest too (`tests/conftest.py`): 3 is for a machine with
much else to do. What waits for something to come about is patient by itself while processes queue for the processors.
Where a time-out is itself the subject of a test, the peer is silent by construction, for ever.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self, TypeVar

FACTOR = float(os.environ.get("INTERGESTAN_PATIENCE", "1"))
ENOUGH = 100.0
"""Seconds, more than anything takes on a quiet machine that has no reason to take longer."""
_PROCESSORS = len(os.sched_getaffinity(0))

Result = TypeVar("Result")


def patient(seconds: float) -> float:
    """What a test gives to something that takes `seconds` at the very most on a quiet machine."""
    return seconds * FACTOR


PATIENCE = patient(3 * ENOUGH)
"""The time limit of everything else that has one: a process to end, an answer, a lock."""


class TooLate(AssertionError):
    """What was waited for did not come about in time."""


@contextmanager
def cheaply(seconds: float = 2.0) -> Iterator[None]:
    """The block costs this thread no more than a few times so many seconds of CPU.

    They are what is promised of a quiet machine; one whose caches and cores are shared takes up to three times as many
    for the same work. A pattern that takes more than linear time takes minutes.
    """
    began = time.thread_time()
    yield
    used = time.thread_time() - began
    if used > patient(3 * seconds):
        raise TooLate(f"It took {used:.1f} s of CPU; {seconds:.1f} s are promised.")


def eventually(
    condition: Callable[[], Result | Literal[False]],
    seconds: float = ENOUGH,
    what: str | Callable[[], object] = "",
    every: float = 0.02,
) -> Result:
    """Look again and again until the condition gives something true, which is returned.

    :param seconds: when to give up, on a quiet machine; where n processes queue for each processor, n times as late.
    :param what: what is waited for, or what shows it; the condition's place in the code by default.
    :raises TooLate: it has not come; the message names it.
    """
    left, began = patient(seconds), time.monotonic()
    looked = began
    while not (result := condition()):
        before, looked = looked, time.monotonic()
        left -= (looked - before) / max(1.0, os.getloadavg()[0] / _PROCESSORS)
        if left < 0:
            named = what() if callable(what) else what or _place(condition)
            raise TooLate(f"Still not so after {looked - began:.0f} s: {named}")
        time.sleep(every)
    return result


def _place(condition: Callable[[], object]) -> str:
    code = getattr(condition, "__code__", None)
    return repr(condition) if code is None else f"{code.co_filename}:{code.co_firstlineno}"


class Slowness:
    """How slow this machine is while the block runs, for what is promised in seconds of a machine that has time for it.

    A context manager. `factor` is 1 where nobody else wants the processors, and n where they are shared by n as busy as
    we are: how long some work takes, over the CPU time that it costs.
    """

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def factor(self) -> float:
        return max(1.0, self.wall / self.cpu) if self.cpu else 1.0

    def _measure(self) -> None:
        while not self._over.wait(0.1):
            began, used = time.monotonic(), time.thread_time()
            while time.thread_time() - used < _SAMPLE:
                pass
            self.wall += time.monotonic() - began
            self.cpu += time.thread_time() - used


_SAMPLE = 0.005
