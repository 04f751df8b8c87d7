"""The end of NOTIFY_SOCKET at which systemd listens (sd_notify(3))."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.patience import eventually


class Manager:
    """A context manager. `environment` is what a service manager adds to the environment of a service."""

    def __init__(self, address: str | Path, watchdog_seconds: float | None = None) -> None:
        self.environment = {"NOTIFY_SOCKET": str(address)}
        if watchdog_seconds is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        name = str(address)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def wait_for(self, line: str, times: int = 1) -> None:
        """Until this line was said so many times from now on."""
        count = 0

        def is_said() -> bool:
            nonlocal count
            count += self.listen().count(line)
            return count >= times

        eventually(is_said, what=lambda: f"{line} is said; this was: {self.heard}")

    def listen(self, seconds: float = 0.0) -> list[str]:
        """All lines that were said and nobody has heard yet, once this time is over."""
        time.sleep(seconds)
        lines: list[str] = []
        while True:
            try:
                lines += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                self.heard += lines
                return lines
