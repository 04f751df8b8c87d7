"""A clock for bases under test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Move it by a span, as `timedelta` takes it."""
        self.now += timedelta(**span)


class OwnClock:
    """The clock of one site, which goes as another does and may be `ahead` of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._clock() + self.ahead
