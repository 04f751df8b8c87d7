"""PostgreSQL through PgBouncer in transaction mode: each transaction may get another of its connections."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from intergestan_db import leases, migrate
from intergestan_db.database import Database
from intergestan_db.tables import Worker
from tests.servers import PgBouncer, PostgresServer

CLIENTS = 8  # to two connections of PgBouncer


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    with PgBouncer(postgres_server) as server:
        yield server


@pytest.fixture
def url(pgbouncer: PgBouncer, postgres_url: str) -> str:
    return pgbouncer.url(postgres_url)


def beat_often(database: Database, name: str) -> None:
    """What every service does all the time, and looks at what the others did."""
    for _ in range(20):
        with database.transaction() as connection:
            leases.beat(connection, name, "importer", database.now())
        with database.read() as connection:
            alive = connection.execute(select(Worker.name).where(Worker.alive_until > database.now())).scalars()
            assert name in set(alive)


def work(url: str, *, pgbouncer: bool) -> None:
    """As many processes as clients, each with connections of its own."""
    bases = [Database(url, pgbouncer=pgbouncer) for _ in range(CLIENTS)]
    try:
        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(beat_often, bases, (f"worker-{number}" for number in range(CLIENTS))))
    finally:
        for base in bases:
            base.dispose()


def test_the_site_works_through_pgbouncer(url: str) -> None:
    """Migrations, the check of durability, and eight clients on two connections."""
    database = Database(url, pgbouncer=True)
    migrate.upgrade(database)
    database.check_durability()
    with database.read() as connection:
        migrate.check(connection)
    work(url, pgbouncer=True)
    with database.read() as connection:
        alive = connection.execute(
            select(Worker.name).where(Worker.alive_until > database.now() - timedelta(minutes=1))
        )
        assert len(alive.all()) == CLIENTS
    database.dispose()


def test_without_the_setting_it_does_not(url: str) -> None:
    """Why there is a setting: what one client prepared, another finds prepared, or gone."""
    database = Database(url, pgbouncer=True)
    migrate.upgrade(database)
    database.dispose()
    with pytest.raises(DBAPIError, match="prepared statement"):
        work(url, pgbouncer=False)
