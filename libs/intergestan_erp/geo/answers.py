"""What a provider may say of a place, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

MINUTE: Final = 60
BACK_OFF: Final = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * 3600, 24 * 3600)
"""Seconds until a provider that did not answer is asked again, by how often in a row; then daily."""
QUOTA_REST: Final = timedelta(hours=1)
"""How long one rests that says that we ask too much."""
NOT_FOUND_KEPT: Final = timedelta(days=90)
"""So long a place counts as one that the provider does not know: maps are drawn anew."""
CLAIMED: Final = timedelta(minutes=2)
"""So long a row is one geocoder's alone; if that one dies, the row is due again then."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a place is, in degrees (WGS 84)."""

    latitude: Decimal
    longitude: Decimal

    def __post_init__(self) -> None:
        for degrees, most in ((self.latitude, 90), (self.longitude, 180)):
            if not (degrees.is_finite() and abs(degrees) <= most):
                raise ValueError("This is no place on earth.")


class Trouble(StrEnum):
    """Why a provider gave no answer: it takes our question for none, or it rests for all questions."""

    REFUSED = "refused"
    QUOTA = "quota"
    KEY = "key"
    AWAY = "away"


class NoAnswer(Exception):
    """The provider was asked and did not say where the place is, nor that it does not know.

    Its text is ours, never the provider's: that may repeat the question with our key in it.
    """

    def __init__(self, trouble: Trouble, words: str) -> None:
        super().__init__(words)
        self.trouble = trouble


class Locator(Protocol):
    """Somebody who can be asked where a place is."""

    def locate(self, text: str, country: str | None) -> Position | None:
        """Where a place is; None: it does not know the place.

        :param country: its ISO code, where the address names one.
        :raises NoAnswer: everything else, whatever the provider sends.
        """


def back_off(failures: int, now: datetime, seconds: Sequence[int] = BACK_OFF) -> datetime:
    """When to ask again after so many failures in a row, the last one now."""
    return now + timedelta(seconds=seconds[min(failures, len(seconds)) - 1])


def is_fresh(at: datetime, now: datetime) -> bool:
    """Whether "not known" of an instant still counts; not what a clock wrote in the future."""
    return now - NOT_FOUND_KEPT < at <= now
