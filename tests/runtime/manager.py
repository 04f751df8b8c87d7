"""The end of NOTIFY_SOCKET at which systemd listens (sd_notify(3))."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class Manager:
    """A context manager. `environment` is what a service manager adds to the environment of a service."""

    def __init__(self, address: str | Path, watchdog_seconds: float | None = None) -> None:
        self.environment = {"NOTIFY_SOCKET": str(address)}
        if watchdog_seconds is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = str(address)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def wait_for(self, line: str, times: int = 1, seconds: float = 60) -> None:
        """Until this line was said so many times from now on."""
        deadline = time.monotonic() + seconds
        count = 0
        while count < times:
            lines = self._listen(deadline - time.monotonic(), line)
            count += lines.count(line)

    def listen(self, seconds: float) -> list[str]:
        """All lines that are said in this time."""
        deadline = time.monotonic() + seconds
        lines: list[str] = []
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                lines += self._socket.recv(4096).decode().split("\n")
            except TimeoutError:
                break
        self.heard += lines
        return lines

    def _listen(self, seconds: float, line: str) -> list[str]:
        if seconds <= 0:
            raise AssertionError(f"{line} was not said; this was: {self.heard}")
        self._socket.settimeout(seconds)
        try:
            lines = self._socket.recv(4096).decode().split("\n")
        except TimeoutError:
            return []
        self.heard += lines
        return lines
