"""What went through the site in each of the last hours: the bars beside its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, select

from intergestan_db.mail_kinds import IS_TRAFFIC
from intergestan_db.tables import InboundMail, InboundTransfer, OutboundMail, Partner

HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """How many in each hour, the oldest first; the last of them is not over.

    :ivar begins: when each of them began. :ivar sent: mails that the server took from us.
    :ivar came: mails that were archived. :ivar booked: mails of partners that were taken in.
    """

    begins: Sequence[datetime]
    sent: Sequence[int]
    came: Sequence[int]
    booked: Sequence[int]


def read_hours(connection: Connection, now: datetime) -> Hours:
    """The last 24 of them, in three statements that read no more than these mails. Heartbeats are none of it."""
    first = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR
    begins = [first + n * _HOUR for n in range(HOURS)]
    sent, came, booked = OutboundMail.sent_at, InboundMail.archived_at, InboundTransfer.received_at
    by_partner = select(*_counted(sent, begins)).select_from(Partner)
    taken = select(*_counted(booked, begins)).select_from(Partner)
    return Hours(
        begins=begins,
        sent=_one(
            connection,
            by_partner.join(OutboundMail, and_(OutboundMail.partner_id == Partner.id, sent >= first)).where(IS_TRAFFIC),
        ),
        came=_one(
            connection,
            select(*_counted(came, begins)).where(came >= first, InboundMail.is_heartbeat.is_(False)),
        ),
        booked=_one(
            connection, taken.join(InboundTransfer, and_(InboundTransfer.partner_id == Partner.id, booked >= first))
        ),
    )


def _counted(at: Any, begins: Sequence[datetime]) -> list[Any]:
    """A count for each hour."""
    return [func.count().filter(at >= begin, at < begin + _HOUR).label(f"h{n}") for n, begin in enumerate(begins)]


def _one(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[int]:
    return [int(value) for value in connection.execute(query).one()]
