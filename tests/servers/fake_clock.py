"""A clock of processes that may be set while they run: libfaketime, from Debian's package of that name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.process import ServerError

VARIABLE = "INTERGESTAN_TEST_FAKETIME"
"""Names the library where it lies elsewhere."""
PLACES = (
    f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
)
SLEEPS = Path(__file__).parent / "fake_clock_site"
"""Lets Python sleep under this library."""
CACHED_S = 1
"""So long a process goes on with the clock that it knew."""


class FakeClock:
    """What the processes with this `environment` take for the wall clock; only theirs, and not their steady clock.

    :param file: where they look it up.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._library = library()
        self.ahead = timedelta(0)
        self._write()

    @property
    def environment(self) -> Mapping[str, str]:
        """For the processes, started by `exec`, for the library is loaded then. They live in France."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(CACHED_S),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(SLEEPS),
            "TZ": "Europe/Paris",
        }

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + self.ahead

    def set_ahead(self, ahead: timedelta) -> None:
        """Let it be so far ahead of the true time, and wait until all processes have seen it."""
        self.ahead = ahead
        self._write()
        time.sleep(2 * CACHED_S)

    def set(self, instant: datetime) -> None:
        """Let it be this instant now."""
        self.set_ahead(instant - datetime.now(UTC))

    def _write(self) -> None:
        new = self._file.with_suffix(".new")  # it is read at any moment: never half written
        new.write_text(f"{self.ahead.total_seconds():+.3f}\n")
        new.replace(self._file)


def library() -> Path:
    """Where libfaketime is.

    :raises ServerError: it is not installed; the message names the cure.
    """
    named = os.environ.get(VARIABLE)
    for place in (named,) if named else PLACES:
        if Path(place).is_file():
            return Path(place)
    cure = f"apt-get install faketime, or run make test; or name the library in {VARIABLE}"
    raise ServerError(f"libfaketime is not installed ({sys.platform}). Cure: {cure}.")
