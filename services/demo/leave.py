"""Ctrl-C and its like end the demo, cleaned up."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Leave:
    """Raises SystemExit(128 + number) when a signal comes, wherever the main thread is then.

    Python drops what is raised within a callback of an import or of the garbage collector: `check` raises it anew.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    def on_signals(self) -> None:
        """From now on a signal ends the process."""
        for number in SIGNALS:
            signal.signal(number, self._leave)

    def no_more(self) -> None:
        """From now on signals are ignored: an impatient second Ctrl-C must not cut the cleaning up."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def check(self) -> None:
        """Raise SystemExit if a signal has come."""
        if self._number is not None:
            raise SystemExit(128 + self._number)

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        self._number = number
        self.check()
