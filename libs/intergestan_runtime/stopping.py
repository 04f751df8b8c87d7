"""How a process is told to stop."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue
from types import FrameType


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once. For the main thread.

    A thread sets it. The handler runs in the main thread, which may be inside the event's own `wait` and hold its lock,
    so that `set` would wait for ever; what may be put into at any moment is a `SimpleQueue`.
    """
    stop, told = threading.Event(), SimpleQueue[int]()

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        told.put(number)

    def pass_on() -> None:
        told.get()
        stop.set()

    threading.Thread(target=pass_on, name="stop", daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop
