"""The machine's own time zone, which nothing of ours may depend on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

ELSEWHERE = ("UTC", "America/Los_Angeles", "Pacific/Kiritimati")
"""Zones in which it is another day than in Paris for hours: a container's, and the two sides of the date line."""


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """This process runs with TZ set to a zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
