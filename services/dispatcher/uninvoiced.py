"""How many delivery notes nobody has invoiced: counted every ten minutes, because it passes over all lines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from intergestan_erp.listing.uninvoiced import count_uninvoiced
from intergestan_runtime.metrics import Metrics

EVERY = timedelta(minutes=10)


class Uninvoiced:
    """Remembers when it last counted."""

    def __init__(self) -> None:
        self._next: datetime | None = None

    def look(self, connection: Connection, metrics: Metrics, now: datetime) -> None:
        """Set the gauge, if it is time to count again; a clock that was set back counts at once."""
        if self._next is not None and self._next - EVERY <= now < self._next:
            return
        for grouping, count in count_uninvoiced(connection).items():
            metrics.set("delivery_notes_uninvoiced", count, grouping=grouping)
        self._next = now + EVERY
