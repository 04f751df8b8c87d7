"""PgBouncer in transaction mode, in front of the tests' PostgreSQL."""

import os
import shutil
from pathlib import Path
from typing import ClassVar

import psycopg

from tests.patience import PATIENCE
from tests.servers.postgres import USER, PostgresServer, owner
from tests.servers.process import ServerProcess, find_program, free_port


class PgBouncer(ServerProcess):
    """Everybody is trusted. When we are root it runs as PostgreSQL's user, since it refuses root.

    :param connections: so many to PostgreSQL, for each base.
    """

    name: ClassVar[str] = "pgbouncer"

    def __init__(self, postgres: PostgresServer, connections: int = 2) -> None:
        super().__init__()
        self.port = free_port()
        self._postgres = postgres
        self._connections = connections

    def url(self, direct: str) -> str:
        """A base of PostgreSQL, reached through here."""
        return direct.replace(f":{self._postgres.port}/", f":{self.port}/")

    def _identity(self) -> list[str]:
        return self._postgres._identity()

    def _prepare(self) -> None:
        settings = {
            "listen_addr": self.host,
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "admin_users": USER,
            "pool_mode": "transaction",
            "default_pool_size": self._connections,
            "max_client_conn": 200,
        }
        text = f"[databases]\n* = host={self._postgres.host} port={self._postgres.port} user={USER}\n[pgbouncer]\n"
        text += "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.directory / "pgbouncer.ini").write_text(text)
        if os.getuid() == 0:
            shutil.chown(self.directory, owner().pw_uid, owner().pw_gid)

    def _command(self) -> list[str | Path]:
        return [find_program("pgbouncer", "pgbouncer"), self.directory / "pgbouncer.ini"]

    def _is_ready(self) -> bool:
        try:
            with psycopg.connect(
                host=self.host,
                port=self.port,
                user=USER,
                dbname="pgbouncer",
                autocommit=True,
                connect_timeout=int(PATIENCE),
            ) as connection:
                return connection.execute("SHOW VERSION").fetchone() is not None
        except psycopg.OperationalError:
            return False
