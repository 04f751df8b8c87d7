"""The engine, transactions and the clock. Nothing else in the project knows the base's URL or asks the time.

SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned survives a power cut. Writing
transactions begin with BEGIN IMMEDIATE, so that two writers queue up instead of failing in the middle.
PostgreSQL runs at READ COMMITTED with row locks and `synchronous_commit=on`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from intergestan_db.problem import Problem, ProblemCode

BUSY_TIMEOUT_S = 10
ASK_AFTER_S = 0.1
"""A connection to PostgreSQL that nobody used for so long is asked whether it still lives before it is used."""

POOL_S = 10
"""How long a thread waits for one of the connections to PostgreSQL, when all hang in a network that is silent."""

AWAY = (InterfaceError, OperationalError, PoolExhausted)
"""What is raised when the database went away, or could not take it now: it is down or starting, a standby that only
reads, full, or too slow. The connection is gone then, and a new one is made for the next transaction.
"""

Moment = Literal["before", "after"]
"""Of a commit."""

AnyRow = Row[*tuple[Any, ...]]
"""A row whose columns are not typed, such as one of a whole table."""


class WeakDurability(Problem):
    """The base would lose commits in a power cut; the message says which setting to change."""

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template, ProblemCode.WEAK_DURABILITY, **values)


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """One site's base.

    :param url: an SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
    :param clock: where `now()` comes from; tests hand in their own.
    :param pgbouncer: there is a PgBouncer in transaction mode in between. Each transaction may get another of its
        connections, so that nothing may be prepared on one; all else we do stays within one transaction anyway.
    :param patience: seconds that PostgreSQL may take for one answer before it counts as away, and that we may take
        within a transaction before it counts us as gone; None waits for ever.
    :ivar at_commit: called before each commit and after it: whoever tries what a death around any commit does lets the
        process die there. What it raises before the commit rolls the transaction back.
    """

    at_commit: Callable[[Moment], object] = staticmethod(lambda _moment: None)

    def __init__(
        self,
        url: str,
        clock: Callable[[], datetime] = utc_now,
        *,
        pgbouncer: bool = False,
        patience: float | None = None,
    ) -> None:
        self.url = url
        self.now = clock
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url, pgbouncer=pgbouncer, patience=patience)
        # PostgreSQL at READ COMMITTED gives each statement its own view, inside a transaction or not
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded base."""
        return make_url(self.url).get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The file of the embedded database; None of any other."""
        name = make_url(self.url).database if self.is_sqlite else None
        return Path(name) if name and name != ":memory:" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that writes nothing; each of its statements sees what was committed before it."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that writes nothing, whose statements all see the same moment: for what is read in pieces."""
        one_view = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(**one_view) as connection, connection.begin():
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A short writing transaction: committed at the end, rolled back when an exception leaves it.

        Nothing slow belongs inside: no rendering, no parsing, no network, no files.
        """
        with (
            self.engine.connect().execution_options(intergestan_write=True) as connection,
            connection.begin(),
        ):
            yield connection
            self.at_commit("before")
        self.at_commit("after")

    def check_durability(self) -> None:
        """Refuse a base that acknowledges commits it may lose.

        :raises WeakDurability: with the setting that must change.
        """
        if self.is_sqlite:
            return  # every connection sets and checks its own pragmas
        with self.read() as connection:
            level = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
        if level not in {"on", "remote_write", "remote_apply", "local"}:
            raise WeakDurability(
                "PostgreSQL has synchronous_commit = {level}: a power cut could lose orders. "
                "Set it to on for this database (ALTER DATABASE … SET synchronous_commit = on).",
                level=level,
            )

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def is_conflict(error: SQLAlchemyError) -> bool:
    """Whether the base refused because of somebody else's concurrent work, so that trying again may do."""
    orig = getattr(error, "orig", None)
    return getattr(orig, "sqlstate", None) in {"40001", "40P01", "55P03"} or "database is locked" in str(orig)


def first_line(error: SQLAlchemyError) -> str:
    """What the base's driver says, without the statement and the hints."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        insertmanyvalues_page_size=2000,
    )

    @event.listens_for(engine, "do_connect")
    def keep_private(_dialect: Any, _record: Any, arguments: Any, _named: Any) -> None:
        if arguments[0] and not arguments[0].startswith((":memory:", "file:")):
            _keep_private(Path(arguments[0]))

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        run = dbapi_connection.execute
        mode = run("PRAGMA journal_mode=WAL").fetchone()[0]
        run("PRAGMA synchronous=FULL")
        run("PRAGMA foreign_keys=ON")
        if mode not in {"wal", "memory"} or run("PRAGMA synchronous").fetchone()[0] < 2:
            raise WeakDurability(
                "SQLite is in journal mode {mode}: put the base on a local disk that allows WAL.", mode=mode
            )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("intergestan_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _keep_private(file: Path) -> None:
    """The database and what SQLite lays beside it are for their owner only, whatever the umask: it gives its -wal, -shm
    and -journal the mode of the database (sqlite3 os_unix.c, findCreateFileMode).

    A file that is there is not opened here: to close it would give up the locks of the whole process
    (sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(OSError):  # it is there already; or else SQLite will say what is wrong
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    for each in (file, *(file.with_name(f"{file.name}-{kind}") for kind in ("wal", "shm", "journal"))):
        with suppress(OSError):
            status = each.stat()
            if status.st_mode & 0o077 and status.st_uid == os.geteuid():
                each.chmod(0o600)


def _postgresql(url: str, *, pgbouncer: bool, patience: float | None) -> Engine:
    from intergestan_db.postgresql import CONNECT_S, DEAD_PATH, PatientConnection, ends_without_us, is_away

    said = make_url(url).query
    wanted = DEAD_PATH | (ends_without_us(patience) if patience is not None and not pgbouncer else {})
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        insertmanyvalues_page_size=2000,
        pool_timeout=POOL_S,
        connect_args={name: value for name, value in wanted.items() if name not in said}
        | ({"prepare_threshold": None} if pgbouncer else {}),
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **named)
        connection.patience = patience
        return connection

    @event.listens_for(engine, "handle_error")
    def drop(context: ExceptionContext) -> SQLAlchemyError | None:
        """What a server says that is away ends all connections to it, and is one of `AWAY`."""
        error = context.original_exception
        if not is_away(getattr(error, "sqlstate", None)):
            return None
        context.is_disconnect = True
        if isinstance(context.sqlalchemy_exception, AWAY):
            return None
        return OperationalError(context.statement, context.parameters, error, connection_invalidated=True)

    @event.listens_for(engine, "checkin")
    def note(_dbapi_connection: Any, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def ask(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        """A connection that lay idle may be dead; asking one that was used just now would cost more than it saves."""
        idle_since = record.info.get("idle_since")
        if idle_since is None or monotonic() - idle_since < ASK_AFTER_S:
            return
        dbapi_connection.patience = CONNECT_S
        try:
            engine.dialect.do_ping(dbapi_connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
        dbapi_connection.patience = patience

    return engine
