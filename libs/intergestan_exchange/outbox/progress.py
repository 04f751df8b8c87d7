"""How far one mail of ours is: its steps, what the server said, and where the orders in it stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import OutboundState, PurchaseState
from intergestan_db.tables import DeliveryAttempt, OutboundMail, OutboundOrder, Partner, Party, PurchaseOrder, User
from intergestan_exchange.outbox.outbound import ON_ITS_WAY, Outbound, list_outbound
from intergestan_msg.kinds import Kind

MOST_ATTEMPTS = 20
_WAITS = frozenset({PurchaseState.TRANSMITTING, PurchaseState.WAITING})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One conversation with a mail server about it."""

    n: int
    started_at: datetime
    ended_at: datetime | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class Carried:
    """An order in it, as it stands now."""

    number: str
    issue_date: date
    note: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str
    supplier_order_number: str | None
    answer_note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All that a person wants to know of a mail of ours.

    :ivar supplier: the code of the third party that it goes to. :ivar leaves_at: until then it may be taken back as if
        nothing had been asked for; None once it leaves.
    """

    mail: Outbound
    supplier: str | None
    requested_by: str | None
    composed_at: datetime | None
    size: int | None
    leaves_at: datetime | None
    attempts: Sequence[Attempt]
    orders: Sequence[Carried]

    @property
    def is_moving(self) -> bool:
        """Whether it goes on within seconds."""
        return self.mail.state in ON_ITS_WAY

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes by itself."""
        if self.mail.state in {OutboundState.HELD, OutboundState.ABANDONED}:
            return True
        waits = any(each.state in _WAITS for each in self.orders)
        return not waits if self.orders else self.mail.state in {OutboundState.SENT, OutboundState.ANSWERED}

    def left(self, now: datetime) -> timedelta:
        """How long it may be taken back still."""
        return max(timedelta(0), self.leaves_at - now) if self.leaves_at is not None else timedelta(0)


def read_progress(connection: Connection, mail_id: int, now: datetime) -> Progress | None:
    """Of one mail; None: there is none of this number."""
    found = list_outbound(connection, ids=[mail_id])
    if not found:
        return None
    (mail,) = found
    row = connection.execute(_MORE.where(OutboundMail.id == mail_id)).one()
    waits = mail.state == OutboundState.REQUESTED and mail.next_attempt_at is not None and mail.next_attempt_at > now
    return Progress(
        mail=mail,
        supplier=row.code,
        requested_by=row.name,
        composed_at=row.composed_at,
        size=row.size,
        leaves_at=mail.next_attempt_at if waits else None,
        attempts=_attempts(connection, mail_id),
        orders=_orders(connection, mail_id) if mail.kind == Kind.ORDERS else (),
    )


_MORE = (
    select(OutboundMail.composed_at, OutboundMail.size, Party.code, User.name)
    .join(Partner, Partner.id == OutboundMail.partner_id)
    .join(Party, Party.id == Partner.party_id)
    .outerjoin(User, User.id == OutboundMail.requested_by_id)
)


def _attempts(connection: Connection, mail_id: int) -> Sequence[Attempt]:
    attempt = DeliveryAttempt
    columns = (attempt.n, attempt.started_at, attempt.ended_at, attempt.reply)
    query = select(*columns).where(attempt.outbound_mail_id == mail_id)
    rows = connection.execute(query.order_by(attempt.n.desc()).limit(MOST_ATTEMPTS)).all()
    return [Attempt(*row) for row in reversed(rows)]


def _orders(connection: Connection, mail_id: int) -> Sequence[Carried]:
    order = PurchaseOrder
    query = (
        select(
            *(order.number, order.issue_date, order.note, order.total_ht, order.total_ttc, order.currency),
            *(order.state, order.supplier_order_number, order.answer_note),
        )
        .join(OutboundOrder, OutboundOrder.purchase_order_id == order.id)
        .where(OutboundOrder.outbound_mail_id == mail_id)
        .order_by(order.issue_date, order.id)
    )
    return [Carried(*row) for row in connection.execute(query)]
