"""How much one partner may use in which time, and what is left of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from intergestan_db.enums import Budget

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPANS: Mapping[Budget, timedelta] = {
    Budget.STATEMENTS: HOUR,
    Budget.REPEATS: HOUR,
    Budget.HEARTBEATS: DAY,
    Budget.ANNOUNCEMENTS: DAY,
    Budget.MISSING_NUMBERS: DAY,
}
"""After so long all of a budget is there again."""
PER_STATEMENT = frozenset({Budget.MISSING_NUMBERS})
"""Nothing of these comes back with time: a statement says more, or a later one does not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each budget one partner may use; the settings of `[budgets]`."""

    statements: int = 1
    repeats: int = 20
    heartbeats: int = 300
    announcements: int = 5
    missing_numbers: int = 1000

    def of(self, budget: Budget) -> int:
        """That of one budget."""
        return int(getattr(self, budget.value))


USUAL_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Used:
    """What a partner used of a budget since `since`; a person lets it go beyond until `released_until`."""

    since: datetime
    used: int
    released_until: datetime | None = None

    def is_over(self, budget: Budget, now: datetime) -> bool:
        """Whether its hour or day is over; so is one that a clock began which was set back since."""
        return not timedelta(0) <= now - self.since < SPANS[budget]

    def is_released(self, budget: Budget, now: datetime) -> bool:
        """Whether a person lets it go beyond; further ahead than it can be, a clock was set back since."""
        return self.released_until is not None and timedelta(0) < self.released_until - now <= SPANS[budget]


def left(used: Used | None, budget: Budget, limits: Limits, now: datetime) -> int | None:
    """How much may still be used now; None: any number."""
    if used is not None and used.is_released(budget, now):
        return None
    if used is None or used.is_over(budget, now):
        return limits.of(budget)
    return max(0, limits.of(budget) - used.used)


def spent(used: Used | None, budget: Budget, n: int, now: datetime) -> Used:
    """What is used after `n` more."""
    if used is None or used.is_over(budget, now):
        return Used(now, n, None if used is None else used.released_until)
    return Used(used.since, used.used + n, used.released_until)
