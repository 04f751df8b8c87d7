"""`kill -9` of every service, blindly, around drawn commits and between them: every order arrives once and is answered.

Every commit of an order's way, one by one, is in `tests/simulator/test_walk.py`.
"""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import services
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, SERVICES, USUAL, JourneySite
from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import eventually

COMMIT = "commit"
"""Any commit of the process, before it or after it: drawn, and counted from its start."""
MOST = 6
"""The last commit that is drawn; a process comes to as many by its signs of life alone."""
ROUNDS: tuple[Mapping[str, str], ...] = (
    {"composer": COMMIT, "sender": "sender.replied", "poller": "poller.fetched", "importer": COMMIT},
    {"composer": COMMIT, "sender": COMMIT, "poller": "poller.archived", "importer": COMMIT},
    {"composer": COMMIT, "sender": COMMIT, "poller": COMMIT, "importer": COMMIT},
)
"""Where each service dies, one after another on the way of one mail: around a commit, or between two."""


def kill_and_restart(site: JourneySite, service: str, *, patient: bool = False) -> None:
    """As if by the kernel, and then as a supervisor does. Unless `patient`, the minute of its leases passes at once."""
    site.processes[service].kill()
    if not patient:
        site.expire_lease(service)
    site.start(service)


ELSEWHERE = {
    "poller.purge_removed": "tests/services/poller/test_purge.py",
    "sender.notice_sent": "tests/journey/test_notices.py",
    "geocoder.reserved": "tests/services/geocoder/test_cap_at_once.py",
}
"""Points that no order passes, and the test that dies there."""


def test_every_named_point_is_in_a_round() -> None:
    """F1: no crash point of the program is left out below."""
    source = "".join(file.read_text() for file in Path(services.__file__).parent.rglob("*.py"))
    here = {point for points in ROUNDS for point in points.values()} - {COMMIT}
    assert set(re.findall(r'crashpoint\("(.+?)"\)', source)) == here | ELSEWHERE.keys()
    for point, test in ELSEWHERE.items():
        text = (Path(services.__file__).parents[1] / test).read_text()
        assert f'"{point}"' in text or f'"{point.partition(".")[2]}"' in text, point


@pytest.mark.parametrize("points", ROUNDS, ids=lambda points: "-".join(points.values()))
def test_death_around_commits_and_between(sites: PairOfSites, points: Mapping[str, str]) -> None:
    """F1: each service dies once at its point, the importer at booking and at applying; and work goes on."""
    senders = [(sites.buyer, service) for service in points if service != "poller"]
    receivers = [(sites.seller, service) for service in points if service in {"poller", "importer"}]
    die_at(sites, points, [*senders, *receivers])


@pytest.mark.campaign
@pytest.mark.parametrize("points", ROUNDS, ids=lambda points: "-".join(points.values()))
def test_death_around_commits_and_between_at_both_sites(sites: PairOfSites, points: Mapping[str, str]) -> None:
    """F1: the same on the way of the orders and on that of the answers."""
    die_at(sites, points, [(site, service) for site in sites.sites for service in points])


def die_at(sites: PairOfSites, points: Mapping[str, str], victims: Sequence[tuple[JourneySite, str]]) -> None:
    """Send a mail on whose way all the victims die, each at its point; start them again, and see that it arrives."""
    drawn = {victim: _drawn(points[victim[1]]) for victim in victims}
    print({f"{site.code} {service}": crash for (site, service), crash in drawn.items()})
    for (site, service), crash in drawn.items():
        site.processes[service].kill()
        site.processes[service].start(crash=crash)
    numbers = sites.enter(3)
    sites.send(numbers)
    alive = list(victims)

    def bury() -> bool:
        for site, service in [victim for victim in alive if not victim[0].processes[victim[1]].runs]:
            assert site.processes[service].exit_code == -signal.SIGKILL, site.processes[service].log()[-3000:]
            site.expire_lease(service)
            site.start(service)
            alive.remove((site, service))
        return not alive

    try:
        eventually(bury, what="every point reached")
    except AssertionError as late:
        late.add_note(
            f"Not reached: {[(site.code, drawn[site, service]) for site, service in alive]}\n{sites.picture()}"
        )
        raise
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)


def _drawn(point: str) -> str:
    return f"commit:{random.randint(1, MOST)}{random.choice(['', ':after'])}" if point == COMMIT else point


def test_blind_kills(sites: PairOfSites) -> None:
    """F1: each service is killed at a random moment while orders flow; seeded by pytest-randomly's own seed."""
    victims = [(site, service) for site in sites.sites for service in SERVICES]
    random.shuffle(victims)
    sent: list[str] = []
    for site, service in victims[: len(SERVICES)]:
        numbers = sites.enter(3)
        sites.send(numbers)
        sent += numbers
        moment = random.uniform(0, 0.6)
        print(f"kill {service} of {site.code} after {moment:.3f} s")
        time.sleep(moment)
        kill_and_restart(site, service)
    sites.wait_answered(sent)
    sites.wait_at_rest()
    check_everything(sites, sent)


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("settings", [QUICK, USUAL], ids=["quick", "usual"])
def test_many_blind_kills(base: str, make_pair: MakePair, settings: Mapping[str, Mapping[str, object]]) -> None:
    """F1, F2: a hundred kills, also of what has just been started again. With the usual settings nothing is hurried:
    a killed worker's mail is taken again within 90 s, but for one cut after its dot, whose turn is in half an hour.
    """
    sites = make_pair(base, settings)
    patient = settings is USUAL
    services_to_kill = [service for service in SERVICES if not (patient and service == "sender")]
    sent: list[str] = []
    try:
        for _ in range(100):
            if len(sent) < 600:
                numbers = sites.enter(6)
                sites.send(numbers, mails=2)
                sent += numbers
            site, service = random.choice(sites.sites), random.choice(services_to_kill)
            time.sleep(random.uniform(0, 2))
            kill_and_restart(site, service, patient=patient)
        sites.wait_answered(sent)
        sites.wait_at_rest()
        check_everything(sites, sent)
    finally:
        sites.stop()
