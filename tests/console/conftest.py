"""A site whose console is a real process, and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.office import Office, make_office
from tests.console.watching import watched
from tests.databases import MigratedBases
from tests.journey.conftest import journey_smtp, make_pair
from tests.servers import RedisServer
from tests.servers.chromium import Chromium

__all__ = ["chromium", "journey_smtp", "make_pair", "office", "watched"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def office(
    migrated: MigratedBases, session_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    with make_office(migrated, folder, session_redis.url) as office:
        yield office
