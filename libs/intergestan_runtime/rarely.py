"""What goes on for hours is said once a minute: a log that tells of an outage must not fill the disk as well."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

MINUTE = 60.0
_MOST = 1000
"""Causes that are remembered; what fails in more ways at once is said more often."""


class Rarely:
    """Which causes were told when. For any threads.

    :param clock: seconds; tests hand in their own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[Hashable, tuple[float, int]] = {}

    def ask(self, cause: Hashable) -> int | None:
        """How often this cause was not told since it was told last, if it is to be told now; else None."""
        with self._lock:
            now = self._clock()
            told = self._told.get(cause)
            if told is not None and now - told[0] < MINUTE:
                self._told[cause] = (told[0], told[1] + 1)
                return None
            if len(self._told) >= _MOST:
                self._told.clear()
            self._told[cause] = (now, 0)
            return told[1] if told is not None else 0

    def warn(self, log: Any, cause: Hashable, event: str, **values: Any) -> None:
        """Warn of an outage, unless this cause was told within the last minute; `more` counts what was not told."""
        more = self.ask(cause)
        if more is not None:
            log.warning(event, **values, **({"more": more} if more else {}))


RARELY = Rarely()
"""Of this process."""


class QuietLibrary(logging.Filter):
    """Lets what a library warns of pass once a minute for each text and error, with the traceback of that one time.

    :param name: of the library's loggers.
    """

    def __init__(self, name: str, rarely: Rarely = RARELY) -> None:
        super().__init__()
        self._name = name
        self._rarely = rarely

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        ours = record.name == self._name or record.name.startswith(f"{self._name}.")
        if not ours or record.levelno < logging.WARNING:
            return True
        errors = [record.exc_info[1]] if record.exc_info else []
        errors += [each for each in record.args or () if isinstance(each, BaseException)]
        return self._rarely.ask((self._name, str(record.msg), *map(_kind, errors))) is not None


def _kind(error: BaseException | None) -> str:
    """The same for the same trouble of another row, at another address."""
    return f"{type(error).__name__} {_NUMBERS.sub('', str(error).partition(chr(10))[0])[:120]}"


_NUMBERS = re.compile(r"[0-9a-f-]*[0-9][0-9a-f-]*")
