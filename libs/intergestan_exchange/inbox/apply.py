"""Writes the answers of a seller to our purchase orders, all of one mail in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import HoldReason, LedgerOutcome, OutboundState
from intergestan_db.tables import Ledger, OutboundMail, OutboundOrder, PurchaseOrder, PurchaseOrderLine
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.apply_changes import (
    Place,
    Reversed,
    answered_at,
    apply_to_changes,
    changes_in,
    check_not_reversed,
    forget_words,
    is_repeated,
    note_numbers,
    replaced_at,
    settle_state,
    words_at,
)
from intergestan_exchange.inbox.facts import RESPONSE
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
        *(
            PurchaseOrder.id,
            PurchaseOrder.id.label("order_id"),
            PurchaseOrder.number,
            PurchaseOrder.answer_epoch,
            PurchaseOrder.answer_n,
        ),
        *(PurchaseOrder.lines_epoch, PurchaseOrder.lines_n, PurchaseOrder.state),
        *(PurchaseOrder.supplier_order_number, PurchaseOrder.supplier_number_epoch),
        replaced_at(0).label("replaced_at"),
    )
    .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
    .where(OutboundOrder.outbound_mail_id == bindparam("mail"))
    .with_for_update(of=PurchaseOrder)
)


_RECEIVED = select(Ledger.number, Ledger.revision, Ledger.business_hash).where(
    Ledger.partner_id == bindparam("partner"),
    Ledger.type == RESPONSE,
    Ledger.number.in_(bindparam("numbers", expanding=True)),
    Ledger.epoch == bindparam("epoch"),
)


class UnmatchedAnswer(Exception):
    """The answer quotes a mail that we did not send to this partner, or an order that was not in it."""


class AnswerConflict(Exception):
    """Two answers to an order have one number in one series, and say different things.

    :ivar order_id, n: which.
    """

    def __init__(self, order_id: str, n: int) -> None:
        super().__init__(f"Answer {n} to {order_id} came twice, with different content.")
        self.order_id = order_id
        self.n = n


@dataclass(frozen=True, slots=True)
class NumberedAnswer:
    """An answer with its n in the seller's series `epoch`, and the hash of its bytes."""

    epoch: int
    n: int
    answer: OrderAnswer
    sha256: str

    @property
    def place(self) -> Place:
        """What tells an older answer from a newer one."""
        return Place(self.epoch, self.n)

    @property
    def business_hash(self) -> str:
        """How the ledger tells it from another one."""
        return f"sha256:{self.sha256}"


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
    (`design.md` §10). A seller that was restored counts anew in a later series, and what that says takes the place of
    what an earlier one said (§16.1).

    :returns: an outcome for each answer, `done` or `duplicate`.
    :raises UnmatchedAnswer, AnswerConflict, Reversed: nothing of the mail is applied then.
    """
    outbound, orders, changes, fresh = _match(connection, transfer.partner.id, quoted, answers)
    transfer_id = insert_transfer(connection, mail, transfer, now)
    if changes:
        apply_to_changes(connection, changes, _placed(fresh), transfer.partner.name, now)
    else:
        _apply_to_orders(connection, orders, fresh, transfer.partner.name, now)
    _enter_ledger(connection, transfer, transfer_id, fresh, now)
    if not _goes_on(outbound.state, fresh) and _all_answered(orders or changes, fresh):
        answered(connection, [outbound.id], by=BY, at=now, old={outbound.id: outbound.state})
    finish_mail(connection, mail, transfer, now)
    return ["done" if each in fresh else "duplicate" for each in answers]


def conflict_of(transfer: Transfer, error: AnswerConflict | Reversed) -> Finding:
    """Why a mail of answers waits for a person, where it contradicts what its seller answered before."""
    values = {"partner": transfer.partner.name, "number": error.order_id, "content": transfer.digest[:12]}
    values |= {"epoch": str(transfer.epoch), "seq": str(transfer.seq)}
    if isinstance(error, Reversed):
        values |= {"revision": str(error.revision)}
        return Finding(HoldReason.TRANSFER_CONFLICT, values, variant="reversed")
    return Finding(HoldReason.TRANSFER_CONFLICT, values | {"n": str(error.n)}, variant="answer")


def note_answered(
    connection: Connection, partner_id: int, quoted: InReplyTo, answers: Sequence[NumberedAnswer], now: datetime
) -> None:
    """The mail that is answered need not leave again, although a person must look at what the answers say.

    Nobody would ever answer it otherwise: it would wait for an answer, and be told as one that got none, for ever.
    """
    outbound, orders, changes = _read_quoted(connection, partner_id, quoted, answers[0].epoch)
    if not _goes_on(outbound.state, ()) and _all_answered(orders or changes, answers):
        answered(connection, [outbound.id], by=BY, at=now, old={outbound.id: outbound.state})


def foresee_answers(
    connection: Connection, partner_id: int, quoted: InReplyTo, answers: Sequence[NumberedAnswer]
) -> list[str]:
    """What `apply_answers` would return or raise, without writing anything."""
    fresh = _match(connection, partner_id, quoted, answers).fresh
    return ["done" if each in fresh else "duplicate" for each in answers]


class _Matched(NamedTuple):
    """The mail of ours that is answered, what it carried (orders or changes, never both), and which answers are new."""

    outbound: Any
    orders: dict[str, Any]
    changes: dict[str, Any]
    fresh: list[NumberedAnswer]


def _match(connection: Connection, partner_id: int, quoted: InReplyTo, answers: Sequence[NumberedAnswer]) -> _Matched:
    outbound, orders, changes = _read_quoted(connection, partner_id, quoted, answers[0].epoch)
    carried = orders or changes
    _check_carried(carried, answers)
    _check_content(connection, partner_id, answers)
    fresh = _fresh(carried, answers)
    if changes:
        check_not_reversed(changes, _placed(fresh))
    return _Matched(outbound, orders, changes, fresh)


def _placed(answers: Iterable[NumberedAnswer]) -> list[tuple[Place, OrderAnswer]]:
    return [(each.place, each.answer) for each in answers]


def _goes_on(state: str, fresh: Sequence[NumberedAnswer]) -> bool:
    """Whether the mail stays what it is: it is at rest, or it is about to leave again, to be answered anew.

    What a partner has lost is sent again though it was answered; an old answer that comes again does not stop that.
    """
    return state in _AT_REST or (state == OutboundState.COMPOSED and not fresh)


def _all_answered(orders: Mapping[str, Any], fresh: Sequence[NumberedAnswer]) -> bool:
    """A seller that booked the orders one by one answers them in several mails, and one of those may be lost."""
    answered_now = {each.answer.order_id for each in fresh}
    return all(order.answer_n > 0 or number in answered_now for number, order in orders.items())


def _fresh(orders: Mapping[str, Any], answers: Sequence[NumberedAnswer]) -> list[NumberedAnswer]:
    return [each for each in answers if each.place > answered_at(orders[each.answer.order_id])]


def _read_quoted(
    connection: Connection, partner_id: int, quoted: InReplyTo, epoch: int
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The mail of ours that is answered, and the orders or the changes in it, all locked.

    :param epoch: the series of the answers.
    """
    which = {"transfer": quoted.jti, "digest": quoted.digest, "partner": partner_id}
    mail = connection.execute(_QUOTED, which).first()
    if mail is None:
        raise UnmatchedAnswer(f"We sent this partner no mail {quoted.jti} with that content.")
    orders = {row.number: row for row in connection.execute(_CARRIED, {"mail": mail.id, "epoch": epoch})}
    return mail, orders, {} if orders else changes_in(connection, mail.id, epoch)


def _check_carried(carried: Mapping[str, Any], answers: Sequence[NumberedAnswer]) -> None:
    for each in answers:
        if each.answer.order_id not in carried:
            raise UnmatchedAnswer(f"The mail that is answered did not carry order {each.answer.order_id}.")


def _check_content(connection: Connection, partner_id: int, answers: Sequence[NumberedAnswer]) -> None:
    """A place in a series stands for one content, for ever."""
    numbers = [each.answer.order_id for each in answers]
    which = {"partner": partner_id, "numbers": numbers, "epoch": answers[0].epoch}
    rows = connection.execute(_RECEIVED, which)
    received = {(row.number, row.revision): row.business_hash for row in rows}
    for each in answers:
        name = (each.answer.order_id, each.n)
        if received.get(name, each.business_hash) != each.business_hash:
            raise AnswerConflict(*name)


def _apply_to_orders(
    connection: Connection, orders: dict[str, Any], fresh: Sequence[NumberedAnswer], who: str, now: datetime
) -> None:
    _move_orders(connection, orders, fresh, who, now)
    forget_words(connection, [orders[each.answer.order_id].id for each in fresh], fresh[0].epoch if fresh else 0)
    _keep_details(connection, orders, fresh)
    note_numbers(
        connection, [(orders[each.answer.order_id], each.place, each.answer.sales_order_id) for each in fresh], now
    )
    for each in fresh:
        order = orders[each.answer.order_id]
        if words_at(order) > each.place or is_repeated(order, each.place):  # what was said of a change counts
            settle_state(connection, order.id, now)


def _move_orders(
    connection: Connection, orders: dict[str, Any], fresh: Sequence[NumberedAnswer], who: str, now: datetime
) -> None:
    """One statement per code. AB moves only an order that still waits: it takes nothing back.

    But where the seller was restored and an order waits there again, it waits here, too.
    """
    for code, event in (*EVENTS.items(), (AnswerCode.RECEIVED, "wait again")):
        froms, _ = states.PURCHASE_ORDER.moves[event]
        ids = [
            order.id
            for each in fresh
            if each.answer.code is code
            and (order := orders[each.answer.order_id]).state in froms
            and (event != "wait again" or 0 < order.answer_epoch < each.epoch)
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
            "epoch": each.epoch,
            "n": each.n,
            "words": each.answer.note,
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
    worded = [
        {"row_id": orders[each.answer.order_id].id, "epoch": each.epoch, "n": each.n}
        for each in fresh
        if _has_newest_lines(orders, each)
    ]
    if worded:
        connection.execute(_KEEP_WORDS, worded)


def _has_newest_lines(orders: dict[str, Any], each: NumberedAnswer) -> bool:
    order = orders[each.answer.order_id]
    return bool(each.answer.lines) and each.place > words_at(order) and not is_repeated(order, each.place)


_ORDERS = PurchaseOrder.__table__
_LINES = PurchaseOrderLine.__table__
_KEEP_HEAD = (
    update(_ORDERS)
    .where(_ORDERS.c.id == bindparam("row_id"))
    .values(answer_epoch=bindparam("epoch"), answer_n=bindparam("n"), answer_note=bindparam("words"))
)
_KEEP_WORDS = (
    update(_ORDERS)
    .where(_ORDERS.c.id == bindparam("row_id"))
    .values(lines_epoch=bindparam("epoch"), lines_n=bindparam("n"))
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
            "type": RESPONSE,
            "number": each.answer.order_id,
            "epoch": each.epoch,
            "revision": each.n,
            "inbound_transfer_id": transfer_id,
            "business_hash": each.business_hash,
            "outcome": LedgerOutcome.APPLIED,
            "created_at": now,
            "updated_at": now,
        }
        for each in fresh
    ]
    insert_rows(connection, Ledger, rows)
