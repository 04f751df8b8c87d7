"""Tells systemd, or whoever else set NOTIFY_SOCKET, how this process is (sd_notify(3), sd_watchdog_enabled(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

from structlog import get_logger

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""They are for one process; a child that inherits them would speak for its parent."""

_BEATS = 3  # within one watchdog interval: two may be lost

_log = get_logger(__name__)


class Notifier:
    """Says READY, WATCHDOG and STOPPING. Where nobody listens each method does nothing.

    :ivar pause: seconds from one `beat` to the next; None where there is no watchdog.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.pause = _watchdog_seconds(environment) if self._address else None
        self._next_beat = 0.0

    def ready(self, status: str) -> None:
        """The process does its work from now on."""
        self._say("READY=1", f"STATUS={status}")

    def beat(self) -> None:
        """All is well; called more often than every `pause` seconds it says so once in that time."""
        now = time.monotonic()
        if self.pause is not None and now >= self._next_beat:
            self._next_beat = now + self.pause * 0.9
            self._say("WATCHDOG=1")

    def stopping(self, seconds: float) -> None:
        """The process ends what is under way, for at most so many seconds; until then nobody beats."""
        longer = [] if self.pause is None else [f"WATCHDOG_USEC={int((seconds + 10) * 1e6)}"]
        self._say("STOPPING=1", "STATUS=Ends what is under way.", *longer)

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.connect(self._address)
                connection.sendall("\n".join(lines).encode())
        except OSError as error:
            _log.warning("The service manager was not told how we are.", error=str(error))


def without_notification(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child."""
    return {name: value for name, value in environment.items() if name not in VARIABLES}


def _address(name: str) -> str:
    """A path, or a name in Linux' abstract space, which is written with an @."""
    return f"\0{name[1:]}" if name.startswith("@") else name


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    microseconds = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1e6 / _BEATS if meant and microseconds.isdecimal() and int(microseconds) else None
