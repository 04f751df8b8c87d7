"""Processes that look up addresses at once: no call beyond the cap, however they meet and wherever one dies (D30)."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack

import pytest

from intergestan_db.database import utc_now
from intergestan_runtime.crashpoint import ENVIRONMENT
from tests.at_once import go, starting
from tests.services.geocoder.site import GeocodedSite

CAP, ADDRESSES = 5, 9


def locating(
    site: GeocodedSite, ids: Sequence[int], dies_at: str = ""
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A process that looks up these addresses once it gets a line."""
    arguments = [site.base.url, site.places.domain, site.folder, *ids]
    return starting("tests.services.geocoder.locating", *arguments, environment={ENVIRONMENT: dies_at})


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
