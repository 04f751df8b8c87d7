"""What a site does over and over costs what it cost on its first day: no step looks through what its database keeps.

Two sites are grown to thousands of orders; then their services do what they do all day, and each statement is judged
by what it made the database do: SQLite by the steps of its virtual machine, PostgreSQL by the rows that it visited.
Neither is a time: both are the same on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from intergestan_db.database import Database
from intergestan_exchange.inbox.pool import ReaderPool
from tests.databases import MigratedBases
from tests.grown import Years, grow_all
from tests.servers import RedisServer
from tests.working_sites import WorkingSites

COPIES = {"sqlite": 3000, "postgresql": 12_000}
"""So many that PostgreSQL finds an index cheaper than to read a table."""
FREE = {"sqlite": 8000, "postgresql": 300}
"""So many steps or rows more say nothing yet: a step takes some ten a row."""
GRAIN = 100

BY_DESIGN: Mapping[str, str] = {
    "filter (where inbound_mail.size": "the newest mails, up to 10 000 (services/dispatcher/resting.py)",
    "outbound_mail.id <= ": "the newest mails, up to 10 000 (services/dispatcher/resting.py)",
    "from inbound_transfer as": "in front of the newest 1000 transfers gaps are looked for (vitals.py)",
}
"""What visits more rows of a larger database, up to a bound; by a part of the statement."""

SELDOM = ("known UIDs",)
"""Steps that nobody takes once a minute."""

Costs = dict[str, int]
"""By statement."""


def test_no_step_looks_through_a_table_that_grows(sites: WorkingSites, kind: str) -> None:
    sites.once_round()
    years = [Years(site.database) for site in (sites.buyer, sites.seller)]
    steps = {name: ready for name, ready in sites.steps().items() if not name.startswith(SELDOM)}
    grow_all(years, 50)
    for ready in steps.values():
        ready()()  # what a process does when it begins is another matter
    few = {name: _costs(sites, ready()) for name, ready in steps.items()}
    grow_all(years, COPIES[kind])
    sites.count_years()
    many = {name: _costs(sites, ready()) for name, ready in steps.items()}
    assert min(len(costs) for costs in many.values()) > 0
    grown = {
        f"{name}: {few[name].get(statement, 0)} → {cost}: {statement}"
        for name, costs in many.items()
        for statement, cost in costs.items()
        if cost > 2 * few[name].get(statement, 0) + FREE[kind] and not _is_by_design(statement)
    }
    assert not grown


def test_a_look_through_a_table_would_be_seen(sites: WorkingSites, kind: str) -> None:
    sites.once_round()
    years = Years(sites.buyer.database)
    years.grow(50)

    def look() -> None:
        with sites.buyer.database.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM event WHERE name = 'accept'").scalar_one()

    few = sum(_costs(sites, look).values())
    years.grow(COPIES[kind])
    many = sum(_costs(sites, look).values())
    assert many > 2 * few + FREE[kind]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.not_quick)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sites(
    kind: str, migrated: MigratedBases, tmp_path: Path, pool: ReaderPool, session_redis: RedisServer
) -> Iterator[WorkingSites]:
    databases = [Database(migrated.new(kind, tmp_path, name)) for name in ("buyer", "seller")]
    buyer, seller = databases
    yield WorkingSites(buyer, seller, tmp_path, pool, session_redis.url)
    for database in databases:
        database.dispose()
        migrated.drop(database.url)


def _is_by_design(statement: str) -> bool:
    text = " ".join(statement.lower().replace('"', "").split())
    return any(part in text for part in BY_DESIGN)


def _costs(sites: WorkingSites, work: Any) -> Costs:
    """What each statement makes the databases of both sites do while the work is done."""
    costs: Costs = defaultdict(int)
    with _counted(sites.buyer.database, costs), _counted(sites.seller.database, costs):
        work()
    return costs


@contextmanager
def _counted(database: Database, costs: Costs) -> Iterator[None]:
    listening = []

    def note(connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: Any) -> None:
        costs[statement] += 0
        raw: Any = connection.connection.dbapi_connection
        if not database.is_sqlite:
            costs[statement] += _visited(raw, statement, parameters[0] if many else parameters)
            return

        def count() -> int:
            costs[statement] += GRAIN
            return 0

        raw.set_progress_handler(count, GRAIN)
        listening.append(raw)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        for raw in listening:
            raw.set_progress_handler(None, GRAIN)


def _visited(raw: Any, statement: str, parameters: Any) -> int:
    """The rows that PostgreSQL looks at for a statement, which has no effect."""
    if statement.split(maxsplit=1)[0].upper() not in {"SELECT", "UPDATE", "DELETE", "WITH"}:
        return 0
    with raw.cursor() as cursor:
        if not raw.autocommit:  # who only reads has no transaction
            cursor.execute("SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        plan = cursor.fetchone()[0][0]["Plan"]
        if not raw.autocommit:
            cursor.execute("ROLLBACK TO SAVEPOINT explained")
    return _rows_of(plan)


def _rows_of(node: Mapping[str, Any]) -> int:
    visited: int = sum(_rows_of(each) for each in node.get("Plans", ()))
    if "Scan" in node["Node Type"]:
        left_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        visited += node["Actual Loops"] * (node["Actual Rows"] + left_out)
    return visited + int(node["Actual Loops"] * node.get("Rows Removed by Join Filter", 0))
