"""When a mail is due again, decided from values alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

LASTING_REST = timedelta(minutes=1)
"""How long a relay rests after what only a person can mend: a server that sees wrong passwords locks people out."""
BURST = timedelta(seconds=10)
"""How far a relay's quiet time may be saved up: a limit of 60 a minute lets ten go at once."""


def retry_at(now: datetime, tries: int, waits: Sequence[int]) -> datetime:
    """After a temporary refusal; `tries` counts the one just made, `waits` are seconds, the last one repeats."""
    return now + timedelta(seconds=waits[min(tries, len(waits)) - 1])


def resend_at(now: datetime, resends: int, ladder: Sequence[int]) -> datetime:
    """When to lose patience with an answer: the next step of the ladder, in seconds."""
    return now + timedelta(seconds=ladder[min(resends, len(ladder) - 1)])


def next_slot(free_at: datetime | None, now: datetime, per_minute: int) -> tuple[datetime, datetime]:
    """The instant at which one more mail may go to a relay, and from when the next one may.

    The generic cell rate algorithm (ITU-T I.371): one stored instant is the whole state.
    """
    interval = timedelta(minutes=1) / per_minute
    start = max(free_at or now - BURST, now - BURST)
    return start, start + interval
