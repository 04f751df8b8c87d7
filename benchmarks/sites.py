"""The two sites that the benchmarks run on, with the settings that a site has when nobody changes any."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.machine import Servers
from tests.databases import migrate_base
from tests.journey.journey_site import USUAL, JourneySite, Surroundings
from tests.journey.pair_of_sites import PairOfSites
from tests.servers import RedisServer


@contextmanager
def pair_of_sites(servers: Servers, base: str) -> Iterator[PairOfSites]:
    """Two sites on `sqlite` or `postgresql`, with a Redis of their own and Postfix as the relay of both.

    `start` runs their services; whatever runs is stopped at the end.
    """
    with RedisServer() as redis:
        relay = (servers.postfix.host, servers.postfix.smtp)
        surroundings = Surroundings(redis, servers.dovecot, relay, cold=True)
        folder = servers.folder / f"{base}-{time.time_ns()}"

        def site(name: str, siret: str) -> JourneySite:
            home = folder / name
            home.mkdir(parents=True)
            url = f"sqlite:///{home / 'site.db'}" if base == "sqlite" else servers.postgres.create_database()
            migrate_base(url)
            user = servers.dovecot.new_user()
            return JourneySite(home, url, surroundings, name=name, siret=siret, user=user, settings=USUAL)

        sites = PairOfSites(site("Mulhouse", "73282932000074"), site("STAUBER", "80295478500028"), surroundings)
        try:
            yield sites
        finally:
            sites.stop()
