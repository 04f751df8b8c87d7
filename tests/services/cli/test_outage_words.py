"""What a command says of an outage, a full disk, an output without room: never that nobody foresaw it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
import redis
from sqlalchemy import insert, select, text
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from intergestan_db.database import Database
from intergestan_db.tables import Site, User
from intergestan_runtime.archive import Missing, NoSpace
from services.cli.errors import FAILED, NOT_YET, explain
from tests.databases import MigratedBases
from tests.patience import PATIENCE
from tests.servers import PostgresServer
from tests.services.cli.conftest import Run

FULL = Path("/dev/full")


def typed(
    *arguments: str, cwd: Path, out: IO[str] | int = subprocess.PIPE, err: IO[str] | int = subprocess.PIPE
) -> tuple[int, str]:
    """The command as a process of its own, with these outputs; exit code, and what it complains of."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "LANG": "C.UTF-8"},
        stdout=out,
        stderr=err,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("command", [("site", "show"), ("orders", "list", "--json"), ("--help",)])
def test_an_output_without_room(shop: Path, command: tuple[str, ...]) -> None:
    """/dev/full: one clear sentence, no traceback, and an exit code that a script sees."""
    with FULL.open("w") as full:
        code, words = typed(*command, cwd=shop, out=full)
    assert code == FAILED
    assert words.count("\n") == 1
    assert "output could not be written: the disk is full" in words


def test_neither_output_has_room(shop: Path) -> None:
    with FULL.open("w") as full:
        assert typed("site", "show", cwd=shop, out=full, err=full)[0] == FAILED


class _Driver(Exception):
    """As a driver's error: with its SQLSTATE, or the name of SQLite's code."""

    def __init__(self, words: str, sqlstate: str | None = None, name: str = "") -> None:
        super().__init__(words)
        self.sqlstate = sqlstate
        self.sqlite_errorname = name


def raised(*about: str | None) -> OperationalError:
    return OperationalError("INSERT", {}, _Driver("it says why", *about))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (raised("53100"), "no room for the base", NOT_YET),
        (raised(None, "SQLITE_FULL"), "no room for the base", NOT_YET),
        (raised("25006"), "can only be read", NOT_YET),
        (raised(None, "SQLITE_READONLY"), "can only be read", NOT_YET),
        (raised("57P01"), "does not answer", NOT_YET),
        (PoolExhausted("QueuePool limit"), "does not answer", NOT_YET),
        (redis.ReadOnlyError("READONLY"), "Redis does not answer or takes no writes", NOT_YET),
        (redis.ConnectionError("refused"), "Redis does not answer or takes no writes", NOT_YET),
        (NoSpace("0.1 GB"), "The archive could not do it: 0.1 GB", FAILED),
        (Missing("ab/x.eml is not there."), "The archive could not do it", FAILED),
        (OSError(errno.ENOSPC, "No space left on device"), "output could not be written", FAILED),
        (OSError(errno.EFBIG, "File too large"), "output could not be written: it may not grow any more", FAILED),
        (OSError(errno.ENOSPC, "No space left on device", "x.csv"), "x.csv: the disk is full.", FAILED),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "Connection refused", FAILED),
        (TimeoutError(), "TimeoutError", FAILED),
        (MemoryError(), "not enough memory", NOT_YET),
    ],
)
def test_every_outage_has_its_sentence(error: Exception, words: str, code: int) -> None:
    told, ended = explain(error)
    assert words in told
    assert ended == code
    assert "nobody foresaw" not in told


def test_what_nobody_foresaw_is_still_called_so() -> None:
    assert "nobody foresaw" in explain(ValueError("x"))[0]
    assert "nobody foresaw" in explain(InternalError("x", {}, _Driver("x", "XX000")))[0]


@pytest.fixture
def only_read(migrated: MigratedBases, tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """A base on PostgreSQL; what it gives back is its URL, read-only from then on."""
    url = migrated.new("postgresql", tmp_path)

    def alter(words: str) -> None:
        with postgres_server._connect() as connection:
            connection.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" {words}'.encode())

    def demote() -> str:
        alter("SET default_transaction_read_only = on")
        return url

    yield demote
    alter("RESET ALL")
    migrated.drop(url)


def test_a_demoted_primary(shop: Path, run: Run, only_read: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` and `watch` try a write, and a command that writes says what the base is."""
    url = only_read()
    source, copy = Database(f"sqlite:///{shop / 'site.db'}"), Database(url)
    with source.read() as old, copy.transaction() as new:
        new.execute(text("SET TRANSACTION READ WRITE"))
        for table in (User.__table__, Site.__table__):
            new.execute(insert(table), [dict(row._mapping) for row in old.execute(select(table))])
    source.dispose()
    copy.dispose()
    monkeypatch.setenv("INTERGESTAN_SITE__DATABASE_URL", url)
    base = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}["Base"]
    assert (base["ok"], "takes no writes" in base["text"], "primary" in base["cure"]) == (False, True, True)
    watched = {each["name"]: each for each in run("watch", "--once", "--json", cwd=shop).json}
    assert "read-only" in watched["DatabaseRefuses"]["what"]
    refused = run("site", "set", "--timezone", "Indian/Reunion", cwd=shop)
    assert refused.code == NOT_YET
    assert "can only be read" in refused.err
