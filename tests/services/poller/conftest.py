from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.database import Database
from tests.databases import KINDS, MigratedBases
from tests.services.poller.site import PollerSite


@pytest.fixture
def site(migrated: MigratedBases, tmp_path: Path) -> Iterator[PollerSite]:
    """On the embedded base."""
    yield from _site("sqlite", migrated, tmp_path)


@pytest.fixture
def postgres_site(migrated: MigratedBases, tmp_path: Path) -> Iterator[PollerSite]:
    """On PostgreSQL."""
    yield from _site("postgresql", migrated, tmp_path)


@pytest.fixture(params=KINDS)
def any_site(request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path) -> Iterator[PollerSite]:
    """The test runs on both bases."""
    yield from _site(request.param, migrated, tmp_path)


def _site(kind: str, migrated: MigratedBases, folder: Path) -> Iterator[PollerSite]:
    database = Database(migrated.new(kind, folder))
    yield PollerSite(database, folder)
    database.dispose()
    migrated.drop(database.url)
