"""No role has a right that the page does not print: every role, table, column and verb, asked of a real PostgreSQL.

That the rights suffice is shown wherever services are tested on PostgreSQL (`as_service`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, make_url, text

from deploy.postgresql.rights import ALL_SERVICES, RIGHTS
from intergestan_db.database import Database
from intergestan_db.tables import Table
from tests.databases import MigratedBases, give_roles, migrate_base, run_roles
from tests.servers import PostgresServer

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
VERBS = {"reads": "SELECT", "adds": "INSERT", "changes": "UPDATE"}
ROLES = [f"intergestan-{service}" for service in ALL_SERVICES]


class Right(NamedTuple):
    """One right of one role, to one column, or to a whole table where the column is empty."""

    role: str
    verb: str
    table: str
    column: str = ""


@pytest.fixture(scope="module")
def connection(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    database = Database(migrated.new("postgresql", tmp_path_factory.mktemp("rights")))
    give_roles(database.url)  # rights on the database itself are not copied with it
    with database.read() as connection:
        yield connection
    database.dispose()
    migrated.drop(database.url)


def printed() -> set[Right]:
    """What the page says."""
    there = {name: [column.name for column in table.columns] for name, table in Table.metadata.tables.items()}
    there["alembic_version"] = ["version_num"]
    found = set()
    for section in re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE):
        service = section.partition("\n")[0]
        if service not in ALL_SERVICES:
            continue
        for row in re.findall(r"^\| (?!table|-)(.*) \|$", section, re.MULTILINE):
            table, *cells, deletes = (cell.strip() for cell in row.split("|"))
            role = f"intergestan-{service}"
            for verb, cell in zip(VERBS.values(), cells, strict=True):
                listed = re.findall(r"`(\w+)`", cell)
                names = [name for name in there[table] if name not in listed] if cell.startswith("all") else listed
                found |= {Right(role, verb, table, name) for name in names if (verb, name) != ("INSERT", "id")}
            if deletes:
                found.add(Right(role, "DELETE", table))
    return found


def test_the_page_prints_every_right_of_every_role(connection: Connection) -> None:
    of_columns = text(
        "SELECT role, verb, relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " CROSS JOIN unnest(CAST(:roles AS text[])) AS role"
        " CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS verb"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')"
        " AND attnum > 0 AND NOT attisdropped AND has_column_privilege(role, pg_class.oid, attnum, verb)"
    )
    of_tables = text(
        "SELECT role, verb, relname FROM pg_class CROSS JOIN unnest(CAST(:roles AS text[])) AS role"
        " CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS verb"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')"
        " AND has_table_privilege(role, pg_class.oid, verb)"
    )
    found = {Right(*row) for row in connection.execute(of_columns, {"roles": ROLES})}
    found |= {Right(*row) for row in connection.execute(of_tables, {"roles": ROLES})}
    said = printed()
    assert len(said) > 1000  # the page was read
    assert (sorted(found - said), sorted(said - found)) == ([], [])


def test_sequences_are_for_those_who_add_rows(connection: Connection) -> None:
    query = text(
        "SELECT role, verb, relname FROM pg_class CROSS JOIN unnest(CAST(:roles AS text[])) AS role"
        " CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS verb"
        " WHERE relkind = 'S' AND has_sequence_privilege(role, pg_class.oid, verb)"
    )
    found = {tuple(row) for row in connection.execute(query, {"roles": ROLES})}
    assert found == {
        (f"intergestan-{service}", "USAGE", f"{table}_id_seq")
        for service in ALL_SERVICES
        for table, right in RIGHTS[service].items()
        if right.adds and "id" in Table.metadata.tables[table].columns
    }


NOTHING = {
    "runs functions of ours or writes large objects": (
        "SELECT role, oid::regprocedure FROM pg_proc CROSS JOIN roles"
        " WHERE (pronamespace = 'public'::regnamespace OR proname LIKE 'lo\\_%' OR proname IN ('loread', 'lowrite'))"
        " AND has_function_privilege(role, oid, 'EXECUTE')"
    ),
    "makes things in a schema, or sees into another": (
        "SELECT role, nspname FROM pg_namespace CROSS JOIN roles"
        " WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND (has_schema_privilege(role, oid, 'CREATE')"
        " OR nspname <> 'public' AND has_schema_privilege(role, oid, 'USAGE'))"
    ),
    "makes schemas or temporary tables": (
        "SELECT role FROM roles WHERE has_database_privilege(role, current_database(), 'CREATE')"
        " OR has_database_privilege(role, current_database(), 'TEMPORARY')"
    ),
    "is more than a login": (
        "SELECT role FROM roles JOIN pg_roles ON rolname = role"
        " WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR NOT rolcanlogin"
    ),
    "is a member of another role": (
        "SELECT role FROM roles JOIN pg_roles ON rolname = role JOIN pg_auth_members ON member = pg_roles.oid"
    ),
    "owns anything": (
        "SELECT role, classid::regclass, objid FROM roles JOIN pg_roles ON rolname = role"
        " JOIN pg_shdepend ON refobjid = pg_roles.oid AND deptype = 'o'"
    ),
    "reaches other servers": (
        "SELECT role, srvname FROM pg_foreign_server CROSS JOIN roles WHERE has_server_privilege(role, oid, 'USAGE')"
    ),
    "makes files elsewhere": (
        "SELECT role, spcname FROM pg_tablespace CROSS JOIN roles WHERE has_tablespace_privilege(role, oid, 'CREATE')"
    ),
}


@pytest.mark.parametrize("what", NOTHING)
def test_nobody(connection: Connection, what: str) -> None:
    query = f"WITH roles AS (SELECT unnest(CAST(:roles AS text[])) AS role) {NOTHING[what]}"
    assert connection.execute(text(query), {"roles": ROLES}).all() == []


def test_the_database_is_open_to_the_roles_alone(connection: Connection) -> None:
    query = text(
        "SELECT has_database_privilege(role, current_database(), 'CONNECT') FROM unnest(CAST(:roles AS text[])) AS role"
    )
    assert set(connection.execute(query, {"roles": ROLES}).scalars()) == {True}
    public = "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee = 0"
    assert connection.execute(text(public)).scalar_one() == 0


@pytest.mark.campaign
def test_an_owner_who_is_no_superuser_gives_the_same_rights(postgres_server: PostgresServer) -> None:
    """As on a managed server. Only large objects stay open, and that is said."""
    admin = Database(postgres_server.create_database())
    with admin.transaction() as connection:
        connection.exec_driver_sql("CREATE ROLE plain LOGIN CREATEROLE")
        connection.exec_driver_sql(f'ALTER DATABASE "{make_url(admin.url).database}" OWNER TO plain')
    url = admin.url.replace("://tester@", "://plain@")
    migrate_base(url)
    said = run_roles(url)
    assert (said.returncode, "only a superuser" in said.stderr) == (0, True), said.stderr
    assert said.stderr.count("\n") == 1
    with admin.read() as connection:
        test_the_page_prints_every_right_of_every_role(connection)
        test_the_database_is_open_to_the_roles_alone(connection)
    admin.dispose()
    postgres_server.drop_database(admin.url)
