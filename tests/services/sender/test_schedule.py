"""When a mail is due again: pure arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.schedule import BURST, next_slot, resend_at, retry_at

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 60), (2, 300), (3, 900), (4, 900), (99, 900)])
def test_the_last_waiting_time_repeats(tries: int, seconds: int) -> None:
    assert retry_at(NOW, tries, [60, 300, 900]) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("resends", "seconds"), [(0, 1800), (1, 7200), (2, 28800), (3, 28800)])
def test_the_ladder_of_patience(resends: int, seconds: int) -> None:
    assert resend_at(NOW, resends, [1800, 7200, 28800]) == NOW + timedelta(seconds=seconds)


def test_a_quiet_relay_takes_a_burst_and_then_one_at_a_time() -> None:
    """60 a minute: eleven at once (ten seconds saved up), then one each second."""
    free_at: datetime | None = None
    gone = 0
    while gone < 100:
        start, following = next_slot(free_at, NOW, 60)
        if start > NOW:
            break
        free_at, gone = following, gone + 1
    assert gone == 11
    assert next_slot(free_at, NOW, 60)[0] == NOW + timedelta(seconds=1)


@given(st.integers(1, 1000), st.lists(st.integers(0, 90_000), max_size=300))
def test_no_minute_sees_more_than_the_limit_and_a_burst(per_minute: int, waits_ms: list[int]) -> None:
    """However the mails come: in any 60 s at most the limit, plus what was saved up, plus one."""
    free_at: datetime | None = None
    now, gone = NOW, []
    for wait in waits_ms:
        now += timedelta(milliseconds=wait % 2000)
        start, following = next_slot(free_at, now, per_minute)
        if start <= now:
            free_at = following
            gone.append(now)
    saved = per_minute * BURST / timedelta(minutes=1)
    for first in gone:
        within = sum(first <= each < first + timedelta(minutes=1) for each in gone)
        assert within <= per_minute + saved + 1
