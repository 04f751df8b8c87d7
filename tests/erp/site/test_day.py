"""Which day it is for a site: over midnight, over both days on which clocks change, wherever the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.problem import Problem
from intergestan_erp.site.day import USUAL_ZONES, begin_of, days_before, end_of, local, site_day, zone_of
from tests.machine_zone import ELSEWHERE, machine_in

PARIS = zone_of("Europe/Paris")
ZONES = ("Europe/Paris", "America/Sao_Paulo", "America/Havana", "Indian/Reunion", "Pacific/Noumea", "Asia/Kathmandu")


@pytest.fixture(autouse=True, params=ELSEWHERE)
def machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine is in another zone than the site."""
    with machine_in(request.param):
        yield


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-20T22:30", date(2026, 11, 20)),
        ("2026-11-20T22:59:59", date(2026, 11, 20)),
        ("2026-11-20T23:00", date(2026, 11, 21)),
        ("2026-07-14T21:59:59", date(2026, 7, 14)),
        ("2026-07-14T22:00", date(2026, 7, 15)),
        ("2026-07-14T22:30", date(2026, 7, 15)),
        # clocks go forward at 01:00 UTC of 29 March, back at 01:00 UTC of 25 October
        ("2026-03-28T22:59:59", date(2026, 3, 28)),
        ("2026-03-28T23:00", date(2026, 3, 29)),
        ("2026-03-29T21:59:59", date(2026, 3, 29)),
        ("2026-03-29T22:00", date(2026, 3, 30)),
        ("2026-10-24T21:59:59", date(2026, 10, 24)),
        ("2026-10-24T22:00", date(2026, 10, 25)),
        ("2026-10-25T22:59:59", date(2026, 10, 25)),
        ("2026-10-25T23:00", date(2026, 10, 26)),
        ("2026-12-31T23:00", date(2027, 1, 1)),
    ],
)
def test_the_day_in_paris(instant: str, day: date) -> None:
    assert site_day(PARIS, datetime.fromisoformat(instant).replace(tzinfo=UTC)) == day


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 20), 24)]
)
def test_a_day_has_23_24_or_25_hours(day: date, hours: int) -> None:
    begin, end = begin_of(PARIS, day), end_of(PARIS, day)
    assert end - begin == timedelta(hours=hours) - timedelta(seconds=1)
    assert (site_day(PARIS, begin), site_day(PARIS, end)) == (day, day)
    assert site_day(PARIS, begin - timedelta(microseconds=1)) == day - timedelta(days=1)
    assert site_day(PARIS, end + timedelta(seconds=1)) == day + timedelta(days=1)


@given(
    name=st.sampled_from(ZONES),
    seconds=st.integers(0, 15_000 * 86_400),
)
def test_every_instant_lies_in_its_day(name: str, seconds: int) -> None:
    """Also where clocks jump over midnight, as in São Paulo until 2018, or show an hour after it twice (Havana)."""
    zone, instant = zone_of(name), datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = site_day(zone, instant)
    assert begin_of(zone, day) <= instant < begin_of(zone, day + timedelta(days=1))


def test_a_day_whose_midnight_does_not_exist() -> None:
    """On 4 November 2018 the clocks of São Paulo went from 00:00 to 01:00."""
    zone = zone_of("America/Sao_Paulo")
    assert begin_of(zone, date(2018, 11, 4)) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert local(zone, begin_of(zone, date(2018, 11, 4))).hour == 1


def test_days_before_keep_the_time_of_the_clock() -> None:
    now = datetime(2026, 10, 26, 9, tzinfo=UTC)  # 10:00 in Paris
    assert days_before(PARIS, now, 0) == now
    assert days_before(PARIS, now, 2) == datetime(2026, 10, 24, 8, tzinfo=UTC)  # 10:00 as well


@pytest.mark.parametrize(
    "name",
    ["", "Paris", "Europe", "Europe/Paname", "localtime", "posix/Europe/Paris", "../../etc/passwd", "CET", "é/é"],
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(Problem, match="Europe/Paris"):
        zone_of(name)


@pytest.mark.parametrize("name", sorted({"UTC", *USUAL_ZONES.values()}))
def test_the_usual_zones_are_known(name: str) -> None:
    assert zone_of(name).key == name


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        site_day(PARIS, datetime(2026, 11, 20))  # noqa: DTZ001 - that is what is refused
