"""What happens, in an order in which nothing is missed: an event is told only when no earlier one can still come.

PostgreSQL numbers rows before their transactions end: whoever reads up to the highest id leaves out what is committed
later with a lower one. So the order is that of the transactions that wrote, and what is told ends before the oldest of
them that still writes (its horizon). SQLite has one writer at a time: there the id is enough.

An open writing transaction holds news back, and nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select, text, tuple_, update

from intergestan_db.enums import Scope
from intergestan_db.tables import Event
from intergestan_exchange.listing.events import names_of

MOST: Final = 200
_FORM: Final = re.compile(r"(\d{1,19})\.(\d{1,19})")
_BIG: Final = 2**63
OF: Final[Mapping[str, Scope]] = {
    "purchase_order": Scope.ORDERS_READ,
    "purchase_order_change": Scope.ORDERS_READ,
    "sales_order": Scope.SALES_READ,
    "delivery_note": Scope.SALES_READ,
    "invoice": Scope.SALES_READ,
    "outbound_mail": Scope.MAILS_READ,
    "inbound_mail": Scope.MAILS_READ,
    "hold": Scope.HOLDS_READ,
    "partner": Scope.PARTNERS_READ,
    "mailbox": Scope.OPERATE_READ,
}
"""For whom news of a subject are, by what a token is for. Of others nobody is told here: the audit log has them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place between events: behind this one."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}.{self.id}"


@dataclass(frozen=True, slots=True)
class News:
    """An event, and the place behind it. :ivar of: what people call the row; None where it has no name, or is gone."""

    place: Place
    at: datetime
    who: str
    subject: str
    of: str | None
    name: str
    old: str | None
    new: str | None


def read_place(written: str) -> Place | None:
    """A place as it was told; None: it is none."""
    match = _FORM.fullmatch(written)
    place = None if match is None else Place(int(match[1]), int(match[2]))
    return None if place is None or max(place.xid, place.id) >= _BIG else place


def present_place(connection: Connection) -> Place:
    """Behind all that can be told by now. What is committed later is told behind it, whenever it began."""
    if connection.dialect.name == "sqlite":
        return Place(0, connection.execute(select(func.coalesce(func.max(Event.id), 0))).scalar_one())
    return Place(connection.execute(_HORIZON).scalar_one(), 0)


def newest_told(connection: Connection) -> Place:
    """The place behind the newest event that can be told: another one tells that there are news."""
    if connection.dialect.name == "sqlite":
        return present_place(connection)
    row = connection.execute(_NEWEST).first()
    return Place(0, 0) if row is None else Place(*row)


def is_of_this_base(connection: Connection, place: Place) -> bool:
    """Whether a place can be of this database: not one that was kept from before a restore elsewhere."""
    if connection.dialect.name == "sqlite":
        return place.xid == 0 and place.id <= present_place(connection).id
    return place.xid <= int(connection.execute(_NEXT).scalar_one())


def read_news(connection: Connection, place: Place, *, most: int = MOST) -> list[News]:
    """The events behind a place, in their order; none: there are none yet.

    Two statements, and one for each subject among them.
    """
    most = min(max(most, 1), MOST)
    columns = (
        Event.xid,
        Event.id,
        Event.at,
        Event.who,
        Event.subject,
        Event.subject_id,
        Event.name,
        Event.old,
        Event.new,
    )
    rows: Sequence[Any] = ()
    if place.xid == 0:
        old = select(*columns).where(Event.xid == 0, Event.id > place.id).order_by(Event.id)
        rows = connection.execute(old.limit(most)).all()
    if not rows and connection.dialect.name != "sqlite":
        behind = and_(Event.xid > 0, tuple_(Event.xid, Event.id) > (place.xid, place.id))
        told = select(*columns).where(behind, Event.xid < _horizon()).order_by(Event.xid, Event.id)
        rows = connection.execute(told.limit(most)).all()
    known, gone = names_of(connection, [(row.subject, row.subject_id) for row in rows])
    names = gone | known
    return [
        News(
            Place(row.xid, row.id),
            row.at,
            row.who,
            row.subject,
            names.get((row.subject, row.subject_id)),
            row.name,
            row.old,
            row.new,
        )
        for row in rows
    ]


def forget_places(connection: Connection) -> int:
    """Put events that say to be of transactions to come behind none: a dump that was restored elsewhere brought them.

    Such ones would not be told until that many transactions have passed here. How many these were.
    """
    if connection.dialect.name == "sqlite":
        stray = Event.xid > 0
    else:
        stray = Event.xid >= text("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return connection.execute(update(Event).where(stray).values(xid=0)).rowcount


def count_stray(connection: Connection) -> int:
    """How many events say to be of transactions to come."""
    query = select(func.count()).select_from(Event.__table__)
    if connection.dialect.name == "sqlite":
        return connection.execute(query.where(Event.xid > 0)).scalar_one()
    xmax = text("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return connection.execute(query.where(Event.xid > 0, Event.xid >= xmax)).scalar_one()


_XMIN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def _horizon() -> Any:
    return text(_XMIN)


_HORIZON = text(f"SELECT {_XMIN}")
_NEXT = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
_NEWEST = text(
    f"SELECT xid, id FROM event WHERE xid > 0 AND xid < {_XMIN} ORDER BY xid DESC, id DESC LIMIT 1"  # noqa: S608
)
