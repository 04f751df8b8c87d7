"""Migrated bases for tests, quickly: the migrations run once per session and kind, then the result is copied.

On PostgreSQL each service works with the rights of its own role (`as_service`), as it does where sites run: a use of
a table that deploy/postgresql/roles.sql does not know fails the test of whatever uses it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, make_url

from intergestan_db import migrate
from intergestan_db.database import Database
from tests.kept_databases import KeptDatabases
from tests.patience import PATIENCE
from tests.servers import PostgresServer

KINDS = ("sqlite", "postgresql")
ROLES = Path(__file__).parents[1] / "deploy/postgresql/roles.sql"


class MigratedBases:
    """Hands out copies of two templates, and of what tests make of these once in a session.

    `server` is asked for only where a PostgreSQL base is wanted.
    """

    def __init__(self, folder: Path, server: Callable[[], PostgresServer]) -> None:
        self._folder = folder
        self._server = server
        self._files: dict[str, Path] = {}
        self._kept: dict[str, KeptDatabases] = {}
        self._taken: dict[str, KeptDatabases] = {}

    def new(self, kind: str, folder: Path, name: str = "site", *, of: str = "") -> str:
        """The URL of a migrated base of its own; an SQLite file lies in `folder`.

        :param of: what `keep` called the base that it is a copy of; by default it is empty.
        """
        if kind == "sqlite":
            file = folder / f"{name}.db"
            shutil.copy(self._files[of] if of else self._file, file)
            return f"sqlite:///{file}"
        if not of and of not in self._kept:
            self._kept[of] = KeptDatabases(self._server(), self._template)
        url = self._kept[of].take()
        self._taken[url] = self._kept[of]
        return url

    def keep(self, url: str, name: str) -> None:
        """From now on there are copies of this base, to which nobody is connected and which nobody changes any more."""
        at = make_url(url)
        assert at.database is not None
        if at.get_backend_name() == "sqlite":
            assert name not in self._files
            self._files[name] = Path(at.database)
        else:
            assert name not in self._kept
            self._taken.pop(url).let_go(url)
            self._kept[name] = KeptDatabases(self._server(), at.database)

    def drop(self, url: str) -> None:
        """Give a base back; an SQLite file goes with its folder."""
        if not url.startswith("sqlite"):
            self._taken.pop(url).give_back(url)

    def close(self) -> None:
        """Let go of the server."""
        for kept in self._kept.values():
            kept.close()

    @cached_property
    def _file(self) -> Path:
        file, made = self._folder / "migrating.db", self._folder / "template.db"
        with (self._folder / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of a run share the folder
            if not made.exists():
                migrate_base(f"sqlite:///{file}")
                file.rename(made)
        return made

    @cached_property
    def _template(self) -> str:
        url = self._server().create_database()
        migrate_base(url)
        give_roles(url)
        return url.rpartition("/")[2]


def migrate_base(url: str) -> None:
    """Give an empty base its tables."""
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()


def give_roles(url: str, *arguments: str) -> None:
    """Run roles.sql on a base, as a superuser who owns it."""
    done = run_roles(url, *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def run_roles(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run roles.sql on a base, as the user whom the URL names."""
    psql = ["psql", f"--dbname={url.replace('+psycopg', '')}", f"--file={ROLES}", *arguments]
    return subprocess.run(psql, capture_output=True, text=True, timeout=PATIENCE, check=False)


def as_service(database: Database, service: str) -> Database:
    """The base as a service has it: on PostgreSQL with the rights of its role only."""
    return database if database.is_sqlite else _InRole(database, f"intergestan-{service}")


class _InRole(Database):
    """The same base and connections, in a role. The role is taken beside SQLAlchemy: it is no statement of ours."""

    def __init__(self, database: Database, role: str) -> None:
        self.url = database.url
        self.now = database.now
        self.engine = database.engine
        self._reader = database._reader
        self.at_commit = database.at_commit
        self._role = role

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with super().read() as connection:
            try:
                _say(connection, f'SET ROLE "{self._role}"')
                yield connection
                _say(connection, "RESET ROLE")
            except BaseException:
                connection.invalidate()
                raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            _say(connection, f'SET LOCAL ROLE "{self._role}"')
            yield connection


def _say(connection: Connection, statement: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(statement)
    cursor.close()
