"""Trying passwords takes longer each time, whichever process is asked, and nobody is locked out for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from intergestan_db.tables import Throttle
from intergestan_erp.people.throttle import (
    FIRST,
    LONGEST,
    Slowed,
    forget,
    of_address,
    of_login,
    sweep_throttles,
    try_now,
    wait_after,
)
from tests.site_factories import NOW, SiteToTest


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(tries, 5) for tries in range(14)]
    assert waits[:5] == [timedelta(0)] * 5
    assert waits[5:11] == [FIRST * factor for factor in (1, 2, 4, 8, 16, 32)]
    assert waits[11:] == [LONGEST] * 3


@pytest.mark.parametrize("slowed", [of_login("marie"), of_address("192.0.2.7")])
def test_each_try_waits_longer_and_what_is_refused_does_not_count(a_site: SiteToTest, slowed: Slowed) -> None:
    with a_site.database.transaction() as connection:
        at = NOW
        assert [try_now(connection, slowed, at) for _ in range(slowed.free)] == [None] * slowed.free
        for tries in range(slowed.free, slowed.free + 7):
            wait = wait_after(tries, slowed.free)
            for early in (at, at + wait - timedelta(microseconds=1)):
                assert try_now(connection, slowed, early) == at + wait
            at += wait
            assert try_now(connection, slowed, at) is None
        assert wait == LONGEST, "after that it begins anew"
        assert [try_now(connection, slowed, at) for _ in range(slowed.free)].count(None) == slowed.free - 1


def test_who_proved_themselves_begins_anew(a_site: SiteToTest) -> None:
    slowed = of_login("Marie")
    assert slowed == of_login(" marie")
    with a_site.database.transaction() as connection:
        for _ in range(slowed.free):
            try_now(connection, slowed, NOW)
        assert try_now(connection, slowed, NOW) is not None
        assert try_now(connection, of_login("paul"), NOW) is None
        forget(connection, slowed)
        assert try_now(connection, slowed, NOW) is None
        assert sweep_throttles(connection, NOW + timedelta(days=1)) == 0
        assert sweep_throttles(connection, NOW + timedelta(days=1, seconds=1)) == 2
    assert a_site.rows(Throttle) == []


def test_no_name_stands_in_the_table() -> None:
    assert "marie" not in of_login("marie").key
    assert len(of_login("x" * 9999).key) <= 80
