"""What one test leaves behind in a database, the next one does not find."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.database import Database
from tests.databases import MigratedBases
from tests.kept_databases import KeptDatabases
from tests.servers import PostgresServer
from tests.servers.process import find_program
from tests.site_factories import add_products, make_site


@pytest.fixture
def databases(migrated: MigratedBases, postgres_server: PostgresServer) -> Iterator[KeptDatabases]:
    kept = KeptDatabases(postgres_server, migrated._template)
    yield kept
    kept.close()


def test_a_connection_that_a_test_cut_is_made_anew(databases: KeptDatabases, postgres_server: PostgresServer) -> None:
    new = []
    for _ in range(3):
        url = databases.take()
        database = Database(url)
        with database.read() as connection:
            new.append((url, connection.exec_driver_sql("SELECT count(*) FROM site").scalar_one()))
        make_site(database)
        database.dispose()
        postgres_server.terminate_backends(url)
        databases.give_back(url)
    assert new == [(url, 0)] * 3


def dumped(url: str) -> str:
    """All that is in it, and all rights."""
    command: list[str | Path] = [find_program("pg_dump", "postgresql-client"), url.replace("+psycopg", "")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)  # which is another one in each dump


def test_rows_and_numbers_are_gone(databases: KeptDatabases) -> None:
    url = databases.take()
    new = dumped(url)
    database = Database(url)
    make_site(database)
    with database.transaction() as connection:
        add_products(connection, "A", "B")
    assert dumped(url) != new
    databases.give_back(url)  # while we are still connected
    assert databases.take() == url
    assert dumped(url) == new
    database.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE sales_order ADD COLUMN more text",
        "ALTER TABLE sales_order ADD CONSTRAINT more CHECK (number <> '')",
        "DROP INDEX {index}",
        "CREATE TABLE more (id int)",
        'GRANT UPDATE (number) ON sales_order TO "intergestan-poller"',
        'GRANT DELETE ON sales_order TO "intergestan-poller"',
        "CREATE SCHEMA more",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_changed_tables_are_dropped(databases: KeptDatabases, statement: str) -> None:
    url = databases.take()
    database = Database(url)
    with database.transaction() as connection:
        (index,) = connection.exec_driver_sql(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'event' AND indexname NOT LIKE '%%pk%%' LIMIT 1"
        ).scalars()
        connection.exec_driver_sql(statement.format(index=index))
    database.dispose()
    databases.give_back(url)
    other = databases.take()
    assert other != url
    databases.give_back(other)
