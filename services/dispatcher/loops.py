"""How the dispatcher repeats its tasks: each in a thread of its own, so that a slow one delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage
from intergestan_runtime.archive import Unreachable
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.service import Loop

_log = structlog.get_logger(__name__)


def every(seconds: float, work: Callable[[], object]) -> Loop:
    """A loop that works, rests, and works again until told to stop. A base or an archive that is away is waited for."""

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                work()
            except ANY_REFUSAL as error:
                tell_outage(error, "The base does not take it; trying again.", task=loop.__name__)
            except Unreachable as error:
                told = {"task": loop.__name__, "error": str(error)}
                RARELY.warn(_log, "archive", "The archive does not answer; trying again.", **told)
            stop.wait(seconds)

    loop.__name__ = getattr(work, "__name__", "loop")
    return loop
