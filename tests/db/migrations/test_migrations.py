"""The migrations make exactly the tables of the models, on both bases, up and down."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.engine.interfaces import ReflectedCheckConstraint

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import Notice, NumberSeries, OutboundMail, PartnerKey, Setting, Table, ToldAlarm
from tests.site_factories import NOW, SiteToTest

FOLDER = Path(migrate.__file__).parent / "migrations"


@pytest.fixture
def empty(database_url: str) -> Any:
    """A base without tables."""
    database = Database(database_url)
    yield database
    database.dispose()


def run(connection: Connection, verb: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    verb(config, revision)


def checks(connection: Connection) -> dict[str, set[str | None]]:
    found: dict[str, list[ReflectedCheckConstraint]] = {
        name: inspect(connection).get_check_constraints(name) for name in Table.metadata.tables
    }
    return {name: {check["name"] for check in some} for name, some in found.items() if some}


def _is_misread(connection: Connection, difference: Any) -> bool:
    """Of a key that came with its column SQLAlchemy does not read on SQLite what becomes of it; the base says so."""
    if connection.dialect.name != "sqlite" or difference[0] not in {"remove_fk", "add_fk"}:
        return False
    key = difference[1]
    (name,) = key.column_keys
    (model,) = Table.metadata.tables[key.table.name].c[name].foreign_keys
    rows = connection.exec_driver_sql(f"PRAGMA foreign_key_list({key.table.name})").all()
    return (model.column.table.name, name, model.ondelete) in {(row[2], row[3], row[6]) for row in rows}


def test_the_newest_file_is_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


@pytest.mark.not_quick
def test_upgrading_gives_the_models(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Table.metadata)
        assert [each for each in differences if not _is_misread(connection, each)] == []
        migrate.check(connection)
        expected = {
            table.name: {str(item.name) for item in table.constraints if item.__class__.__name__ == "CheckConstraint"}
            for table in Table.metadata.tables.values()
        }
        assert checks(connection) == {name: some for name, some in expected.items() if some}


def test_upgrading_again_changes_nothing(a_site: SiteToTest) -> None:
    migrate.upgrade(a_site.database)
    assert a_site.card().code == a_site.code


@pytest.mark.not_quick
def test_down_and_up_again(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.transaction() as connection:
        run(connection, command.downgrade, "base")
    with empty.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(empty)
    with empty.read() as connection:
        migrate.check(connection)


def test_an_empty_base_is_refused(empty: Database) -> None:
    with empty.read() as connection, pytest.raises(migrate.NotMigrated, match="make a new site"):
        migrate.check(connection)


@pytest.mark.not_quick
def test_the_keys_of_an_older_site_count(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    """A pinned key stays one; a key that nobody confirmed must not become one on the way back."""
    site, _other = paired_sites
    with site.database.transaction() as connection:
        partner_id = connection.execute(select(PartnerKey.partner_id)).scalar_one()
        pending = {"partner_id": partner_id, "kid": "x" * 43, "public_key": b"x" * 32, "pending": True}
        connection.execute(insert(PartnerKey).values(**pending))
        mail = {"transfer_id": "x", "kind": "key", "state": "requested", "partner_id": partner_id, "requested_at": NOW}
        connection.execute(insert(OutboundMail).values(**mail))
        run(connection, command.downgrade, "0003")
    migrate.upgrade(site.database)
    with site.database.read() as connection:
        (key,) = connection.execute(select(PartnerKey.__table__))
        assert (key.pending, key.known_at) == (False, NOW)
        assert connection.execute(select(OutboundMail.id)).all() == []


@pytest.mark.not_quick
def test_an_older_site_gets_the_number_series_that_it_lacks(a_site: SiteToTest) -> None:
    """G03: delivery notes and invoices are numbered in bases that were made before there were any."""
    with a_site.database.transaction() as connection:
        connection.execute(insert(NumberSeries), [{"code": "other", "prefix": "X", "next_number": 7}])
        run(connection, command.downgrade, "0002")
        left = set(connection.execute(select(NumberSeries.prefix)).scalars())
    assert left == {"CFR", "CCL", "X"}
    migrate.upgrade(a_site.database)
    with a_site.database.read() as connection:
        rows = connection.execute(select(NumberSeries.prefix, NumberSeries.next_number))
        new = dict.fromkeys(("CFR", "CCL", "BP", "BL", "BR", "RT", "FA", "FI", "AV", "RG", "DV"), 1)
        assert {row.prefix: row.next_number for row in rows} == {**new, "X": 7}


@pytest.mark.not_quick
def test_what_was_told_and_what_is_to_be_told_stay(a_site: SiteToTest) -> None:
    """0018: notices get the setting that they are about in place of a recipient, alarms that were told a table."""
    notice = (
        "INSERT INTO notice (envelope_from, recipient, mime, created_at, attempts, lease_fence)"
        " VALUES ('a@b.test', 'c@d.test', 'x', {at}, 0, 0)"
    )
    with a_site.database.transaction() as connection:
        run(connection, command.downgrade, "0017")
        for statement in (
            "INSERT INTO setting (name, value) VALUES ('alarms.mail', '{}'), ('archive.verified_up_to', 'f')",
            "INSERT INTO event (at, who, subject, subject_id, name) VALUES (7, 'dispatcher', 'hold', 1, 'tell')",
            notice.format(at=7),
            notice.format(at=8),
        ):
            connection.exec_driver_sql(statement)
    migrate.upgrade(a_site.database)
    assert [(row.way, row.memories) for row in a_site.rows(ToldAlarm)] == [("mail", "{}")]
    assert [row.name for row in a_site.rows(Setting)] == ["archive.verified_up_to"]
    assert [row.about for row in a_site.rows(Notice)] == ["holds", "alarms"]
