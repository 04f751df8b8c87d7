"""What inbound mails brought: the sales orders that they made, the purchase orders that they answered (G23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select

from intergestan_db.among import among
from intergestan_db.enums import InboundState, LedgerOutcome
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
    if not mail_ids:
        return Brought()
    values = {"mails": mail_ids, "since": since}
    made = [NewSalesOrder(*row) for row in connection.execute(_SALES_ORDERS, values)]
    answered = tuple(Answered(*row) for row in connection.execute(_ANSWERED, values))
    held = (
        *(f"in-{row_id}" for row_id in connection.execute(_HELD_MAILS, values).scalars()),
        *(f"order-{row_id}" for row_id in connection.execute(_HELD_ORDERS, values).scalars()),
    )
    return Brought(tuple(sorted(made, key=lambda each: (len(each.number), each.number))), answered, held)


def _brought_it() -> ColumnElement[bool]:
    same_partner = InboundMail.partner_id == InboundTransfer.partner_id
    return and_(same_partner, InboundMail.transfer_id == InboundTransfer.jti)


_OURS = among(InboundMail.id, "mails")
_SINCE: Any = bindparam("since")
_SALES_ORDERS = (
    select(
        SalesOrder.number,
        Party.name,
        SalesOrder.customer_order_number,
        SalesOrder.total_ht,
        SalesOrder.total_ttc,
        SalesOrder.currency,
        SalesOrder.state,
    )
    .join(Answer, and_(Answer.sales_order_number == SalesOrder.number, Answer.created_at == SalesOrder.created_at))
    .join(OutboundMail, OutboundMail.id == Answer.outbound_mail_id)
    .join(InboundTransfer, InboundTransfer.id == OutboundMail.in_reply_to_id)
    .join(InboundMail, _brought_it())
    .join(Party, Party.id == SalesOrder.customer_id)
    .where(_OURS, SalesOrder.created_at >= _SINCE)
    .distinct()
)
"""A booking writes a sales order and its answer with the same instant; a repeated answer is later."""
_ANSWERED = (
    select(
        *(PurchaseOrder.number, PurchaseOrder.answer_code, PurchaseOrder.state),
        *(PurchaseOrder.supplier_order_number, PurchaseOrder.answer_note),
    )
    .join(Ledger, and_(Ledger.number == PurchaseOrder.number, Ledger.outcome == LedgerOutcome.APPLIED))
    .join(InboundTransfer, InboundTransfer.id == Ledger.inbound_transfer_id)
    .join(InboundMail, _brought_it())
    .where(_OURS, Ledger.created_at >= _SINCE)
    .distinct()
    .order_by(PurchaseOrder.number)
)
_HELD_MAILS = select(InboundMail.id).where(_OURS, InboundMail.state == InboundState.HELD).order_by(InboundMail.id)
_HELD_ORDERS = (
    select(Hold.id)
    .where(among(Hold.inbound_mail_id, "mails"), Hold.closed_at.is_(None), Hold.opened_at >= _SINCE)
    .order_by(Hold.id)
)
