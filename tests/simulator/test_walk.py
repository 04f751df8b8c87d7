"""`kill -9` around every commit of an order's whole way, at both sites, on both kinds of base; and again in recovery.

`tests/simulator/walk.py` is the way. Nothing names a commit: they are counted, so that a new one is reached by itself.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_runtime.crashpoint import ENVIRONMENT
from tests import warm
from tests.databases import KINDS, MigratedBases
from tests.patience import PATIENCE
from tests.simulator.clock import SiteClock
from tests.simulator.oracle import AtRest, complaints
from tests.simulator.site import NAMES, Ground, settle
from tests.site_factories import SiteToTest, trust

SEED = 7
SAMPLE = 2
"""Deaths on each kind of base in `make test`; the campaign has all of them."""
FOUND = (("commit:121", "commit:4"),)
"""Deaths that broke the promise once, each with the one in recovery: an answered mail was sent again, day after day."""


@dataclass
class Walked:
    """Two sites whose order is on its way, and how often a process set out."""

    folder: Path
    sites: Sequence[SiteToTest]
    times: int = field(default=0)

    def set_out(self, crash: str = "") -> str | None:
        """Walk to the end, and return what was printed; None where the process was killed on the way."""
        urls = [site.database.url for site in self.sites]
        command = [sys.executable, "-m", "tests.simulator.walk", str(self.folder), *urls, str(100 * self.times)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("INTERGESTAN_")}
        environment |= {ENVIRONMENT: crash} if crash else {}
        self.times += 1
        done = warm.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment)
        if crash and done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def complaints(self) -> list[str]:
        grounds = [Ground(SiteClock(), site, self.folder) for site in self.sites]
        return complaints([AtRest(ground.made.code, ground.ask, ()) for ground in grounds])


MakeWalk = Callable[[], Walked]


@pytest.fixture(params=KINDS)
def make_walk(request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path) -> Iterator[MakeWalk]:
    """Two sites that trust each other, as often as wanted."""
    made: list[Database] = []

    def make() -> Walked:
        folder = tmp_path / str(len(made))
        sites = []
        for number, name in enumerate(NAMES[:2]):
            (folder / name).mkdir(parents=True)
            made.append(Database(migrated.new(request.param, folder / name), SiteClock()))
            sites.append(settle(made[-1], number))
        for us, them in (sites, reversed(sites)):
            trust(us, them)
        return Walked(folder, sites)

    yield make
    for database in made:
        database.dispose()
        migrated.drop(database.url)


def die_on_the_way(walk: Walked, crash: str, again: str = "") -> None:
    """Die there, perhaps once more while it is taken up again, and see that all comes to its end."""
    assert walk.set_out(crash) is None, crash
    if again:
        walk.set_out(again)
    walk.set_out()
    assert not walk.complaints(), (crash, again)


def deaths(commits: int) -> list[str]:
    return [f"commit:{number}{after}" for number in range(1, commits + 1) for after in ("", ":after")]


def test_death_at_a_few_commits(make_walk: MakeWalk) -> None:
    """F1, F2: the same few of all, each followed by a death in recovery; the campaign has the others."""
    whole = make_walk()
    commits = int(whole.set_out() or 0)
    assert not whole.complaints()
    assert commits > 80
    drawn = random.Random(SEED)
    draws = [(crash, drawn.choice(deaths(20))) for crash in drawn.sample(deaths(commits), SAMPLE)]
    for crash, again in (*FOUND, *draws):
        die_on_the_way(make_walk(), crash, again)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_death_at_every_commit(make_walk: MakeWalk) -> None:
    """F1, F2: before and after each commit; every third again in recovery."""
    commits = int(make_walk().set_out() or 0)
    for place, crash in enumerate(deaths(commits)):
        die_on_the_way(make_walk(), crash, random.choice(deaths(20)) if place % 3 == 0 else "")
