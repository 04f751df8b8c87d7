"""The gauges of all mails that there are: how many are in each state, and what the archive has of them.

Nearly all rest for ever in a state that nobody looks at, and there are more of them every day. So those at rest that
came long ago are counted once an hour, and with each look only those that came since. What waits for something is
counted with each look, however old: an index leads to it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, select

from intergestan_db.enums import InboundState, OutboundState
from intergestan_db.mail_kinds import IS_TRAFFIC
from intergestan_db.tables import InboundMail, OutboundMail
from intergestan_exchange.health.resting import RECEIVED, SENT, Subject
from intergestan_runtime.metrics import Metrics

NEW = 5000
"""So many of the newest are counted with every look, up to twice as many before the older half counts as old."""
AGAIN = timedelta(hours=1)

_MAILS, _BYTES = "archived mails", "archived bytes"


def _between(table: type[OutboundMail | InboundMail], *columns: Any) -> Any:
    return select(*columns).where(table.id > bindparam("after"), table.id <= bindparam("until"))


_OUT, _IN = (func.coalesce(table.state, literal_column("''")).label("state") for table in (OutboundMail, InboundMail))
"""In words of which there is no index: SQLite would read all of that in place of some rows."""
_SENT = _between(OutboundMail, _OUT, func.count()).where(IS_TRAFFIC).group_by(_OUT)
_WAITING = {
    subject.table: select(subject.table.state, func.count())
    .where(subject.table.state.in_(subject.waits), subject.where)
    .group_by(subject.table.state)
    for subject in (SENT, RECEIVED)
}
_IS_KEPT = InboundMail.size > 0
_RECEIVED = _between(
    InboundMail,
    *(_IN, InboundMail.is_heartbeat, func.count().label("n")),
    func.count().filter(_IS_KEPT).label("kept"),
    func.coalesce(func.sum(InboundMail.size).filter(_IS_KEPT), 0).label("octets"),
).group_by(_IN, InboundMail.is_heartbeat)


class _Rows:
    """The counts of one table."""

    def __init__(self, subject: Subject) -> None:
        self._table, self._waits = subject.table, subject.waits
        self._newest = select(func.coalesce(func.max(subject.table.id), 0))
        self._old: Counter[str] = Counter()
        self._upto = 0
        self._next: datetime | None = None

    def look(self, connection: Connection, now: datetime) -> Counter[str]:
        """How many there are by state, and of what came also what is kept."""
        newest = connection.execute(self._newest).scalar_one()
        if self._next is None or not self._next - AGAIN <= now < self._next:
            self._old, self._upto, self._next = Counter(), 0, now + AGAIN
        if newest > self._upto + 2 * NEW:
            self._old += self._count(connection, self._upto, newest - NEW)
            self._upto = newest - NEW
        found = self._old + self._count(connection, self._upto, newest)
        waiting = {row[0]: row[1] for row in connection.execute(_WAITING[self._table])}
        return Counter({**found, **dict.fromkeys(self._waits, 0), **waiting})

    def _count(self, connection: Connection, after: int, until: int) -> Counter[str]:
        between = {"after": after, "until": until}
        if self._table is OutboundMail:
            return Counter({row[0]: row[1] for row in connection.execute(_SENT, between)})
        found: Counter[str] = Counter()
        for row in connection.execute(_RECEIVED, between):
            found[_MAILS] += row.kept
            found[_BYTES] += row.octets
            if not row.is_heartbeat:
                found[row.state] += row.n
        return found


class RestingMails:
    """Remembers what it counted."""

    def __init__(self) -> None:
        self._sent, self._received = _Rows(SENT), _Rows(RECEIVED)

    def look(self, connection: Connection, metrics: Metrics, now: datetime) -> None:
        """Set the gauges; a clock that was set back lets all be counted anew."""
        sent, received = self._sent.look(connection, now), self._received.look(connection, now)
        for out in OutboundState:
            metrics.set("mails_pending", sent[out], direction="out", state=out)
        for came in InboundState:
            metrics.set("mails_pending", received[came], direction="in", state=came)
        metrics.set("archive_messages", received[_MAILS])
        metrics.set("archive_bytes", received[_BYTES])
