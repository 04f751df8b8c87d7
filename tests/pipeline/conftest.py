"""Pairs of sites for the tests of what the services do with each other's mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_db.tables import Table
from intergestan_exchange.inbox.pool import ReaderPool
from tests.clock import Clock, OwnClock
from tests.databases import KINDS, MigratedBases
from tests.pipeline.two_sites import SiteUnderTest, make_site, pair
from tests.servers import RedisServer


@pytest.fixture(scope="session")
def pool() -> Iterator[ReaderPool]:
    readers = ReaderPool()
    yield readers
    readers.close()


@dataclass
class Pair:
    """A distributor that orders, a logistics base that delivers, and the clock of both."""

    buyer: SiteUnderTest
    seller: SiteUnderTest
    clock: Clock


MakePair = Callable[[str], Pair]


@pytest.fixture
def make_pair(
    migrated: MigratedBases, tmp_path: Path, pool: ReaderPool, session_redis: RedisServer, clock: Clock
) -> Iterator[MakePair]:
    """Two paired sites with empty catalogues, on bases of the kind asked for."""
    made: list[Database] = []

    def make_one(kind: str, name: str, siret: str) -> SiteUnderTest:
        folder = tmp_path / name
        folder.mkdir()
        made.append(Database(migrated.new(kind, folder), OwnClock(clock)))
        return make_site(made[-1], folder, pool, session_redis.url, name=name, siret=siret)

    def make(kind: str) -> Pair:
        buyer = make_one(kind, "Mulhouse", "73282932000074")
        seller = make_one(kind, "Stauber", "80295478500028")
        pair(buyer, seller)
        return Pair(buyer, seller, clock)

    yield make
    for database in made:
        database.dispose()
        migrated.drop(database.url)


@pytest.fixture(params=KINDS)
def sites(request: pytest.FixtureRequest, make_pair: MakePair) -> Pair:
    """The test runs on both kinds of base."""
    return make_pair(request.param)


@pytest.fixture
def sqlite_sites(make_pair: MakePair) -> Pair:
    """The test runs on the embedded base."""
    return make_pair("sqlite")


@pytest.fixture
def postgres_sites(make_pair: MakePair) -> Pair:
    """The test runs on PostgreSQL."""
    return make_pair("postgresql")


@pytest.fixture
def forget() -> Callable[[SiteUnderTest], Callable[[], None]]:
    """Takes a backup of a site's base, as rows; what it gives back puts the base into that state again."""

    def back_up(site: SiteUnderTest) -> Callable[[], None]:
        tables = Table.metadata.sorted_tables
        with site.database.read() as connection:
            kept = {table: [dict(row._mapping) for row in connection.execute(table.select())] for table in tables}

        def restore() -> None:
            with site.database.transaction() as connection:
                for table in reversed(tables):
                    connection.execute(table.delete())
                for table in tables:
                    if kept[table]:
                        connection.execute(table.insert(), kept[table])

        return restore

    return back_up
