import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_site.database import Database
from intergestan_site.migrate import upgrade
from tests.servers import PostgresServer
from tests.services.poller.site import PollerSite


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("base") / "site.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_url(postgres_server: PostgresServer) -> str:
    url = postgres_server.create_database()
    _migrate(url)
    return url


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "site.db")
    return f"sqlite:///{tmp_path / 'site.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_url: str) -> Iterator[str]:
    url = postgres_server.create_database(migrated_url.rpartition("/")[2])
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[PollerSite]:
    """On the embedded base."""
    yield from _site(sqlite_url, tmp_path)


@pytest.fixture
def any_site(database_url: str, tmp_path: Path) -> Iterator[PollerSite]:
    """The test runs on both bases."""
    yield from _site(database_url, tmp_path)


@pytest.fixture
def postgres_site(postgres_url: str, tmp_path: Path) -> Iterator[PollerSite]:
    """On PostgreSQL."""
    yield from _site(postgres_url, tmp_path)


def _site(url: str, folder: Path) -> Iterator[PollerSite]:
    database = Database(url)
    yield PollerSite(database, folder)
    database.dispose()


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.dispose()
