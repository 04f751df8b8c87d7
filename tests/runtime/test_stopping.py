"""How a process hears that it should stop."""

from __future__ import annotations

import subprocess
import sys

from tests.patience import PATIENCE

PROGRAM = """
import os, signal
from intergestan_runtime.stopping import stop_on_signals
stop = stop_on_signals()
with stop._cond:  # the main thread is inside the event's own wait
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))  # the handler runs here
print(stop.wait())
"""


def test_a_signal_is_heard_whatever_the_main_thread_is_at() -> None:
    """`Event.set` in a handler waits for ever where the main thread holds the lock of the event."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "True\n"
