"""The database of a site, read by plain SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg


class NotReadable(Exception):
    """The database does not answer now."""


@dataclass(frozen=True)
class Books:
    """`sqlite:///FILE`, or `postgresql+psycopg://…` past any proxy."""

    url: str

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What a SELECT gives; its parameters are written `?`.

        :raises NotReadable: with the reason.
        """
        try:
            if self.url.startswith("sqlite:///"):
                return self._sqlite(statement, values)
            url = self.url.replace("+psycopg", "")
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                return connection.execute(statement.replace("?", "%s").encode(), values or None).fetchall()
        except (sqlite3.Error, psycopg.Error) as error:
            raise NotReadable(str(error)) from error

    def _sqlite(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        file = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(statement, values).fetchall()
