"""Pairs of sites for the tests of what the services do with each other's mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intergestan_site import migrate
from intergestan_site.database import Database
from intergestan_site.intake.pool import ReaderPool
from tests.pipeline.two_sites import Clock, SiteUnderTest, make_site, pair
from tests.servers import PostgresServer, RedisServer


@pytest.fixture(scope="session")
def pool() -> Iterator[ReaderPool]:
    readers = ReaderPool()
    yield readers
    readers.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_base(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[Callable[[str], Database]]:
    """Makes migrated bases, all of one kind; the test runs with each kind."""
    made: list[Database] = []

    def make(name: str) -> Database:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / name}.db"
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = server.create_database()
        database = Database(url, clock)
        migrate.upgrade(database)
        made.append(database)
        return database

    yield make
    for database in made:
        database.dispose()


@dataclass
class Pair:
    """A distributor that orders, a logistics base that delivers, and the clock of both."""

    buyer: SiteUnderTest
    seller: SiteUnderTest
    clock: Clock


@pytest.fixture
def sites(
    new_base: Callable[[str], Database], tmp_path: Path, pool: ReaderPool, redis_server: RedisServer, clock: Clock
) -> Pair:
    """Two paired sites with empty catalogues."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    buyer = make_site(new_base("a"), tmp_path / "a", pool, redis_server.url, name="Mulhouse", siret="73282932000074")
    seller = make_site(new_base("b"), tmp_path / "b", pool, redis_server.url, name="Stauber", siret="80295478500028")
    pair(buyer, seller)
    return Pair(buyer, seller, clock)
