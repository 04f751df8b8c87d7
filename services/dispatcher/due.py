"""Which rows are due, said in SQL, once (`design.md` §12).

Redis may forget everything: what is due stands in the base, and is rung for again until its state says that it
was dealt with. Each search marks what it finds, in one UPDATE, so that several dispatchers ring once.
What was rung for in the future was rung for by a clock that was set back since: it is rung for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, Update, and_, bindparam, exists, or_, select, update

from intergestan_db.at_rest import NOT_SENT_TO
from intergestan_db.enums import ALLOCATOR, InboundState, OutboundState
from intergestan_db.leases import NOW, MailTable, is_free
from intergestan_db.tables import Address, InboundMail, Notice, OutboundMail, SalesOrder, Setting, Worker
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.geo.providers import NONE
from intergestan_erp.geo.waiting import IS_WAITING
from intergestan_erp.stock.waiting import IS_SERVABLE, IS_UNALLOCATED
from intergestan_runtime.steps import ALLOCATE, COMPOSE, GEOCODE, IMPORT, NOTIFY, SEND, Step

AT_ONCE = 500
"""Rows rung for in one search; the next search takes the next ones."""
ADDRESSES_AT_ONCE = 40
"""Of these fewer: some providers want a second between two, and no queue shall grow where a cap or a rest holds."""

_RUNG_BEFORE = bindparam("rung_before", type_=UtcDateTime())
_RUNG_AFTER = bindparam("rung_after", type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class Due:
    """A step, and the statements that look for the rows that are due for it and mark them as rung for."""

    step: Step
    any: Select[int]
    take: Update


def _due(
    step: Step, table: type[Address | SalesOrder] | MailTable, condition: ColumnElement[bool], at_once: int = AT_ONCE
) -> Due:
    """:param condition: under which a row of this table is due at `NOW`."""
    quiet = or_(table.rung_at.is_(None), table.rung_at < _RUNG_BEFORE, table.rung_at > _RUNG_AFTER)
    found = select(table.id).where(condition, quiet)
    # Whoever holds one works on it; to wait for several in our order could wait for each other.
    oldest = found.order_by(table.id).limit(at_once).with_for_update(of=table, skip_locked=True)
    # "quiet" again: PostgreSQL looks at it anew when another dispatcher was faster by a moment.
    taken = update(table).where(table.id.in_(oldest), quiet).values(rung_at=NOW).returning(table.id)
    return Due(step, found.limit(1), taken)


_IS_ASKED_FOR = and_(
    OutboundMail.state == OutboundState.REQUESTED,
    or_(OutboundMail.next_attempt_at.is_(None), OutboundMail.next_attempt_at <= NOW),
)
_MAY_LEAVE = OutboundMail.partner_id.not_in(NOT_SENT_TO)
_WAITS = OutboundMail.state.in_([OutboundState.COMPOSED, OutboundState.SENT, OutboundState.UNKNOWN])
_IS_ORPHANED = and_(OutboundMail.state == OutboundState.SENDING, is_free(OutboundMail, NOW))
"""Left behind by a sender that died."""

_SOMEBODY_IS_ASKED = and_(
    exists(Setting.name).where(Setting.name == "geo.provider", Setting.value != NONE),
    exists(Worker.name).where(Worker.service == "geocoder", Worker.alive_until > NOW),
)
"""And somebody asks: bells for a geocoder that nobody started would fill Redis."""

_SOMEBODY_ALLOCATES = exists(Worker.name).where(Worker.service == ALLOCATOR, Worker.alive_until > NOW)
"""Without an allocator nobody would take these bells out of Redis."""

DUE = (
    _due(COMPOSE, OutboundMail, and_(_IS_ASKED_FOR, _MAY_LEAVE)),
    _due(SEND, OutboundMail, or_(and_(_WAITS, OutboundMail.next_attempt_at <= NOW, _MAY_LEAVE), _IS_ORPHANED)),
    _due(
        IMPORT,
        InboundMail,
        and_(InboundMail.state == InboundState.ARCHIVED, InboundMail.paused_at.is_(None), is_free(InboundMail, NOW)),
    ),
    _due(NOTIFY, Notice, and_(Notice.next_attempt_at <= NOW, is_free(Notice, NOW))),
    _due(
        GEOCODE,
        Address,
        and_(IS_WAITING, Address.next_attempt_at <= NOW, _SOMEBODY_IS_ASKED),
        ADDRESSES_AT_ONCE,
    ),
)
"""What is looked for on every site."""

DUE_IN_STOCK = (
    _due(ALLOCATE, SalesOrder, and_(IS_UNALLOCATED, _SOMEBODY_ALLOCATES)),
    _due(ALLOCATE, SalesOrder, and_(IS_SERVABLE, _SOMEBODY_ALLOCATES)),
)
"""And on one that sets goods aside."""


def is_any_due(connection: Connection, due: Due, now: datetime, again: timedelta) -> bool:
    """Whether there is anything to ring for; costs no write.

    :param again: how long ago a row must have been rung for to be rung for once more.
    """
    return connection.execute(due.any, _at(now, again)).first() is not None


def take_due(connection: Connection, due: Due, now: datetime, again: timedelta) -> list[int]:
    """Mark the due rows as rung for, and return their ids, oldest first."""
    return sorted(connection.execute(due.take, _at(now, again)).scalars())


def _at(now: datetime, again: timedelta) -> dict[str, datetime]:
    return {"now": now, "rung_before": now - again, "rung_after": now + again}
