"""What a form asks for is done once: a double click, a reload, a second tab or a new try after a fault finds what came
of it.

The row that says so is written in the transaction of the act itself: of two at once the second one waits for the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, text, update

from intergestan_db.tables import Idempotency
from intergestan_db.tables.types import UtcDateTime

KEPT = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """An act that was done already.

    :ivar body: what it answered. :ivar is_same: the form had the same fields then.
    """

    at: datetime
    status: int
    body: str
    is_same: bool


def begin_once(
    connection: Connection, user_id: int, key: str, *, route: str, digest: str, at: datetime
) -> DoneBefore | None:
    """None: it was not done yet, and nobody else does it until this transaction ends.

    :param key: the form's own. :param digest: of its fields.
    """
    values = {"user_id": user_id, "key": key, "route": route[:200], "digest": digest, "at": at}
    if connection.execute(_CLAIM, values).rowcount == 1:
        return None
    row = connection.execute(_CLAIMED, {"user_id": user_id, "key": key}).one()
    return DoneBefore(row.at, row.status, row.body, (row.route, row.digest) == (route[:200], digest))


def read_once(connection: Connection, user_id: int, key: str) -> DoneBefore | None:
    """What came of the form with this key, to be shown again; None: this person sent none."""
    row = connection.execute(_CLAIMED, {"user_id": user_id, "key": key}).one_or_none()
    return None if row is None else DoneBefore(row.at, row.status, row.body, is_same=True)


def was_done(connection: Connection, user_id: int, key: str) -> bool:
    """Whether it was done already, for who looks before the transaction of the act."""
    query = select(Idempotency.key).where(Idempotency.user_id == user_id, Idempotency.key == key)
    return connection.execute(query).first() is not None


_CLAIM = text(
    "INSERT INTO idempotency (user_id, key, route, digest, status, body, at)"
    " VALUES (:user_id, :key, :route, :digest, 0, '', :at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=UtcDateTime()))

_CLAIMED = select(Idempotency.__table__).where(
    Idempotency.user_id == bindparam("user_id"), Idempotency.key == bindparam("key")
)


def end_once(connection: Connection, user_id: int, key: str, *, status: int, body: str) -> None:
    """What came of it, in the same transaction."""
    connection.execute(
        update(Idempotency)
        .where(Idempotency.user_id == user_id, Idempotency.key == key)
        .values(status=status, body=body)
    )


def sweep_once(connection: Connection, now: datetime) -> int:
    """Delete what nobody sends again by now; how many these were."""
    return connection.execute(delete(Idempotency).where(Idempotency.at < now - KEPT)).rowcount
