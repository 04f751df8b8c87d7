"""Orders that were sent and have no answer after the hours agreed: the list, the count, the reminder.

An order counts from the moment it became *waiting*. An answer AB («received») ends it: somebody there has the order.
Of a partner who rests nobody is reminded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, update

from intergestan_db import states
from intergestan_db.at_rest import is_sent_to
from intergestan_db.enums import OutboundState, PurchaseState
from intergestan_db.tables import OutboundMail, Partner, PurchaseOrder
from intergestan_db.tables.types import is_far

if TYPE_CHECKING:
    from intergestan_erp.listing.page import Page


@dataclass(frozen=True, slots=True)
class UnansweredOrder:
    """An order that was sent and has no answer for too long.

    :ivar since: when it was sent; `hours`: how long an answer may take; `mail`: what people call the mail.
    """

    number: str
    supplier: str
    since: datetime
    hours: int
    mail: str
    mail_state: str
    reason: str | None
    resends: int
    address: str | None


def list_unanswered(
    connection: Connection, hours: int, now: datetime, *, size: int = 50, after: str | None = None
) -> Page[UnansweredOrder]:
    """A page of the orders without an answer, the longest first.

    :param hours: how long an answer may take, for partners with whom nothing else is agreed.
    :raises Problem: `after` is of no such page.
    """
    from intergestan_erp.listing.page import read_page

    order, mail = PurchaseOrder, OutboundMail
    agreed = func.coalesce(Partner.answer_hours, hours)
    query = (
        select(
            *(order.number, Partner.name, order.updated_at, agreed, mail.id, mail.state, mail.reason, mail.resends),
            mail.recipient,
        )
        .join(mail, mail.id == order.outbound_mail_id)
        .join(Partner, Partner.id == mail.partner_id)
        .where(_is_unanswered(connection, hours, now))
    )
    keys: list[ColumnElement[Any]] = [order.updated_at, order.id]
    return read_page(connection, query, keys, lambda row: _listed(*row[:9]), size=size, after=after)


def _listed(number: str, supplier: str, since: datetime, hours: int, mail_id: int, *of_mail: Any) -> UnansweredOrder:
    return UnansweredOrder(number, supplier, since, hours, f"out-{mail_id}", *of_mail)


def count_unanswered(connection: Connection, hours: int, now: datetime) -> int:
    """How many orders have no answer."""
    query = (
        select(func.count())
        .select_from(PurchaseOrder)
        .join(OutboundMail, OutboundMail.id == PurchaseOrder.outbound_mail_id)
        .join(Partner, Partner.id == OutboundMail.partner_id)
    )
    return connection.execute(query.where(_is_unanswered(connection, hours, now))).scalar_one()


def remind(connection: Connection, hours: int, now: datetime, *, by: str) -> list[int]:
    """Send mails with unanswered orders again, once each: the very same bytes, which the partner books once.

    Mails that wait for a person are left to the person. A reminder is no step of the resend ladder.

    :returns: the mails that are due now, to ring for.
    """
    mail = OutboundMail
    found = {row.id: row.state for row in connection.execute(_to_remind(connection, hours, now).distinct())}
    reminded = connection.execute(
        update(mail)
        .where(mail.id.in_(sorted(found)), *_at_rest())
        .values(
            reminded_at=now,
            next_attempt_at=now,
            rung_at=now,
            resends=case((mail.resends > 0, mail.resends - 1), else_=0),
        )
        .returning(mail.id)
    )
    ids = sorted(reminded.scalars())
    states.record(
        connection,
        states.OUTBOUND_MAIL.name,
        [(row_id, found[row_id], found[row_id]) for row_id in ids],
        "remind",
        by=by,
        at=now,
    )
    return ids


def is_anybody_to_remind(connection: Connection, hours: int, now: datetime) -> bool:
    """Whether `remind` would find a mail; costs no write."""
    return connection.execute(_to_remind(connection, hours, now).limit(1)).first() is not None


def _to_remind(connection: Connection, hours: int, now: datetime) -> Select[int, str]:
    mail = OutboundMail
    return (
        select(mail.id, mail.state)
        .join(PurchaseOrder, PurchaseOrder.outbound_mail_id == mail.id)
        .join(Partner, Partner.id == mail.partner_id)
        .where(*_at_rest(), _is_unanswered(connection, hours, now))
    )


def _at_rest() -> tuple[ColumnElement[bool], ...]:
    """Mails that nobody sends at this moment, no person looks at, and nobody was reminded of."""
    return (
        OutboundMail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN]),
        OutboundMail.reminded_at.is_(None),
    )


def _is_unanswered(connection: Connection, hours: int, now: datetime) -> ColumnElement[bool]:
    """One comparison for each number of hours that is agreed with anybody."""
    agreed = connection.execute(select(Partner.answer_hours).distinct()).scalars()
    since = PurchaseOrder.updated_at
    usual = and_(Partner.answer_hours.is_(None), is_far(since, now, timedelta(hours=hours)))
    special = [
        and_(Partner.answer_hours == each, is_far(since, now, timedelta(hours=each)))
        for each in agreed
        if each is not None
    ]
    waits = and_(PurchaseOrder.state == PurchaseState.WAITING, PurchaseOrder.answer_n == 0, is_sent_to())
    return and_(waits, or_(usual, *special))
