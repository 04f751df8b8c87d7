"""Which orders a person means who wants their story: by our number, the partner's, or a mail's transfer id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    Answer,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    PurchaseOrderChange,
    SalesOrder,
)
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_msg.kinds import ORDER_TYPES, DocumentType

RESPONSE = DocumentType.RESPONSE


@dataclass(frozen=True, slots=True, order=True)
class Received:
    """An order of a customer, booked or not: whose, and their number."""

    partner_id: int
    number: str


@dataclass(frozen=True, slots=True)
class Meant:
    """The orders that are meant.

    :ivar sent: ids of purchase orders of ours; `entered`: of sales orders that are of no partner's.
    """

    sent: tuple[int, ...]
    received: tuple[Received, ...]
    entered: tuple[int, ...]


def find_meant(connection: Connection, text: str) -> Meant:
    """The orders that `text` names.

    :raises Problem: when it names none.
    """
    wanted = as_stored(
        connection,
        text,
        *(PurchaseOrder.number, PurchaseOrder.supplier_order_number),
        *(SalesOrder.number, SalesOrder.customer_order_number),
    )
    partners = list(connection.scalars(select(Partner.id)))
    sent = _sent_by_number(connection, wanted) | _sent_by_transfer(connection, partners, wanted)
    received = _received_by_number(connection, partners, wanted) | _received_by_transfer(connection, partners, wanted)
    of_nobody = (SalesOrder.number == wanted, SalesOrder.partner_id.is_(None))
    entered = tuple(connection.scalars(select(SalesOrder.id).where(*of_nobody)))
    if not (sent or received or entered):
        _refuse(connection, wanted)
    return Meant(tuple(sorted(sent)), tuple(sorted(received)), entered)


def _sent_by_number(connection: Connection, wanted: str) -> set[int]:
    order = PurchaseOrder
    named = or_(order.number == wanted, order.supplier_order_number == wanted)
    return set(connection.scalars(select(order.id).where(named)))


def _sent_by_transfer(connection: Connection, partners: Sequence[int], wanted: str) -> set[int]:
    """The orders of a mail of ours, or those that a mail of theirs answers."""
    carried = (
        select(OutboundOrder.purchase_order_id)
        .join(OutboundMail, OutboundMail.id == OutboundOrder.outbound_mail_id)
        .where(OutboundMail.transfer_id == wanted)
    )
    changed = (
        select(PurchaseOrderChange.purchase_order_id)
        .join(OutboundMail, OutboundMail.id == PurchaseOrderChange.outbound_mail_id)
        .where(OutboundMail.transfer_id == wanted)
    )
    answered = (
        select(PurchaseOrder.id)
        .join(Ledger, Ledger.number == PurchaseOrder.number)
        .join(InboundTransfer, InboundTransfer.id == Ledger.inbound_transfer_id)
        .where(Ledger.type == RESPONSE, *_transfer(partners, wanted))
    )
    return set(connection.scalars(carried.union(changed, answered)))


def _received_by_number(connection: Connection, partners: Sequence[int], wanted: str) -> set[Received]:
    order = SalesOrder
    theirs = (order.partner_id.in_(partners), order.customer_order_number == wanted)
    booked = select(order.partner_id, order.customer_order_number).where(
        order.partner_id.is_not(None), or_(order.number == wanted, and_(*theirs))
    )
    entered = select(Ledger.partner_id, Ledger.number).where(
        Ledger.partner_id.in_(partners), Ledger.type.in_(ORDER_TYPES), Ledger.number == wanted
    )
    held = select(Hold.partner_id, Hold.number).where(
        Hold.partner_id.in_(partners), Hold.number == wanted, Hold.type.in_(ORDER_TYPES)
    )
    return _received(connection, booked.union(entered, held))


def _received_by_transfer(connection: Connection, partners: Sequence[int], wanted: str) -> set[Received]:
    """The orders that a mail of theirs brought, first or again, or that a mail of ours answers."""
    first = (
        select(Ledger.partner_id, Ledger.number)
        .join(InboundTransfer, InboundTransfer.id == Ledger.inbound_transfer_id)
        .where(Ledger.type.in_(ORDER_TYPES), *_transfer(partners, wanted))
    )
    brought = select(InboundTransfer.id).where(*_transfer(partners, wanted))
    answered = select(Answer.partner_id, Answer.order_number).join(
        OutboundMail, OutboundMail.id == Answer.outbound_mail_id
    )
    by_ours, by_theirs = OutboundMail.transfer_id == wanted, OutboundMail.in_reply_to_id.in_(brought)
    return _received(connection, first.union(answered.where(by_ours), answered.where(by_theirs)))


def _received(connection: Connection, query: Any) -> set[Received]:
    return {Received(int(partner_id), str(number)) for partner_id, number in connection.execute(query)}


def _transfer(partners: Sequence[int], wanted: str) -> tuple[ColumnElement[bool], ...]:
    return (InboundTransfer.partner_id.in_(partners), InboundTransfer.jti == wanted)


def _refuse(connection: Connection, wanted: str) -> None:
    mail = connection.execute(select(InboundMail.id).where(InboundMail.transfer_id == wanted).limit(1)).scalar()
    if mail is not None:
        raise Problem(
            "The mail of transfer {wanted} came, but no order of it was imported. If it waits for a person, it is "
            "in-{mail}.",
            ProblemCode.NOT_BOOKED,
            (Act.SHOW_HOLD,),
            wanted=wanted,
            mail=mail,
        )
    raise Problem(
        "Nothing is known of «{wanted}»: write the number of a purchase order or a sales order, the partner's number "
        "of one, or the transfer id of a mail.",
        ProblemCode.NO_ORDER,
        (
            Act.LIST_ORDERS,
            Act.LIST_SALES,
        ),
        wanted=wanted,
    )
