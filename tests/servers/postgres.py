"""PostgreSQL with nothing to lose: no fsync, a folder of its own, a fresh base for each test."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Self

import psycopg
from psycopg import sql

from tests.patience import PATIENCE
from tests.servers.process import ServerError, ServerProcess, find_program, free_port, program_version

OLDEST = (15,)

USER = "tester"  # superuser of the base
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",  # no checkpoint in the middle of a test
    "autovacuum": "off",
    "logging_collector": "off",
}


class PostgresServer(ServerProcess):
    """Listens on loopback and on a unix socket in its folder; everybody is trusted. When we are root it runs
    as another user, since PostgreSQL refuses root.

    :param data: an empty folder for its data, in place of one of its own; it stays.
    :param settings: added to `SETTINGS`.
    """

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGQUIT  # immediate shutdown: the data is thrown away anyhow
    death_signal: ClassVar[str] = "QUIT"

    def __init__(self, data: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.port = free_port()
        self._own_data = data
        self._settings = {**SETTINGS, **(settings or {})}
        self._numbers = itertools.count(1)

    def create_database(self, template: str = "template1") -> str:
        """A new base, a copy of `template` (which nobody may be connected to); returns its SQLAlchemy URL."""
        database = f"test_{next(self._numbers)}"
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template))
        )
        return f"postgresql+psycopg://{USER}@{self.host}:{self.port}/{database}"

    def drop_database(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_database_of(url))))

    def terminate_backends(self, url: str) -> int:
        """Cut every connection to this base, as an administrator or a failover does; returns how many."""
        with self._connect() as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [_database_of(url)],
            )
            return len(ended.fetchall())

    def demote(self) -> None:
        """Bring it back as a standby, which lets read and refuses every write, until `promote`."""
        self._end(signal.SIGINT)  # with a checkpoint: a standby that recovers first would say that it starts up
        mark = self._data / "standby.signal"
        mark.touch()
        if os.getuid() == 0:
            shutil.chown(mark, owner().pw_uid, owner().pw_gid)
        self._launch()

    def promote(self) -> None:
        """Make the standby a primary; its sessions stay."""
        with self._connect() as connection:
            connection.execute("SELECT pg_promote()")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=USER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=int(PATIENCE),
        )

    def _administer(self, statement: sql.SQL | sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _identity(self) -> list[str]:
        if os.getuid() != 0:
            return []
        user = owner()
        return ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]

    def _prepare(self) -> None:
        if os.getuid() == 0:
            for folder in filter(None, (self.directory, self._own_data)):
                shutil.chown(folder, owner().pw_uid, owner().pw_gid)
        setpriv = find_program("setpriv", "util-linux")
        initdb: list[str | Path] = [_program("initdb"), "--no-sync", "--auth=trust", f"--username={USER}"]
        made = subprocess.run(
            [setpriv, *self._identity(), "--", *initdb, "--encoding=UTF8", "--locale=C.UTF-8", self._data],
            capture_output=True,
            text=True,
            cwd=self.directory,
            check=False,
        )
        if made.returncode != 0:
            raise ServerError(f"initdb: {made.stderr}")

    @property
    def _data(self) -> Path:
        return self._own_data or self.directory / "data"

    def _command(self) -> list[str | Path]:
        settings = {
            **self._settings,
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": str(self.directory),
        }
        return [
            _program("postgres"),
            "-D",
            self._data,
            *(f"--{name}={value}" for name, value in settings.items()),
        ]

    def _is_ready(self) -> bool:
        try:
            with self._connect() as connection:
                data = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return data == (str(self._data),)  # ours, not one that took the port


class SmallTablespace:
    """A tablespace on a file system of its own that can be filled to its last block. A context manager, as root."""

    def __init__(self, server: PostgresServer, place: Path) -> None:
        self._server = server
        self._place = place
        self._inside: set[str] = set()

    def __enter__(self) -> Self:
        self._place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", self._place], check=True)
        shutil.chown(self._place, owner().pw_uid, owner().pw_gid)
        self._server._administer(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(self._place))))
        return self

    def __exit__(self, *_error: object) -> None:
        for url in list(self._inside):
            self.let_go(url)
        self._server._administer(sql.SQL("DROP TABLESPACE small"))
        subprocess.run(["umount", "--lazy", self._place], check=True)
        self._place.rmdir()

    def take_in(self, url: str) -> None:
        """Move a base into it; whoever is connected is cut off."""
        self._move(url, "small")
        self._inside.add(url)

    def let_go(self, url: str) -> None:
        """Move it out again."""
        self._move(url, "pg_default")
        self._inside.discard(url)

    @contextmanager
    def full(self) -> Iterator[None]:
        """There is no room left in it."""
        ballast = self._place / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(8192))
        try:
            yield
        finally:
            ballast.unlink()

    def _move(self, url: str, tablespace: str) -> None:
        database = sql.Identifier(_database_of(url))
        self._server._administer(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
        self._server.terminate_backends(url)
        self._server._administer(
            sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(database, sql.Identifier(tablespace))
        )
        self._server._administer(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))


def owner() -> pwd.struct_passwd:
    """The user PostgreSQL runs as when we are root: Debian's, or nobody."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _program(name: str) -> Path:
    """Of the newest PostgreSQL here; Debian keeps its server programs outside PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    program = find_program(name, "postgresql", ":".join(map(str, folders)))
    if (version := program_version(program)) < OLDEST:
        raise ServerError(f"{program} is version {version}; PostgreSQL 15 or later is needed")
    return program


def _database_of(url: str) -> str:
    return url.rpartition("/")[2]
