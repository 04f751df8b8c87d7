"""The calls of a month: one row says how many there were, when the last one was, and whether the provider rests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from intergestan_db.database import Database
from intergestan_erp.geo.answers import Trouble
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.geo.usage import Resting, Spacing, note_answer, note_trouble, read_usage, reserve
from tests.clock import Clock

SLOW = GeoRule(provider_name="nominatim", calls_per_month=10)
MONTH = "2026-11"


def ends(now: datetime) -> datetime:
    return now + timedelta(days=10)


def take(base: Database, rule: GeoRule = SLOW) -> Spacing | Resting | None:
    now = base.now()
    with base.transaction() as connection:
        return reserve(connection, rule, MONTH, ends(now), now)


def test_one_call_a_second_for_the_whole_site(base: Database, clock: Clock) -> None:
    """D30: Nominatim's rule, held by compare-and-set."""
    assert take(base) is None
    assert take(base) == Spacing(1.0)
    clock.move(seconds=0.4)
    assert take(base) == Spacing(0.6)
    clock.move(seconds=0.6)
    assert take(base) is None
    clock.move(hours=-1)
    assert take(base) is None, "the last call is of a clock that was set back since"


@pytest.mark.race
def test_of_many_at_once_one_calls(base: Database) -> None:
    """D30: however many geocoders there are."""
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: take(base), range(4)))
    assert found.count(None) == 1
    with base.read() as connection:
        assert read_usage(connection, "nominatim", MONTH).calls == 1


def test_the_cap_and_the_rests(base: Database) -> None:
    """D30: what stands against a call, and until when."""
    fast = GeoRule(provider_name="ban", calls_per_month=1)
    now = base.now()
    assert take(base, fast) is None
    assert take(base, fast) == Resting(ends(now), None)
    more = GeoRule(provider_name="ban", calls_per_month=2)
    with base.transaction() as connection:
        until, is_news = note_trouble(connection, "ban", MONTH, ends(now), Trouble.AWAY, now)
        assert (until, is_news) == (now + timedelta(minutes=1), True)
        assert note_trouble(connection, "ban", MONTH, ends(now), Trouble.AWAY, now)[1] is False
    assert take(base, more) == Resting(now + timedelta(minutes=5), Trouble.AWAY)
    with base.transaction() as connection:
        note_answer(connection, "ban", MONTH)
        assert read_usage(connection, "ban", MONTH).failures == 0
        assert read_usage(connection, "ban", "2026-12").calls == 0
    assert take(base, more) is None


def test_no_rest_goes_beyond_its_month(base: Database) -> None:
    """The next one begins with a row of its own, and is tried."""
    now = base.now()
    soon = now + timedelta(minutes=10)
    with base.transaction() as connection:
        for trouble in (Trouble.QUOTA, Trouble.KEY):
            assert note_trouble(connection, "ban", MONTH, soon, trouble, now)[0] == soon
