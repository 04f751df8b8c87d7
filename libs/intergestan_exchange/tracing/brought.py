"""What inbound mails brought: the sales orders that they made, the purchase orders that they answered (G23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, and_, select

from intergestan_db.enums import LedgerOutcome
from intergestan_db.tables import (
    Answer,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    OutboundMail,
    Party,
    PurchaseOrder,
    SalesOrder,
)

_AT_ONCE = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class NewSalesOrder:
    """A sales order that was made, in `currency`."""

    number: str
    customer: str
    customer_order_number: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A purchase order of ours to which an answer came; `state` is where that led it."""

    number: str
    code: str | None
    state: str
    supplier_order_number: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Brought:
    """What some mails brought. `holds`: what waits for a person because of them, such as `in-3`, `order-17`."""

    sales_orders: tuple[NewSalesOrder, ...] = ()
    answered: tuple[Answered, ...] = ()
    holds: tuple[str, ...] = ()

    def __add__(self, other: Brought) -> Brought:
        return Brought(self.sales_orders + other.sales_orders, self.answered + other.answered, self.holds + other.holds)


def brought_by(connection: Connection, mail_ids: Sequence[int], since: datetime) -> Brought:
    """What these mails brought since an instant."""
    brought = Brought()
    for start in range(0, len(mail_ids), _AT_ONCE):
        some = mail_ids[start : start + _AT_ONCE]
        sales_orders, answered = _sales_orders(connection, some, since), _answered(connection, some, since)
        brought += Brought(sales_orders, answered, _holds(connection, some, since))
    return brought


def _sales_orders(connection: Connection, ids: Sequence[int], since: datetime) -> tuple[NewSalesOrder, ...]:
    """A booking writes a sales order and its answer with the same instant; a repeated answer is later."""
    order = SalesOrder
    query = (
        select(
            order.number,
            Party.name,
            order.customer_order_number,
            order.total_ht,
            order.total_ttc,
            order.currency,
            order.state,
        )
        .join(Answer, and_(Answer.sales_order_number == order.number, Answer.created_at == order.created_at))
        .join(OutboundMail, OutboundMail.id == Answer.outbound_mail_id)
        .join(InboundTransfer, InboundTransfer.id == OutboundMail.in_reply_to_id)
        .join(InboundMail, _brought_it())
        .join(Party, Party.id == order.customer_id)
        .where(InboundMail.id.in_(ids), order.created_at >= since)
        .distinct()
    )
    found = [NewSalesOrder(*row) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda made: (len(made.number), made.number)))


def _answered(connection: Connection, ids: Sequence[int], since: datetime) -> tuple[Answered, ...]:
    order = PurchaseOrder
    query = (
        select(order.number, order.answer_code, order.state, order.supplier_order_number, order.answer_note)
        .join(Ledger, and_(Ledger.number == order.number, Ledger.outcome == LedgerOutcome.APPLIED))
        .join(InboundTransfer, InboundTransfer.id == Ledger.inbound_transfer_id)
        .join(InboundMail, _brought_it())
        .where(InboundMail.id.in_(ids), Ledger.created_at >= since)
        .distinct()
        .order_by(order.number)
    )
    return tuple(Answered(*row) for row in connection.execute(query))


def _holds(connection: Connection, ids: Sequence[int], since: datetime) -> tuple[str, ...]:
    mails = select(InboundMail.id).where(InboundMail.id.in_(ids), InboundMail.state == "held").order_by(InboundMail.id)
    orders = (
        select(Hold.id)
        .where(Hold.inbound_mail_id.in_(ids), Hold.closed_at.is_(None), Hold.opened_at >= since)
        .order_by(Hold.id)
    )
    return (
        *(f"in-{row_id}" for row_id in connection.execute(mails).scalars()),
        *(f"order-{row_id}" for row_id in connection.execute(orders).scalars()),
    )


def _brought_it() -> ColumnElement[bool]:
    same_partner = InboundMail.partner_id == InboundTransfer.partner_id
    return and_(same_partner, InboundMail.transfer_id == InboundTransfer.jti)
