"""Which customers are to be looked at because a day has passed or what they owe was changed (D29): said in SQL, once.

Whoever rings computes no exposure. Each search marks what it finds, so that several dispatchers ring once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Date, bindparam, or_, select, update

from intergestan_db.enums import HoldReason
from intergestan_db.published import OVER_LIMIT, publish, read_published
from intergestan_db.tables import Hold, Party, Setting
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.site.credit_rules import BLOCK_FROM_NAME, CREDIT_OFF, read_credit_rules

EVERYBODY: Final = 0
"""In place of a customer's id: count those who are above their maximum."""
AT_ONCE: Final = 500

_BEFORE: Final = bindparam("before", type_=UtcDateTime())
_QUIET: Final = or_(
    Hold.rung_at.is_(None), Hold.rung_at < _BEFORE, Hold.rung_at > bindparam("after", type_=UtcDateTime())
)
_IS_DUE: Final = or_(
    Hold.seen_version.is_(None),
    Hold.seen_version != Party.exposure_version,
    Hold.look_again_on <= bindparam("today", type_=Date()),
)
_DUE: Final = (
    select(Hold.id)
    .join(Party, Party.id == Hold.party_id)
    .where(Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT, _IS_DUE, _QUIET)
    .order_by(Hold.id)
    .limit(AT_ONCE)
)
_TAKE: Final = (
    update(Hold)
    .where(Hold.id.in_(_DUE), _QUIET)
    .values(rung_at=bindparam("now", type_=UtcDateTime()))
    .returning(Hold.id, Hold.party_id)
)
_BLOCK_FROM: Final = select(Setting.value).where(Setting.name == BLOCK_FROM_NAME)


def uses_credit(connection: Connection) -> bool:
    """Whether the site uses credit."""
    return connection.scalar(_BLOCK_FROM) not in {None, CREDIT_OFF}


def is_any_due(connection: Connection, day: date, now: datetime, again: timedelta) -> bool:
    """Whether there is anybody to look at; costs no write."""
    return connection.execute(_DUE, _values(day, now, again)).first() is not None


def take_due(connection: Connection, day: date, now: datetime, again: timedelta) -> list[int]:
    """The customers to look at, the one who waits longest first; marked as rung for."""
    rows = sorted(connection.execute(_TAKE, _values(day, now, again)).all())
    return list(dict.fromkeys(row.party_id for row in rows))


def is_counted(connection: Connection, day: date) -> bool:
    """Whether those above their maximum were counted on this day."""
    counted = read_published(connection, OVER_LIMIT)
    return counted is not None and counted.startswith(day.isoformat())


def count(connection: Connection, day: date) -> int:
    """Count the customers who are above their maximum, and keep the figure."""
    from intergestan_erp.credit.listing import count_over

    found = count_over(connection, day, read_credit_rules(connection))
    publish(connection, OVER_LIMIT, f"{day.isoformat()} {found}")
    return found


def read_count(connection: Connection) -> int | None:
    """How many customers were above their maximum when they were last counted; None: the site does not use credit."""
    counted = read_published(connection, OVER_LIMIT) if uses_credit(connection) else None
    return None if counted is None else int(counted.partition(" ")[2])


def _values(day: date, now: datetime, again: timedelta) -> dict[str, object]:
    return {"today": day, "now": now, "before": now - again, "after": now + again}
