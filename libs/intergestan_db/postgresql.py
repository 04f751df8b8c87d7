"""Connections to PostgreSQL that never wait for ever, and what PostgreSQL says when it is away.

Away is also a server that answers and cannot do it: one that shuts down or starts, was demoted to a standby, has no
room, or cancels what takes too long. A pool that keeps its connections to such a server stays there for good, while a
new connection may reach another one: after a switchover behind one address, say. So each of these drops the pool.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout

AWAY_CLASSES = ("08", "53", "57P", "58")
"""SQLSTATE: connection exceptions, no room or memory or connections, shutdown and start, the system's own errors."""
AWAY_STATES = frozenset({"25006", "25P03", "57014"})
"""A read-only transaction (a standby, a demoted primary), a session that was ended, a statement that was cancelled."""

CONNECT_S = 10
"""Seconds for a connection, and for a sign of life of one that lay idle."""
DEAD_PATH: dict[str, Any] = {
    "connect_timeout": CONNECT_S,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""How soon the kernel gives up a path on which nothing is heard (libpq's words); what the URL says itself counts."""


def ends_without_us(seconds: float) -> dict[str, Any]:
    """Have the server end a session that keeps a transaction open and says nothing for so long (libpq's words).

    When a network falls silent we give a connection up, and the server never hears of it: without this its session
    would hold its locks until the kernel there misses us, two hours later (net.ipv4.tcp_keepalive_time).
    """
    return {"options": f"-c idle_in_transaction_session_timeout={round(seconds * 1000)}"}


def is_away(sqlstate: str | None) -> bool:
    """Whether a server that answers so cannot do it now, and perhaps another one, or the same one later."""
    return sqlstate is not None and (sqlstate.startswith(AWAY_CLASSES) or sqlstate in AWAY_STATES)


class PatientConnection(Connection[Any]):
    """A connection that is closed when an answer does not come within `patience` seconds; None waits for ever.

    A network that swallows what we send, or a proxy that holds it, is seen by no timeout of TCP. Whether the server
    did what it was asked is unknown then, as after any lost connection.
    """

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for what a generator of psycopg waits for.

        :raises OperationalError: it took too long; the connection is closed.
        """
        if timeout is not None or self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except _WaitTimeout as error:
            self.close()
            raise OperationalError(f"no answer within {self.patience:g} s; the connection was given up") from error
