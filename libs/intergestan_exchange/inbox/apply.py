"""Writes the answers of a seller to our purchase orders, all of one mail in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import LedgerOutcome, OutboundState
from intergestan_db.tables import Ledger, OutboundMail, OutboundOrder, PurchaseOrder, PurchaseOrderLine
from intergestan_exchange.inbox.apply_changes import apply_to_changes, changes_in, settle_state
from intergestan_exchange.outbox.outbound import answered
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_exchange.transfers.transfers import finish_mail, insert_transfer
from intergestan_msg.answer import AnswerCode, OrderAnswer
from intergestan_msg.manifest import InReplyTo

EVENTS = {
    AnswerCode.RECEIVED: "wait",
    AnswerCode.ACCEPTED: "accept",
    AnswerCode.CHANGED: "change",
    AnswerCode.REJECTED: "reject",
}

_AT_REST = frozenset({OutboundState.ANSWERED, OutboundState.ABANDONED})

_QUOTED = (
    select(OutboundMail.id, OutboundMail.state)
    .where(
        OutboundMail.transfer_id == bindparam("transfer"),
        OutboundMail.transfer_digest == bindparam("digest"),
        OutboundMail.partner_id == bindparam("partner"),
    )
    .with_for_update()
)
_CARRIED = (
    select(
        *(PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.answer_n),
        *(PurchaseOrder.lines_n, PurchaseOrder.state),
    )
    .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
    .where(OutboundOrder.outbound_mail_id == bindparam("mail"))
    .with_for_update(of=PurchaseOrder)
)


class UnmatchedAnswer(Exception):
    """The answer quotes a mail that we did not send to this partner, or an order that was not in it."""


@dataclass(frozen=True, slots=True)
class NumberedAnswer:
    """An answer with its n and the hash of its bytes."""

    n: int
    answer: OrderAnswer
    sha256: str


def apply_answers(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    quoted: InReplyTo,
    answers: Sequence[NumberedAnswer],
    now: datetime,
) -> list[str]:
    """Apply what is newer than what we know; stop the resending of the mail once all its orders are answered.

    An answer counts only if its signer is the addressee of the mail that it quotes, and quotes it exactly
    (`design.md` §10).

    :returns: an outcome for each answer, `done` or `duplicate`.
    :raises UnmatchedAnswer: nothing of the mail is applied then.
    """
    outbound = _quoted_mail(connection, transfer.partner.id, quoted)
    orders = _orders_of(connection, outbound.id)
    changes = {} if orders else changes_in(connection, outbound.id)
    carried = orders or changes
    _check_carried(carried, answers)
    transfer_id = insert_transfer(connection, mail, transfer, now)
    fresh = _fresh(carried, answers)
    if changes:
        apply_to_changes(connection, changes, [(each.n, each.answer) for each in fresh], transfer.partner.name, now)
    else:
        _apply_to_orders(connection, orders, fresh, transfer.partner.name, now)
    _enter_ledger(connection, transfer, transfer_id, fresh, now)
    if outbound.state not in _AT_REST and _all_answered(carried, fresh):
        answered(connection, [outbound.id], by=BY, at=now, old={outbound.id: outbound.state})
    finish_mail(connection, mail, transfer, now)
    return ["done" if each in fresh else "duplicate" for each in answers]


def foresee_answers(
    connection: Connection, partner_id: int, quoted: InReplyTo, answers: Sequence[NumberedAnswer]
) -> list[str]:
    """What `apply_answers` would return or raise, without writing anything."""
    mail_id = _quoted_mail(connection, partner_id, quoted).id
    carried = _orders_of(connection, mail_id) or changes_in(connection, mail_id)
    _check_carried(carried, answers)
    fresh = _fresh(carried, answers)
    return ["done" if each in fresh else "duplicate" for each in answers]


def _all_answered(orders: Mapping[str, Any], fresh: Sequence[NumberedAnswer]) -> bool:
    """A seller that booked the orders one by one answers them in several mails, and one of those may be lost."""
    answered_now = {each.answer.order_id for each in fresh}
    return all(order.answer_n > 0 or number in answered_now for number, order in orders.items())


def _fresh(orders: Mapping[str, Any], answers: Sequence[NumberedAnswer]) -> list[NumberedAnswer]:
    return [each for each in answers if each.n > orders[each.answer.order_id].answer_n]


def _quoted_mail(connection: Connection, partner_id: int, quoted: InReplyTo) -> Any:
    which = {"transfer": quoted.jti, "digest": quoted.digest, "partner": partner_id}
    mail = connection.execute(_QUOTED, which).first()
    if mail is None:
        raise UnmatchedAnswer(f"We sent this partner no mail {quoted.jti} with that content.")
    return mail


def _orders_of(connection: Connection, mail_id: int) -> dict[str, Any]:
    return {row.number: row for row in connection.execute(_CARRIED, {"mail": mail_id})}


def _check_carried(carried: Mapping[str, Any], answers: Sequence[NumberedAnswer]) -> None:
    for each in answers:
        if each.answer.order_id not in carried:
            raise UnmatchedAnswer(f"The mail that is answered did not carry order {each.answer.order_id}.")


def _apply_to_orders(
    connection: Connection, orders: dict[str, Any], fresh: Sequence[NumberedAnswer], who: str, now: datetime
) -> None:
    _move_orders(connection, orders, fresh, who, now)
    _keep_details(connection, orders, fresh)
    for each in fresh:
        order = orders[each.answer.order_id]
        if order.lines_n > each.n:  # an answer to a change overtook this one
            settle_state(connection, order.id, now)


def _move_orders(
    connection: Connection, orders: dict[str, Any], fresh: Sequence[NumberedAnswer], who: str, now: datetime
) -> None:
    """One statement per code. AB moves only an order that still waits: it takes nothing back."""
    for code, event in EVENTS.items():
        froms, _ = states.PURCHASE_ORDER.moves[event]
        ids = [
            order.id
            for each in fresh
            if each.answer.code is code and (order := orders[each.answer.order_id]).state in froms
        ]
        states.move(
            connection,
            states.PURCHASE_ORDER,
            ids,
            event,
            by=BY,
            at=now,
            old={order.id: order.state for order in orders.values()},
            event_detail={"answered by": who},
            updated_at=now,
            answer_code=code,
        )
        if code is AnswerCode.REJECTED and ids:
            connection.execute(update(OutboundOrder).where(OutboundOrder.purchase_order_id.in_(ids)).values(live=False))


def _keep_details(connection: Connection, orders: dict[str, Any], fresh: Sequence[NumberedAnswer]) -> None:
    heads = [
        {
            "row_id": orders[each.answer.order_id].id,
            "n": each.n,
            "words": each.answer.note,
            "supplier_number": each.answer.sales_order_id,
            "lines": each.n if _has_newest_lines(orders, each) else orders[each.answer.order_id].lines_n,
        }
        for each in fresh
    ]
    if heads:
        connection.execute(_KEEP_HEAD, heads)
    lines = [
        {
            "order_id": orders[each.answer.order_id].id,
            "buyer_line_id": line.id,
            "line_code": line.code,
            "said": msgspec.to_builtins(line),
        }
        for each in fresh
        if _has_newest_lines(orders, each)
        for line in each.answer.lines
    ]
    if lines:
        connection.execute(_KEEP_LINE, lines)


def _has_newest_lines(orders: dict[str, Any], each: NumberedAnswer) -> bool:
    return bool(each.answer.lines) and each.n > orders[each.answer.order_id].lines_n


_ORDERS = PurchaseOrder.__table__
_LINES = PurchaseOrderLine.__table__
_KEEP_HEAD = (
    update(_ORDERS)
    .where(_ORDERS.c.id == bindparam("row_id"))
    .values(
        answer_n=bindparam("n"),
        answer_note=bindparam("words"),
        lines_n=bindparam("lines"),
        supplier_order_number=func.coalesce(bindparam("supplier_number"), _ORDERS.c.supplier_order_number),
    )
)
_KEEP_LINE = (
    update(_LINES)
    .where(_LINES.c.purchase_order_id == bindparam("order_id"), _LINES.c.line_id == bindparam("buyer_line_id"))
    .values(answer_code=bindparam("line_code"), answer=bindparam("said"))
)


def _enter_ledger(
    connection: Connection, transfer: Transfer, transfer_id: int, fresh: Sequence[NumberedAnswer], now: datetime
) -> None:
    rows = [
        {
            "partner_id": transfer.partner.id,
            "type": "response",
            "number": each.answer.order_id,
            "revision": each.n,
            "inbound_transfer_id": transfer_id,
            "business_hash": f"sha256:{each.sha256}",
            "outcome": LedgerOutcome.APPLIED,
            "created_at": now,
            "updated_at": now,
        }
        for each in fresh
    ]
    insert_rows(connection, Ledger, rows)
