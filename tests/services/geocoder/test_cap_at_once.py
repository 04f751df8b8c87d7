"""Processes that look up addresses at once: no call beyond the cap, however they meet and wherever one dies (D30)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from intergestan_db.database import utc_now
from intergestan_runtime.crashpoint import ENVIRONMENT
from tests import warm
from tests.patience import PATIENCE
from tests.services.geocoder.site import GeocodedSite

CAP, ADDRESSES = 5, 9


@contextmanager
def locating(site: GeocodedSite, ids: Sequence[int], dies_at: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that looks up these addresses once it gets a line."""
    arguments = [site.base.url, site.places.domain, str(site.folder), *map(str, ids)]
    with warm.Popen(
        [sys.executable, "-m", "tests.services.geocoder.locating", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, ENVIRONMENT: dies_at},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def go(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Let them begin, and wait for their end."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=PATIENCE)


@pytest.mark.race
def test_four_at_once_never_pass_the_cap(site: GeocodedSite) -> None:
    """T25, D30: real processes; one of them dies between reserving its call and making it, which spends the call."""
    site.clock.now = utc_now()
    site.choose("geo.calls_per_month", str(CAP))
    ids = [site.add(line1=f"{number} rue de la Loi") for number in range(ADDRESSES)]
    orders = (ids, ids[::-1], [*ids[4:], *ids[:4]])
    with ExitStack() as stack:
        living = [stack.enter_context(locating(site, each)) for each in orders]
        dying = stack.enter_context(locating(site, ids[6:], "geocoder.reserved"))
        go([dying])
        assert dying.returncode != 0
        assert (len(site.places.asked), site.usage().calls) == (0, 1)
        go(living)
    assert [process.returncode for process in living] == [0, 0, 0]
    assert (len(site.places.asked), site.usage().calls) == (CAP - 1, CAP)
    assert len(set(site.places.questions)) == CAP - 1, "and none was asked twice"
    states = [site.address(each).geo_state for each in ids]
    assert (states.count("found"), states.count("waiting")) == (CAP - 1, ADDRESSES - CAP + 1)
