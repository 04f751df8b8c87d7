"""Clocks that are set while orders travel, on real processes: nobody waits as long as the step, nothing is doubled.

The clock of a site's machine is that of its services and its Redis; the other site's, the mail server's and ours stay.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from intergestan_db.tables import Event, Partner
from tests.journey.conftest import BASES, BUYER, SELLER, MakePair
from tests.journey.journey_site import JourneySite
from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.test_kill import ROUNDS
from tests.patience import eventually
from tests.servers import FakeClock

Where = timedelta | datetime
"""How far ahead a clock is, or which instant it shows."""

DYING = ("poller", "importer")
RIGHT = timedelta(0)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
AUTUMN = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)
"""In Paris it is 02:59:50, and ten seconds later 02:00 again."""
SPRING = datetime(2027, 3, 28, 0, 59, 50, tzinfo=UTC)
"""In Paris it is 01:59:50, and ten seconds later 03:00."""
ERA = datetime(2036, 2, 7, 6, 28, 6, tzinfo=UTC)
"""Ten seconds before NTP's 32 bits of seconds end."""
END_2038 = datetime(2038, 1, 19, 3, 13, 57, tzinfo=UTC)
"""Ten seconds before 31 bits of seconds since 1970 end."""


def put(clock: FakeClock, where: Where) -> None:
    if isinstance(where, datetime):
        clock.set(where)
    else:
        clock.set_ahead(where)


def set_back_by(site: JourneySite) -> list[int]:
    """What the site's dispatcher said of it."""
    query = select(Event.detail).where(Event.name == "clock_set_back").order_by(Event.id)
    with site.database.read() as connection:
        return [detail["seconds"] for detail in connection.scalars(query)]


def ahead(site: JourneySite) -> int | None:
    """How far the partner's clock is ahead of the site's, as its mails showed."""
    (partner,) = site.rows(Partner)
    return partner.clock_ahead_least  # type: ignore[no-any-return]


def go_through(pair: PairOfSites, *steps: Where) -> None:
    """An order at each time, sent before the step; what was killed before it comes back under another name."""
    moved = [site for site in pair.sites if site.clock is not None]
    everything: list[str] = []
    for number, where in enumerate((RIGHT, *steps)):
        before = pair.enter(1)
        pair.send(before, ring=False)  # the dispatcher rings, before or after the step
        for site in moved:
            for service in DYING:
                site.processes[service].kill()
        for site in moved:
            assert site.clock is not None
            put(site.clock, where)
            for service in DYING:
                site.processes[service].worker = f"{service}-{number + 2}"
                site.start(service)
        after = pair.enter(1)
        pair.send(after)
        pair.wait_answered([*before, *after])
        everything += [*before, *after]
    pair.wait_at_rest()
    check_everything(pair, everything)
    assert all(process.runs for process in pair.processes())


@pytest.fixture
def make_clock(tmp_path: Path) -> Callable[[str], FakeClock]:
    return lambda name: FakeClock(tmp_path / name)


@pytest.mark.parametrize("base", ["sqlite"])
def test_a_days_step_and_the_night_in_which_summer_time_ends(
    base: str, make_pair: MakePair, make_clock: Callable[[str], FakeClock]
) -> None:
    """`design.md` §16: forward, back, and a night with an hour that comes twice; a poller dies before each step."""
    pair = make_pair(base, clocks={SELLER: make_clock(SELLER)})
    try:
        go_through(pair, DAY, RIGHT, AUTUMN)
        eventually(lambda: len(set_back_by(pair.seller)) >= 2, what="the dispatcher said that the clock was set back")
        assert DAY.total_seconds() == pytest.approx(set_back_by(pair.seller)[0], abs=5)
        assert ahead(pair.buyer) == pytest.approx((AUTUMN - datetime.now(UTC)).total_seconds(), rel=0.01)
    finally:
        pair.stop()


ONE, BOTH = ((BUYER,), (SELLER,)), ((BUYER, SELLER),)
TABLE: Mapping[str, tuple[tuple[Where, ...], tuple[tuple[str, ...], ...]]] = {
    "an hour forward and back": ((HOUR, RIGHT), ONE),
    "an hour back and forward": ((-HOUR, RIGHT), ONE),
    "a day forward and back": ((DAY, RIGHT), ONE),
    "a day back and forward": ((-DAY, RIGHT), ONE),
    "the night in which summer time begins": ((SPRING, RIGHT), BOTH),
    "the night in which summer time ends": ((AUTUMN, RIGHT), BOTH),
    "the end of an era of NTP": ((ERA, RIGHT), BOTH),
    "the end of 31 bits": ((END_2038, RIGHT), BOTH),
}
"""The steps, and whose clocks are set: a mail that is months old is held, and so both are where that would be."""
CASES = [(name, steps, who) for name, (steps, whose) in TABLE.items() for who in whose]


@pytest.mark.campaign
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("steps", "who"),
    [(steps, who) for _name, steps, who in CASES],
    ids=[f"{name} {' '.join(who)}".replace(" ", "-") for name, _steps, who in CASES],
)
def test_steps_of_one_sites_clock_or_both(
    base: str,
    make_pair: MakePair,
    make_clock: Callable[[str], FakeClock],
    steps: tuple[Where, ...],
    who: tuple[str, ...],
) -> None:
    pair = make_pair(base, clocks={name: make_clock(name) for name in who})
    try:
        go_through(pair, *steps)
    finally:
        pair.stop()


@pytest.mark.campaign
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY], ids=["+1h", "-1h", "+24h", "-24h"])
@pytest.mark.parametrize("points", ROUNDS, ids=lambda points: "-".join(points.values()))
def test_a_step_at_every_point_of_an_orders_way(
    base: str,
    make_pair: MakePair,
    make_clock: Callable[[str], FakeClock],
    points: Mapping[str, str],
    step: timedelta,
) -> None:
    """Who dies at the point comes back with the clock set; its leases are over by themselves within their minute."""
    pair = make_pair(base, clocks={name: make_clock(name) for name in (BUYER, SELLER)})
    try:
        for site in pair.sites:
            assert site.clock is not None
            site.clock.set_ahead(max(step, RIGHT))
        victims = [(site, service) for site in pair.sites for service in points]
        for site, service in victims:
            site.processes[service].kill()
            site.processes[service].start(crash=points[service])
        numbers = pair.enter(3)
        pair.send(numbers)
        alive = list(victims)

        def bury() -> bool:
            for site, service in [victim for victim in alive if not victim[0].processes[victim[1]].runs]:
                assert site.processes[service].exit_code == -signal.SIGKILL, site.processes[service].log()[-3000:]
                assert site.clock is not None
                site.clock.set_ahead(RIGHT if site.clock.ahead else step)
                site.start(service)
                alive.remove((site, service))
            return not alive

        eventually(bury, what="every point reached")
        pair.wait_answered(numbers)
        pair.wait_at_rest()
        check_everything(pair, numbers)
    finally:
        pair.stop()


@pytest.mark.campaign
@pytest.mark.parametrize("base", BASES)
def test_two_services_of_one_site_with_different_clocks(
    base: str, make_pair: MakePair, make_clock: Callable[[str], FakeClock]
) -> None:
    """The importer's machine is an hour ahead of the others': orders go on, and `/ready` says that it is wrong."""
    pair = make_pair(base, clocks={SELLER: make_clock(SELLER)})
    try:
        other = make_clock("importer")
        importer = pair.seller.processes["importer"]
        importer.stop()
        importer.use_environment(other.environment)
        importer.start()
        importer.wait_ready()
        other.set_ahead(HOUR)
        numbers = pair.enter(2)
        pair.send(numbers)
        pair.wait_answered(numbers)
        eventually(lambda: not importer.is_ready, what="/ready fails")
        other.set_ahead(-HOUR)
        more = pair.enter(2)
        pair.send(more)
        pair.wait_answered(more)
        pair.wait_at_rest()
        check_everything(pair, [*numbers, *more])
    finally:
        pair.stop()
