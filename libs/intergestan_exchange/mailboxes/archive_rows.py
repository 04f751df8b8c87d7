"""Which mails the base says the archive has, in the order in which the archive is read through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from intergestan_db.database import Database
from intergestan_db.tables import InboundMail, Setting

_AT_ONCE = 1000
_RESUME_AT = "archive.verified_up_to"


@dataclass(frozen=True, slots=True)
class Kept:
    """An inbound mail whose bytes the archive has to have: not one whose bytes were dropped."""

    sha256: str
    size: int


def kept_after(database: Database, after: str) -> Iterator[Kept]:
    """All of them by sha256 from behind `after`, some at a time, each time by a connection of its own."""
    mail = InboundMail
    while True:
        query = select(mail.sha256, mail.size).where(mail.sha256 > after, mail.size > 0)
        with database.read() as connection:
            rows = connection.execute(query.order_by(mail.sha256).limit(_AT_ONCE)).all()
        yield from (Kept(row.sha256, row.size) for row in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].sha256


def is_kept(connection: Connection, sha256: str) -> bool | None:
    """Whether the archive has to have this mail now; None when the base knows nothing of it."""
    size = connection.execute(select(InboundMail.size).where(InboundMail.sha256 == sha256)).scalar_one_or_none()
    return None if size is None else size > 0


def resume_at(connection: Connection) -> str:
    """The sha256 behind which the last verification stopped; empty when it came to the end."""
    return connection.execute(select(Setting.value).where(Setting.name == _RESUME_AT)).scalar_one_or_none() or ""


def stopped_at(connection: Connection, sha256: str) -> None:
    """A verification stopped here; empty: it came to the end."""
    changed = connection.execute(update(Setting).where(Setting.name == _RESUME_AT).values(value=sha256))
    if changed.rowcount == 0:
        connection.execute(insert(Setting).values(name=_RESUME_AT, value=sha256))


def count_kept(database: Database) -> int:
    """How many mails the archive has to have. All rows are counted: asked only where the archive looks empty."""
    with database.read() as connection:
        return connection.execute(select(func.count()).where(InboundMail.size > 0)).scalar_one()
