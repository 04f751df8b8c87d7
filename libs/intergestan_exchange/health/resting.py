"""How many orders and mails are in each state, in a database of years.

Nearly all rest for ever in a state that nobody looks at, and there are more of them every day. Those of long ago are
counted once an hour by the dispatcher, and kept; who wants to know counts those that came since, and what waits for
something, however old it is: an index leads to it. What becomes of one of the old that rested shows within the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, true, update

from intergestan_db.enums import InboundState, OutboundState, PurchaseState, SalesState
from intergestan_db.mail_kinds import IS_TRAFFIC
from intergestan_db.tables import InboundMail, OutboundMail, PurchaseOrder, RestingCount, SalesOrder

NEW = 250
"""So many of the newest are never counted as old."""
AGAIN = timedelta(hours=1)
_ALL = true()


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows are in a state, and since when the oldest."""

    count: int
    oldest: datetime

    def __add__(self, other: Count) -> Count:
        return Count(self.count + other.count, min(self.oldest, other.oldest))


@dataclass(frozen=True, slots=True)
class Subject:
    """What is counted. :ivar since: since when a row is as it is; `waits`: the states in which one waits."""

    table: Any
    since: Any
    waits: tuple[str, ...]
    where: ColumnElement[bool] = _ALL

    @property
    def name(self) -> str:
        """Of its table."""
        return str(self.table.__tablename__)


PURCHASE_ORDERS = Subject(
    PurchaseOrder,
    PurchaseOrder.updated_at,
    (PurchaseState.DRAFT, PurchaseState.CONFIRMED, PurchaseState.TRANSMITTING, PurchaseState.WAITING),
)
SALES_ORDERS = Subject(SalesOrder, SalesOrder.created_at, (SalesState.REVIEW,))
SENT = Subject(
    OutboundMail,
    OutboundMail.requested_at,
    (
        *(OutboundState.REQUESTED, OutboundState.COMPOSED, OutboundState.SENDING),
        *(OutboundState.UNKNOWN, OutboundState.HELD),
    ),
    IS_TRAFFIC,
)
RECEIVED = Subject(
    InboundMail, InboundMail.archived_at, (InboundState.ARCHIVED, InboundState.HELD), ~InboundMail.is_heartbeat
)
SUBJECTS = (PURCHASE_ORDERS, SALES_ORDERS, SENT, RECEIVED)


def count_states(connection: Connection, subject: Subject) -> dict[str, Count]:
    """By state, in the order of the words; a state without rows is not there."""
    query = select(RestingCount.up_to, RestingCount.counts).where(RestingCount.subject == subject.name)
    old = connection.execute(query).one()
    table, state = subject.table, subject.table.state
    found = {name: Count(number, datetime.fromisoformat(oldest)) for name, (number, oldest) in old.counts.items()}
    since = _counted(connection, subject, table.id > old.up_to, by=func.coalesce(state, literal_column("''")))
    for new, counted in since.items():
        found[new] = found[new] + counted if new in found else counted
    if old.up_to:
        waiting = _counted(connection, subject, state.in_(subject.waits))
        found = {name: each for name, each in found.items() if name not in subject.waits} | waiting
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Old:
    """How many of a subject rest that have an id up to `up_to`."""

    subject: Subject
    up_to: int
    counts: Mapping[str, Count]


def count_old(connection: Connection, now: datetime) -> list[Old]:
    """Count those of long ago again, where that was not done within the hour."""
    found = []
    kept = {row.subject: row.counted_at for row in connection.execute(select(RestingCount.__table__))}
    for subject in SUBJECTS:
        table, counted_at = subject.table, kept[subject.name]
        up_to = connection.execute(select(func.coalesce(func.max(table.id), 0))).scalar_one() - NEW
        if up_to > 0 and not now - AGAIN < counted_at <= now:
            at_rest = table.state.not_in(subject.waits)
            found.append(Old(subject, up_to, _counted(connection, subject, table.id <= up_to, at_rest)))
    return found


def keep_old(connection: Connection, counted: Iterable[Old], now: datetime) -> None:
    """Keep what was counted."""
    for each in counted:
        counts = {name: (found.count, found.oldest.isoformat()) for name, found in each.counts.items()}
        own = RestingCount.subject == each.subject.name
        connection.execute(update(RestingCount).where(own).values(up_to=each.up_to, counted_at=now, counts=counts))


def _counted(
    connection: Connection, subject: Subject, *where: ColumnElement[bool], by: ColumnElement[str] | None = None
) -> dict[str, Count]:
    """:param by: the state in words that no index has: SQLite would read all of that in place of a few rows."""
    state = subject.table.state if by is None else by
    query = select(state.label("state"), func.count().label("n"), func.min(subject.since).label("oldest"))
    rows = connection.execute(query.where(subject.where, *where).group_by(state))
    return {row.state: Count(row.n, row.oldest) for row in rows}
