"""Pairs of sites as real processes, one for each kind of base, kept while all is well and their module lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from tests.databases import MigratedBases
from tests.journey.journey_site import QUICK, JourneySite, Surroundings, Tables
from tests.journey.pair_of_sites import PairOfSites
from tests.servers import Certificates, Dovecot, EmbeddedRedis, FakeClock, RedisServer, SmtpServer

BASES = ("sqlite", "postgresql")

BUYER, SELLER = "Mulhouse", "STAUBER"
NO_CLOCKS: Mapping[str, FakeClock] = {}

MakePair = Callable[..., PairOfSites]


def _with_clock(surroundings: Surroundings, clock: FakeClock | None) -> Surroundings:
    """The same, with a server on that clock's machine: the embedded one, for Debian's hangs under libfaketime."""
    if clock is None:
        return surroundings
    return replace(surroundings, clock=clock, redis=EmbeddedRedis(environment=clock.environment).start())


@pytest.fixture(scope="module")
def journey_smtp(dovecot: Dovecot, certificates: Certificates) -> Iterator[SmtpServer]:
    """The relay of the pairs, in front of Dovecot."""
    deliver, accepts = dovecot.deliver, dovecot.accepts
    with SmtpServer(deliver_to=deliver, accepts=accepts, certificate=certificates.good) as server:
        yield server


@pytest.fixture(scope="module")
def make_pair(
    dovecot: Dovecot,
    migrated: MigratedBases,
    journey_smtp: SmtpServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> MakePair:
    """Makes a new pair, whose processes run; the caller stops it. `prepare` gets each site before they start.

    `clocks` are those of machines that have their own, by the site's name (`BUYER`, `SELLER`).
    """

    def make(
        base: str,
        settings: Tables = QUICK,
        prepare: Callable[[JourneySite], None] = lambda _site: None,
        clocks: Mapping[str, FakeClock] = NO_CLOCKS,
    ) -> PairOfSites:
        folder = tmp_path_factory.mktemp(base)
        redis = RedisServer().start()
        surroundings = Surroundings(redis, dovecot, (journey_smtp.host, journey_smtp.port))

        def site(name: str, siret: str) -> JourneySite:
            home = folder / name
            home.mkdir()
            url, user = migrated.new(base, home), dovecot.new_user()
            around = _with_clock(surroundings, clocks.get(name))
            return JourneySite(home, url, around, name=name, siret=siret, user=user, settings=settings)

        pair = PairOfSites(site(BUYER, "73282932000074"), site(SELLER, "80295478500028"), surroundings)
        try:
            for each in pair.sites:
                prepare(each)
            pair.start()
        except BaseException:
            pair.stop()
            raise
        return pair

    return make


@pytest.fixture(scope="module")
def kept_pairs() -> Iterator[dict[str, PairOfSites]]:
    """The pairs that are ready for the next test, by kind of base. They end with the module: idle ones cost CPU."""
    pairs: dict[str, PairOfSites] = {}
    yield pairs
    for pair in pairs.values():
        pair.stop()


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> str:
    """The test runs on either kind of base."""
    return str(request.param)


@pytest.fixture
def sites(
    base: str, make_pair: MakePair, kept_pairs: dict[str, PairOfSites], journey_smtp: SmtpServer
) -> Iterator[PairOfSites]:
    """A pair whose processes all run and that has nothing to do. One that a test left otherwise is not used again."""
    journey_smtp.faults.clear()
    pair = kept_pairs.pop(base, None) or make_pair(base)
    try:
        pair.start()
        yield pair
        is_sound = pair.at_rest()
    except BaseException:
        pair.stop()
        raise
    if is_sound:
        kept_pairs[base] = pair
    else:
        pair.stop()
