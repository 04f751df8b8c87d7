"""Migrated bases for tests, quickly: the migrations run once per session and kind, then the result is copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from intergestan_site import migrate
from intergestan_site.database import Database
from tests.servers import PostgresServer

KINDS = ("sqlite", "postgresql")


class MigratedBases:
    """Hands out copies of two templates. `server` is asked for only where a PostgreSQL base is wanted."""

    def __init__(self, folder: Path, server: Callable[[], PostgresServer]) -> None:
        self._folder = folder
        self._server = server

    def new(self, kind: str, folder: Path, name: str = "site") -> str:
        """The URL of a migrated base of its own; an SQLite file lies in `folder`."""
        if kind == "sqlite":
            file = folder / f"{name}.db"
            shutil.copy(self._file, file)
            return f"sqlite:///{file}"
        return self._server().create_database(self._template)

    def drop(self, url: str) -> None:
        """Give a base back; an SQLite file goes with its folder."""
        if not url.startswith("sqlite"):
            self._server().drop_database(url)

    @cached_property
    def _file(self) -> Path:
        file = self._folder / "template.db"
        _migrate(f"sqlite:///{file}")
        return file

    @cached_property
    def _template(self) -> str:
        url = self._server().create_database()
        _migrate(url)
        return url.rpartition("/")[2]


def _migrate(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()
