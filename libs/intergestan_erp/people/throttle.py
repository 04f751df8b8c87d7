"""Trying passwords takes longer each time. The count stands in the database, so that several processes share it.

A few tries are free, each further one has to wait twice as long as the one before, a quarter of an hour at most; after
a quarter of an hour without any it begins anew. Nobody is locked out for good.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, String, bindparam, delete, select, text

from intergestan_db.tables import Throttle
from intergestan_db.tables.types import UtcDateTime

LONGEST: Final = timedelta(minutes=15)
FIRST: Final = timedelta(seconds=15)
"""What follows the free tries."""
_DOUBLINGS: Final = 6
"""15 s, 30 s, … 8 min; then 15 min."""


@dataclass(frozen=True, slots=True)
class Slowed:
    """What is slowed down, under which name, and how many tries of it are free."""

    key: str
    free: int


def of_login(login: str) -> Slowed:
    """Tries for one login, whether there is such a person or not."""
    return Slowed(_key("login", login.strip().casefold()), 5)


def of_address(address: str) -> Slowed:
    """Tries from one address."""
    return Slowed(_key("address", address), 20)


def wait_after(tries: int, free: int) -> timedelta:
    """How long the next try has to wait after so many."""
    if tries < free:
        return timedelta(0)
    return LONGEST if tries - free >= _DOUBLINGS else FIRST * 2 ** (tries - free)


def try_now(connection: Connection, slowed: Slowed, now: datetime) -> datetime | None:
    """Count a try, in one statement; None: it may go on, else until when it has to wait, and nothing is counted."""
    counted = connection.execute(
        _COUNT,
        {
            "key": slowed.key,
            "now": now,
            "free": slowed.free,
            "doublings": _DOUBLINGS,
            "first": _us(FIRST),
            "longest": _us(LONGEST),
        },
    ).first()
    if counted is not None:
        return None
    row = connection.execute(select(Throttle.tries, Throttle.tried_at).where(Throttle.key == slowed.key)).one_or_none()
    return now if row is None else row.tried_at + wait_after(row.tries, slowed.free)


def forget(connection: Connection, slowed: Slowed) -> None:
    """Somebody proved who they are."""
    connection.execute(delete(Throttle).where(Throttle.key == slowed.key))


def sweep_throttles(connection: Connection, now: datetime) -> int:
    """Delete what slows nobody down any more; how many these were."""
    return connection.execute(delete(Throttle).where(Throttle.tried_at < now - timedelta(days=1))).rowcount


_COUNT = text(
    """
    INSERT INTO throttle (key, tries, tried_at) VALUES (:key, 1, :now)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN abs(:now - throttle.tried_at) >= :longest THEN 1 ELSE throttle.tries + 1 END,
        tried_at = :now
    WHERE throttle.tries < :free
        OR abs(:now - throttle.tried_at) >=
            CASE WHEN throttle.tries - :free >= :doublings THEN :longest
            ELSE :first * (1 << CAST(throttle.tries - :free AS INTEGER)) END
    RETURNING tries
    """
).bindparams(
    bindparam("key", type_=String()),
    bindparam("now", type_=UtcDateTime()),
    *(bindparam(name, type_=BigInteger()) for name in ("free", "doublings", "first", "longest")),
)


def _key(kind: str, what: str) -> str:
    return f"{kind}:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
