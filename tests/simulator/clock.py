"""Virtual time: one for the world, and for each site how far its clock is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class WorldTime:
    """The true time. It goes on only when it is moved."""

    def __init__(self) -> None:
        self.now = BEGIN

    def move(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += timedelta(seconds=seconds)


class SiteClock:
    """What a site takes for the time."""

    def __init__(self) -> None:
        self.world = WorldTime()
        self.off = timedelta()

    def __call__(self) -> datetime:
        return self.world.now + self.off
