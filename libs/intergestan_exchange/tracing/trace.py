"""The story of an order over both sites, as far as it is known here: what happened when, by which mail, and who did it.

Our own side are the `event` rows, whatever they tell; the partner's side is what its signed mails say of themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldEnd, LedgerOutcome, OutboundState
from intergestan_db.tables import (
    Answer,
    Hold,
    Ledger,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    PurchaseOrderChange,
    SalesOrder,
    Site,
)
from intergestan_exchange.findings.finding import read_findings
from intergestan_exchange.tracing.trace_find import RESPONSE, Received, find_meant
from intergestan_exchange.tracing.trace_happenings import Happening, events, in_order_of_time, of_mails
from intergestan_exchange.tracing.trace_mails import Letter, TracedMail, in_order, inbound, outbound
from intergestan_msg.kinds import ORDER_TYPES

_LATER = 1 << 62
"""The rank of what is written behind the events of its transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One order. :ivar role: what we are in it, `buyer` or `seller`. :ivar state: None of an order not booked.

    :ivar waits: what of it waits for a person now, as people call it.
    """

    role: str
    number: str | None
    their_number: str | None
    partner: str | None
    state: str | None
    answer: str | None
    mails: tuple[Letter, ...]
    happened: tuple[Happening, ...]
    waits: tuple[str, ...] = ()


def trace(connection: Connection, text: str) -> list[Story]:
    """The stories of the orders that `text` names: our number, the partner's, or a mail's transfer id.

    :raises Problem: when it names none.
    """
    meant = find_meant(connection, text)
    us = connection.execute(select(Site.name)).scalar_one()
    sent = [_sent(connection, us, order_id) for order_id in meant.sent]
    received = [_received(connection, us, order) for order in meant.received]
    return [*sent, *received, *(_entered_here(connection, us, order_id) for order_id in meant.entered)]


def _sent(connection: Connection, us: str, order_id: int) -> Story:
    """An order of ours to a supplier."""
    order = connection.execute(select(PurchaseOrder.__table__).where(PurchaseOrder.id == order_id)).one()
    partner = connection.execute(
        select(Partner.id, Partner.name).where(Partner.party_id == order.supplier_id)
    ).one_or_none()
    of_order = PurchaseOrderChange.purchase_order_id == order_id
    changes = connection.execute(select(PurchaseOrderChange.__table__).where(of_order)).all()
    carried = connection.scalars(
        select(OutboundOrder.outbound_mail_id).where(OutboundOrder.purchase_order_id == order_id)
    ).all()
    out = outbound(connection, [*carried, *(row.outbound_mail_id for row in changes)])
    answered = select(Ledger.inbound_transfer_id).where(
        Ledger.type == RESPONSE, Ledger.number == order.number, Ledger.partner_id == (partner.id if partner else None)
    )
    came = inbound(connection, answered)
    happened = [
        *events(connection, us, states.PURCHASE_ORDER.name, {order_id: None}),
        *_of_changes(connection, us, changes, out),
        *of_mails(connection, us, partner.name if partner else "", out, came),
    ]
    return Story(
        role="buyer",
        number=order.number,
        their_number=order.supplier_order_number,
        partner=partner.name if partner else None,
        state=order.state,
        answer=order.answer_code,
        mails=in_order([each.letter for each in (*out, *came)]),
        happened=in_order_of_time(happened),
        waits=_held(out),
    )


def _held(mails: Sequence[TracedMail]) -> tuple[str, ...]:
    return tuple(each.letter.ref for each in mails if each.letter.state == OutboundState.HELD and each.letter.ref)


def _of_changes(
    connection: Connection, us: str, changes: Sequence[AnyRow], out: Sequence[TracedMail]
) -> Iterator[Happening]:
    """What became of each change or cancellation that we asked for, with its place in the sequence."""
    by_row = {row_id: mail.letter.transfer_id for mail in out for row_id in mail.row_ids}
    for row in changes:
        which = {"revision": row.revision, "type": row.type}
        about = {row.id: by_row[row.outbound_mail_id]}
        for each in events(connection, us, states.PURCHASE_ORDER_CHANGE.name, about):
            yield replace(each, detail=which | dict(each.detail))


def _received(connection: Connection, us: str, received: Received) -> Story:
    """An order of a customer to us."""
    partner = connection.execute(select(Partner.name).where(Partner.id == received.partner_id)).scalar_one()
    order = connection.execute(
        select(SalesOrder.id, SalesOrder.number, SalesOrder.state).where(
            SalesOrder.partner_id == received.partner_id, SalesOrder.customer_order_number == received.number
        )
    ).one_or_none()
    answers = _answers(connection, received)
    out = outbound(connection, [row.outbound_mail_id for row in answers])
    holds = connection.execute(select(Hold.__table__).where(*_same(Hold, received)).order_by(Hold.id)).all()
    entries = connection.execute(
        select(Ledger.__table__).where(*_same(Ledger, received), Ledger.type.in_(ORDER_TYPES))
    ).all()
    transfers = {row.inbound_transfer_id for row in (*holds, *entries)} | {row.in_reply_to_id for row in answers}
    came = inbound(connection, sorted(transfers))
    by_id: dict[int | None, str] = {each.transfer_row: each.letter.transfer_id for each in came}
    sales = events(connection, us, states.SALES_ORDER.name, {order.id: None}) if order else ()
    waited = {row.id: by_id.get(row.inbound_transfer_id) for row in holds}
    happened = [
        *sales,
        *events(connection, us, Hold.__tablename__, waited),
        *(_opened(us, row, by_id) for row in holds),
        *(_closed(us, row, by_id) for row in holds if row.closed_how == HoldEnd.TRIED_AGAIN),
        *(_entered(us, row, by_id) for row in entries if row.outcome != LedgerOutcome.CREATED),
        *(_answer(us, row) for row in answers),
        *of_mails(connection, us, partner, out, came),
    ]
    return Story(
        role="seller",
        number=order.number if order else None,
        their_number=received.number,
        partner=partner,
        state=order.state if order else None,
        answer=answers[-1].code if answers else None,
        mails=in_order([each.letter for each in (*out, *came)]),
        happened=in_order_of_time(happened),
        waits=(*(f"order-{row.id}" for row in holds if row.closed_at is None), *_held(out)),
    )


def _entered_here(connection: Connection, us: str, order_id: int) -> Story:
    """An order of a customer that no mail brought."""
    order = connection.execute(select(SalesOrder.__table__).where(SalesOrder.id == order_id)).one()
    return Story(
        role="seller",
        number=order.number,
        their_number=order.customer_order_number,
        partner=None,
        state=order.state,
        answer=None,
        mails=(),
        happened=in_order_of_time([*events(connection, us, states.SALES_ORDER.name, {order_id: None})]),
    )


def _answers(connection: Connection, received: Received) -> Sequence[Any]:
    query = (
        select(Answer.__table__, OutboundMail.transfer_id, OutboundMail.in_reply_to_id)
        .join(OutboundMail, OutboundMail.id == Answer.outbound_mail_id)
        .where(Answer.partner_id == received.partner_id, Answer.order_number == received.number)
        .order_by(Answer.n)
    )
    return connection.execute(query).all()


def _answer(us: str, row: Any) -> Happening:
    detail = {"n": row.n, "revision": row.revision, "order": row.sales_order_number, "note": row.note}
    return Happening(
        at=row.created_at,
        site=us,
        subject="answer",
        event=row.code,
        mail=row.transfer_id,
        detail={name: value for name, value in detail.items() if value is not None},
        rank=_LATER,
    )


def _opened(us: str, row: Any, mails: Mapping[int | None, str]) -> Happening:
    return Happening(
        at=row.opened_at,
        site=us,
        subject=Hold.__tablename__,
        event="open",
        mail=mails.get(row.inbound_transfer_id),
        detail={"hold": f"order-{row.id}", "reason": row.reason, "findings": [*read_findings(row.detail)]}
        | _document(row),
        rank=_LATER,
    )


def _closed(us: str, row: Any, mails: Mapping[int | None, str]) -> Happening:
    """The order was tried again by itself; that a person released or refused it is an event."""
    return Happening(
        at=row.closed_at,
        site=us,
        who=row.closed_by,
        subject=Hold.__tablename__,
        event="close",
        mail=mails.get(row.inbound_transfer_id),
        detail={"hold": f"order-{row.id}", "how": row.closed_how},
    )


def _entered(us: str, row: Any, mails: Mapping[int | None, str]) -> Happening:
    """How a document that was not booked stands in the ledger now, since when; that one was booked is an event."""
    return Happening(
        at=row.updated_at,
        site=us,
        subject=Ledger.__tablename__,
        event=row.outcome,
        mail=mails.get(row.inbound_transfer_id),
        detail=_document(row),
        rank=_LATER,
    )


def _document(row: Any) -> dict[str, Any]:
    """Which document is meant: the order has the first of its revisions, each change and the cancellation the next."""
    return {"document": row.type, "revision": row.revision}


def _same(table: type[Hold | Ledger], received: Received) -> tuple[Any, Any]:
    return (table.partner_id == received.partner_id, table.number == received.number)
