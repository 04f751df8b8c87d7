"""A PostgreSQL that answers and cannot do it is away: its connections are dropped, the next ones may reach another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from intergestan_db.database import AWAY, Database
from intergestan_db.postgresql import CONNECT_S, is_away
from intergestan_db.write_trial import try_writing
from tests.databases import MigratedBases, migrate_base
from tests.patience import PATIENCE
from tests.servers import FaultProxy, PostgresServer
from tests.servers.postgres import SmallTablespace

WRITE = text("INSERT INTO setting (name, value) VALUES ('trial', '1')")


@pytest.fixture
def url(migrated: MigratedBases, tmp_path: Path) -> Iterator[str]:
    url = migrated.new("postgresql", tmp_path)
    yield url
    migrated.drop(url)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.fixture
def alter(url: str, postgres_server: PostgresServer) -> Iterator[Callable[[str], None]]:
    """Alters the base for new sessions, as an administrator."""

    def alter(words: str) -> None:
        with postgres_server._connect() as connection:
            connection.execute(f'ALTER DATABASE "{name_of(url)}" {words}'.encode())

    yield alter
    alter("RESET ALL")


def test_a_demoted_primary_is_left_as_soon_as_there_is_another(
    database: Database, alter: Callable[[str], None]
) -> None:
    """SQLSTATE 25006: the session would stay read-only for ever; the next connection is not."""
    alter("SET default_transaction_read_only = on")
    for _ in range(3):
        with pytest.raises(AWAY, match="read-only"), database.transaction() as connection:
            connection.execute(WRITE)
    with pytest.raises(AWAY, match="read-only"):
        try_writing(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    alter("RESET default_transaction_read_only")
    with suppress(*AWAY), database.transaction() as connection:
        connection.execute(WRITE)  # by the last session that was read-only, if that was used for reading
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM setting WHERE name = 'trial'"))
        connection.execute(WRITE)
    try_writing(database)


@pytest.fixture
def own() -> Iterator[tuple[PostgresServer, Database]]:
    """A server of the test's own, to be spoilt, and a migrated base on it."""
    with PostgresServer() as server:
        url = server.create_database()
        migrate_base(url)
        database = Database(url)
        yield server, database
        database.dispose()


def test_a_standby_until_it_is_promoted(own: tuple[PostgresServer, Database]) -> None:
    """A real one: it lets read, refuses every write with 25006, and takes them again without a restart of ours."""
    server, database = own
    try_writing(database)
    server.demote()
    with pytest.raises(AWAY, match=r"read-only|terminating connection"):  # the one that was open ends with the server
        try_writing(database)
    for _ in range(2):
        with pytest.raises(AWAY, match="read-only"):
            try_writing(database)
        with database.read() as connection:
            assert connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one()
    server.promote()
    try_writing(database)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small file system")
def test_a_tablespace_without_room(own: tuple[PostgresServer, Database]) -> None:
    """A real one, full to its last block: 53100 is an outage, and it is over as soon as there is room."""
    server, database = own
    with SmallTablespace(server, server.directory / "small") as small:
        small.take_in(database.url)
        try_writing(database)
        with small.full():
            with pytest.raises(AWAY, match="No space left on device"):
                try_writing(database)
            with database.read() as connection:
                assert connection.execute(text("SELECT 1")).scalar_one() == 1
        try_writing(database)


def test_what_takes_too_long_is_away(database: Database, alter: Callable[[str], None]) -> None:
    """57014, by the server's own statement_timeout."""
    alter("SET statement_timeout = '200ms'")
    with database.read() as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(AWAY, match="statement timeout"), database.read() as connection:
        connection.execute(text("SELECT pg_sleep(1000)"))
    with database.read() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


@pytest.mark.parametrize("state", ["25006", "57P01", "57P02", "57P03", "57014", "53100", "53200", "08006", "58030"])
def test_every_kind_of_it_drops_the_pool(database: Database, state: str) -> None:
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'it cannot' USING ERRCODE = '{state}'; END $$")
    with database.read() as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(AWAY, match="it cannot"), database.transaction() as connection:
        connection.execute(raising)
    with database.read() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


def test_what_is_wrong_with_a_statement_is_no_outage(database: Database) -> None:
    """Such as a column that is not there: the connection stays, and nobody waits for it to pass."""
    with database.read() as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(ProgrammingError) as caught, database.transaction() as connection:
        connection.execute(text("SELECT nothing_of_the_kind"))
    assert not isinstance(caught.value, AWAY)
    with database.read() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == first
    assert not any(map(is_away, ["23505", "40001", "42703", None]))


def test_a_network_that_swallows_everything_is_found_out(
    url: str, postgres_server: PostgresServer, make_proxy: Callable[..., FaultProxy]
) -> None:
    """Within the time that one answer may take, although the connection stays open; and another one is made."""
    proxy = make_proxy(postgres_server.host, postgres_server.port)
    database = Database(url.replace(f":{postgres_server.port}/", f":{proxy.port}/"), patience=0.5)
    with database.transaction() as connection:
        connection.execute(text("SELECT 1"))
    proxy.black_hole()
    with pytest.raises(OperationalError, match=r"no answer within|timeout"), database.transaction() as connection:
        connection.execute(WRITE)
    proxy.resume()
    with database.transaction() as connection:
        connection.execute(WRITE)
    database.dispose()


def test_a_session_whose_client_is_gone_lets_its_locks_go(
    url: str, postgres_server: PostgresServer, make_proxy: Callable[..., FaultProxy]
) -> None:
    """The commit is swallowed, and so is the end of our connection: nobody waits for that session afterwards."""
    proxy = make_proxy(postgres_server.host, postgres_server.port)
    ours = Database(url.replace(f":{postgres_server.port}/", f":{proxy.port}/"), patience=0.5)
    ours.at_commit = lambda _moment: proxy.black_hole()
    with pytest.raises(OperationalError), ours.transaction() as connection:
        connection.execute(WRITE)
    other = Database(url)
    with other.transaction() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{round(PATIENCE)}s'"))
        connection.execute(WRITE)
    for each in (ours, other):
        each.dispose()


def test_a_connection_that_nobody_answers_is_given_up(make_proxy: Callable[..., FaultProxy], url: str) -> None:
    """It is accepted, and no word comes: `connect_timeout`, unless the URL says otherwise."""
    made = make_url(url)
    proxy = make_proxy(str(made.host), made.port or 0)
    proxy.black_hole()
    database = Database(str(made.set(port=proxy.port, query={"connect_timeout": "2"})))
    with pytest.raises(DBAPIError, match="timeout"), database.read():
        pass
    assert CONNECT_S <= 15  # with what comes after it, all goes on within 30 s of the network's return
    database.dispose()


def test_the_trial_of_a_write_leaves_nothing(migrated: MigratedBases, tmp_path: Path) -> None:
    """On both bases; nobody takes it for a worker, and the number of events stays."""
    for kind in ("sqlite", "postgresql"):
        database = Database(migrated.new(kind, tmp_path))
        try_writing(database)
        with database.read() as connection:
            for table in ("worker", "event"):
                assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
        database.dispose()
        migrated.drop(database.url)


def test_a_file_that_may_not_grow(migrated: MigratedBases, tmp_path: Path) -> None:
    """SQLite: no room is an outage as well, and the trial of a write finds it."""
    database = Database(migrated.new("sqlite", tmp_path))
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(AWAY, match="full"), database.transaction() as connection:
        connection.execute(text("INSERT INTO setting (name, value) VALUES ('trial', zeroblob(1000000))"))
    database.dispose()
