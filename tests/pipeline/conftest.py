"""Pairs of sites for the tests of what the services do with each other's mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import Table
from intergestan_exchange.inbox.pool import ReaderPool
from tests.clock import Clock, OwnClock
from tests.databases import KINDS, MigratedBases, give_roles
from tests.pipeline.older_release import OlderRelease, Upgraded
from tests.pipeline.two_sites import SiteUnderTest, assemble, make_site, pair, with_services
from tests.servers import RedisServer
from tests.site_factories import SiteToTest


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

SIRETS = {"Mulhouse": "73282932000074", "Stauber": "80295478500028"}


class MadePairs:
    """Two sites that trust each other, made once in a session on either kind of base, to be copied for each test."""

    def __init__(self, migrated: MigratedBases, folder: Path) -> None:
        self._migrated = migrated
        self._folder = folder
        self._made: dict[str, list[SiteToTest]] = {}

    def kept(self, name: str) -> str:
        """What `migrated` calls the base of the site of this name."""
        return f"{self._folder.name}: {name}"  # a folder of tests that imports these fixtures has pairs of its own

    def of(self, kind: str) -> list[SiteToTest]:
        """Both sites, of which `migrated` has the bases."""
        if kind not in self._made:
            bases = {name: Database(self._migrated.new(kind, self._folder, name), Clock()) for name in SIRETS}
            made = [make_site(bases[name], name, siret) for name, siret in SIRETS.items()]
            pair(*made)
            for name, base in bases.items():
                base.dispose()
                self._migrated.keep(base.url, self.kept(name))
            self._made[kind] = made
        return self._made[kind]


@pytest.fixture(scope="session")
def made_pairs(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> MadePairs:
    return MadePairs(migrated, tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def make_pair(
    made_pairs: MadePairs,
    migrated: MigratedBases,
    tmp_path: Path,
    pool: ReaderPool,
    session_redis: RedisServer,
    clock: Clock,
) -> Iterator[MakePair]:
    """Two paired sites with empty catalogues, on bases of the kind asked for. Their keys are the same in each test."""
    used: list[Database] = []

    def copied(kind: str, name: str, made: SiteToTest) -> SiteUnderTest:
        folder = tmp_path / name
        folder.mkdir()
        used.append(Database(migrated.new(kind, folder, of=made_pairs.kept(name)), OwnClock(clock)))
        site = SiteToTest(used[-1], made.key, made.code, made.user_id)
        return with_services(site, folder, pool, session_redis.url, name)

    def make(kind: str) -> Pair:
        buyer, seller = (copied(kind, *each) for each in zip(SIRETS, made_pairs.of(kind), strict=True))
        return Pair(buyer, seller, clock)

    yield make
    for database in used:
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
                # A dossier has an establishment, which has its dossier: no order of the tables does for all keys.
                connection.exec_driver_sql(
                    "PRAGMA defer_foreign_keys = ON"
                    if site.database.is_sqlite
                    else "SET LOCAL session_replication_role = replica"
                )
                for table in reversed(tables):
                    connection.execute(table.delete())
                for table in tables:
                    if kept[table]:
                        connection.execute(table.insert(), kept[table])

        return restore

    return back_up


class UpgradedBases:
    """Bases that older releases left, brought to this one once in a session, to be copied for each test."""

    def __init__(self, migrated: MigratedBases, folder: Path) -> None:
        self._migrated = migrated
        self._folder = folder
        self._made: set[str] = set()

    def kept(self, release: OlderRelease, kind: str, rows: str) -> str:
        """What `migrated` calls the base with these rows."""
        name = f"{release.cases}, {rows} on {kind}"
        if name not in self._made:
            database = Database(self._migrated.new(kind, self._folder, str(len(self._made))), Clock(release.instant))
            release.put_rows(database, rows)
            migrate.upgrade(database)
            if not database.is_sqlite:
                give_roles(database.url)  # as after every upgrade
            database.dispose()
            self._migrated.keep(database.url, name)
            self._made.add(name)
        return name


@pytest.fixture(scope="session")
def upgraded_bases(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> UpgradedBases:
    return UpgradedBases(migrated, tmp_path_factory.mktemp("upgraded"))


@pytest.fixture(params=KINDS)
def upgraded(
    request: pytest.FixtureRequest,
    migrated: MigratedBases,
    upgraded_bases: UpgradedBases,
    tmp_path: Path,
    pool: ReaderPool,
    session_redis: RedisServer,
) -> Iterator[Upgraded]:
    """`upgraded("Stauber", "seller")`: a site whose base an older release left so, brought to this one.

    The release is `RELEASE` of the test's module.
    """
    release: OlderRelease = request.module.RELEASE
    made: list[Database] = []

    def make(name: str, rows: str) -> SiteUnderTest:
        (tmp_path / name).mkdir()
        kept = upgraded_bases.kept(release, request.param, rows)
        database = Database(migrated.new(request.param, tmp_path / name, of=kept), Clock(release.instant))
        made.append(database)
        return assemble(database, tmp_path / name, pool, session_redis.url, name=name, key=release.keys[name])

    yield make
    for database in made:
        database.dispose()
        migrated.drop(database.url)
