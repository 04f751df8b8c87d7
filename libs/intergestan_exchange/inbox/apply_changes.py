"""Writes the answers to our changes and cancellations, and what is agreed by them, in the caller's transaction.

Answers may come in any order; what they agree on is put into the purchase order in the order of the revisions. So
the seller, who applies our changes in that order, and we arrive at the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import ChangeState, PurchaseState
from intergestan_db.tables import PurchaseOrder, PurchaseOrderChange, PurchaseOrderCharge, PurchaseOrderLine
from intergestan_erp.documents import documents
from intergestan_exchange.inbox.booking.sales_orders import charge_rows
from intergestan_exchange.inbox.decide import book_charge
from intergestan_exchange.inbox.heads import head_values
from intergestan_exchange.outbox.changes import read_document
from intergestan_exchange.transfers.transfer import BY
from intergestan_msg.answer import ANSWER_LINE, ANSWER_LINES, AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.change import ChangeCode, OrderChange
from intergestan_msg.money import ZERO
from intergestan_msg.order import OrderLine, one_day

EVENTS = {
    AnswerCode.RECEIVED: "wait",
    AnswerCode.ACCEPTED: "accept",
    AnswerCode.CHANGED: "change",
    AnswerCode.REJECTED: "reject",
}
OPEN_CODES = (LineCode.ADDED, LineCode.CHANGED, LineCode.NOT_ACCEPTED)
"""What the seller says of a line and the buyer has to agree to. What has left (42) cannot be discussed."""

_NOT_APPLIED = {LineCode.ALREADY_DELIVERED, LineCode.NOT_ACCEPTED}
_SETTLED = (ChangeState.ACCEPTED, ChangeState.CHANGED, ChangeState.REJECTED)


class Place(NamedTuple):
    """Where an answer stands among all answers to its order: the seller's series, and the n in it.

    The later series wins whatever the n: a seller that was restored counts anew (`design.md` §16.1).
    """

    epoch: int
    n: int


class Reversed(Exception):
    """A restored seller answers a settled change of ours otherwise than before: the two orders cannot be equal.

    :ivar order_id, revision: which change.
    """

    def __init__(self, order_id: str, revision: int) -> None:
        super().__init__(f"Change {revision} of {order_id} is answered otherwise than before.")
        self.order_id = order_id
        self.revision = revision


def answered_at(row: Any) -> Place:
    """The newest answer to an order or to a change, from its row."""
    return Place(row.answer_epoch, row.answer_n)


def words_at(row: Any) -> Place:
    """The answer whose words on the lines of an order are kept."""
    return Place(row.lines_epoch, row.lines_n)


def replaced_at(revision: int | ColumnElement[int]) -> ColumnElement[int]:
    """The n of the first answer, in the series of the parameter `epoch`, to a later document that was agreed to.

    A seller who gets an earlier one again answers it as before, whatever it said since of what took its place: an
    answer to it with a greater n settles the document, and says nothing new of the order.
    """
    later = PurchaseOrderChange.__table__.alias("later")
    agreed = later.c.state.in_([ChangeState.ACCEPTED, ChangeState.CHANGED]), later.c.answer_epoch == bindparam("epoch")
    first = select(func.min(later.c.answer_n)).where(
        later.c.purchase_order_id == PurchaseOrder.id, later.c.revision > revision, *agreed
    )
    return first.correlate_except(later).scalar_subquery()


_IN_MAIL = (
    select(
        *(PurchaseOrderChange.__table__, PurchaseOrder.id.label("order_id"), PurchaseOrder.number),
        *(PurchaseOrder.supplier_order_number, PurchaseOrder.supplier_number_epoch),
        replaced_at(PurchaseOrderChange.revision).label("replaced_at"),
    )
    .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderChange.purchase_order_id)
    .where(PurchaseOrderChange.outbound_mail_id == bindparam("mail"))
    .order_by(PurchaseOrder.id)
    .with_for_update()
)


def is_repeated(row: Any, place: Place) -> bool:
    """Whether an answer says again what was said of a document before another took its place."""
    return row.replaced_at is not None and place.n > row.replaced_at


def changes_in(connection: Connection, mail_id: int, epoch: int) -> dict[str, AnyRow]:
    """The changes in one mail of ours, by the number of their order, locked with their orders.

    :param epoch: the series of the answers to them.
    """
    return {row.number: row for row in connection.execute(_IN_MAIL, {"mail": mail_id, "epoch": epoch})}


def check_not_reversed(changes: Mapping[str, AnyRow], answers: Iterable[tuple[Place, OrderAnswer]]) -> None:
    """What a change was settled as is part of the order here; a restored seller may not have it so any more.

    :raises Reversed: a person must bring the two orders together.
    """
    for place, answer in answers:
        change = changes[answer.order_id]
        is_news = place.epoch > change.answer_epoch or change.answer_code == AnswerCode.RECEIVED
        if change.state not in _SETTLED or not is_news or answer.code is AnswerCode.RECEIVED:
            continue
        before = ANSWER_LINES.convert(change.answer_lines or [])
        settled = ChangeState(change.state), _left_out(before)
        if settled[0] is not ChangeState.REJECTED and _outcome(change, answer) is not ChangeState.REJECTED:
            if settled[1] == _left_out(answer.lines):
                continue
        elif settled[0] is _outcome(change, answer):
            continue
        raise Reversed(answer.order_id, change.revision)


def _outcome(change: AnyRow, answer: OrderAnswer) -> ChangeState:
    return ChangeState(states.PURCHASE_ORDER_CHANGE.moves[_event(change, answer)][1])


def _event(change: AnyRow, answer: OrderAnswer) -> str:
    refused = change.type == "cancel" and answer.code is AnswerCode.CHANGED
    return "reject" if refused else EVENTS[answer.code]


def _left_out(lines: Iterable[AnswerLine]) -> frozenset[str]:
    """The lines that stay what they were before the change."""
    return frozenset(line.id for line in lines if line.code in _NOT_APPLIED)


def apply_to_changes(
    connection: Connection,
    changes: Mapping[str, AnyRow],
    answers: Sequence[tuple[Place, OrderAnswer]],
    who: str,
    now: datetime,
) -> None:
    """Write what the seller says of our changes; put what is agreed into the orders."""
    for place, answer in answers:
        change = changes[answer.order_id]
        _answer(connection, change, place, answer, who, now)
        _keep(connection, change, place, answer, now)
        fold(connection, change.purchase_order_id, now)
        _open_what_differs(connection, change.purchase_order_id)
        settle_state(connection, change.purchase_order_id, now)


def forget_words(connection: Connection, order_ids: Sequence[int], epoch: int) -> None:
    """What the seller said of the lines in an earlier series does not count any more, agreed to or not."""
    if not order_ids:
        return
    order, line = PurchaseOrder, PurchaseOrderLine
    earlier = (order.id.in_(order_ids), order.lines_n > 0, order.lines_epoch < epoch)
    stale = update(order).where(*earlier).values(lines_epoch=epoch, lines_n=0).returning(order.id)
    ids = connection.execute(stale).scalars().all()
    if ids:
        words = update(line).where(line.purchase_order_id.in_(ids))
        connection.execute(words.values(answer_code=None, answer=None, settled_epoch=0, settled_n=0))


def note_numbers(connection: Connection, said: Sequence[tuple[Any, Place, str | None]], now: datetime) -> None:
    """Keep the seller's numbers of our orders: those of the newest series, in which another may stand for an order.

    :param said: for each, the order's row (with `order_id`), the answer's place, and the number in it.
    """
    news = [
        (row, place, number)
        for row, place, number in said
        if number is not None
        and place.epoch >= row.supplier_number_epoch
        and (number, place.epoch) != (row.supplier_order_number, row.supplier_number_epoch)
    ]
    if not news:
        return
    values = [{"row_id": row.order_id, "theirs": number, "epoch": place.epoch} for row, place, number in news]
    connection.execute(_KEEP_NUMBER, values)
    other = {
        row.order_id: {"was": row.supplier_order_number, "now": number}
        for row, _, number in news
        if row.supplier_order_number not in {None, number}
    }
    changed = [(order_id, None, None) for order_id in sorted(other)]
    states.record(connection, states.PURCHASE_ORDER.name, changed, "renumber", by=BY, at=now, details=other)


def fold(connection: Connection, order_id: int, now: datetime) -> None:
    """Put the settled changes that follow the order's revision into the order, one after the other."""
    table = PurchaseOrderChange
    while True:
        order = connection.execute(select(PurchaseOrder.__table__).where(PurchaseOrder.id == order_id)).one()
        change = connection.execute(
            select(table.__table__).where(
                table.purchase_order_id == order_id, table.revision == order.revision + 1, table.state.in_(_SETTLED)
            )
        ).first()
        if change is None:
            return
        if change.type == "cancel" and change.state == ChangeState.ACCEPTED:
            _cancel(connection, order, now)
        elif change.type == "change" and change.state != ChangeState.REJECTED:
            _amend(connection, order, change, now)
        values = {"revision": change.revision, "version": PurchaseOrder.version + 1, "updated_at": now}
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.id == order_id).values(**values))


def settle_state(connection: Connection, order_id: int, now: datetime) -> None:
    """An answered order is `changed` as long as the seller's word on a line is not agreed to."""
    order = connection.execute(select(PurchaseOrder.id, PurchaseOrder.state).where(PurchaseOrder.id == order_id)).one()
    is_open = connection.execute(select(PurchaseOrderLine.id).where(*open_lines(order_id)).limit(1)).first()
    if order.state == PurchaseState.ACCEPTED and is_open:
        states.move(connection, states.PURCHASE_ORDER, [order_id], "change", by=BY, at=now, updated_at=now)
    elif order.state == PurchaseState.CHANGED and not is_open:
        states.move(connection, states.PURCHASE_ORDER, [order_id], "accept", by=BY, at=now, updated_at=now)


def _open_what_differs(connection: Connection, order_id: int) -> None:
    """A line that stays at the seller because goods have left is agreed to only where it is the line that we have.

    The seller may have booked it with a price of his own, and told it before we wanted it changed or deleted.
    """
    line = PurchaseOrderLine
    stay = line.purchase_order_id == order_id, line.answer_code == LineCode.ALREADY_DELIVERED
    figures = (line.quantity, line.unit, line.price, line.base_quantity, line.vat_category, line.vat_rate)
    for row in connection.execute(select(line.id, *figures, line.answer).where(*stay)).all():
        said = ANSWER_LINE.convert(row.answer)
        if not _is_our_line(said, row):
            told = msgspec.to_builtins(replace(said, code=LineCode.CHANGED))
            connection.execute(update(line).where(line.id == row.id).values(answer_code=LineCode.CHANGED, answer=told))


def _is_our_line(said: AnswerLine, row: AnyRow) -> bool:
    """Whether the figures of an answer are those of our line; what it leaves out, or counts in another unit, is."""
    if said.unit not in {None, row.unit}:
        return True
    tax = said.item.tax if said.item is not None else None
    return (
        said.quantity in {None, row.quantity}
        and (said.price is None or said.price * row.base_quantity == row.price * said.base_quantity)
        and (tax is None or row.vat_category is None or (tax.code, tax.percent) == (row.vat_category, row.vat_rate))
    )


def open_lines(order_id: int) -> tuple[Any, ...]:
    """The condition for lines of an order that the seller changed and the buyer has not agreed to."""
    order, line = PurchaseOrder, PurchaseOrderLine
    not_agreed = exists().where(order.id == line.purchase_order_id, is_open(line, order)).correlate(line)
    return line.purchase_order_id == order_id, line.answer_code.in_(OPEN_CODES), not_agreed


def is_open(line: type[PurchaseOrderLine], order: type[PurchaseOrder]) -> ColumnElement[bool]:
    """Whether the words on a line are newer than what the buyer agreed to."""
    return tuple_(line.settled_epoch, line.settled_n) < tuple_(order.lines_epoch, order.lines_n)


def keep_lines(connection: Connection, order_id: int, lines: Iterable[AnswerLine]) -> None:
    """Note what the seller says of each line."""
    rows = [
        {"order_id": order_id, "buyer_line_id": line.id, "line_code": line.code, "said": msgspec.to_builtins(line)}
        for line in lines
    ]
    if rows:
        connection.execute(_KEEP_LINE, rows)


_LINES = PurchaseOrderLine.__table__
_KEEP_LINE = (
    update(_LINES)
    .where(_LINES.c.purchase_order_id == bindparam("order_id"), _LINES.c.line_id == bindparam("buyer_line_id"))
    .values(answer_code=bindparam("line_code"), answer=bindparam("said"))
)


_ORDERS = PurchaseOrder.__table__
_KEEP_NUMBER = (
    update(_ORDERS)
    .where(_ORDERS.c.id == bindparam("row_id"))
    .values(supplier_order_number=bindparam("theirs"), supplier_number_epoch=bindparam("epoch"))
)


def _answer(connection: Connection, change: AnyRow, place: Place, answer: OrderAnswer, who: str, now: datetime) -> None:
    """What became of the change itself. Once it is settled, later answers speak of the order only."""
    table = PurchaseOrderChange
    values: dict[str, Any] = {"answer_epoch": place.epoch, "answer_n": place.n, "updated_at": now}
    if change.state not in _SETTLED:
        values |= {
            "answer_code": answer.code,
            "answer_note": answer.note,
            "answer_lines": msgspec.to_builtins(answer.lines) or None,
        }
        states.move(
            connection,
            states.PURCHASE_ORDER_CHANGE,
            [change.id],
            _event(change, answer),
            by=BY,
            at=now,
            event_detail={"answered by": who},
        )
    elif place.epoch > change.answer_epoch or change.answer_code == AnswerCode.RECEIVED:
        values["answer_code"] = answer.code  # a restored seller looks at it again (`check_not_reversed`)
    connection.execute(update(table).where(table.id == change.id).values(**values))


def _keep(connection: Connection, change: AnyRow, place: Place, answer: OrderAnswer, now: datetime) -> None:
    """The newest word on the lines counts, whichever of our documents it answers."""
    order, order_id = PurchaseOrder, change.purchase_order_id
    note_numbers(connection, [(change, place, answer.sales_order_id)], now)
    forget_words(connection, [order_id], place.epoch)
    is_older = tuple_(order.lines_epoch, order.lines_n) < tuple_(*(literal(number, BigInteger) for number in place))
    newest = update(order).where(order.id == order_id, is_older).values(lines_epoch=place.epoch, lines_n=place.n)
    if answer.lines and not is_repeated(change, place) and connection.execute(newest).rowcount:
        keep_lines(connection, order_id, answer.lines)


def _cancel(connection: Connection, order: AnyRow, now: datetime) -> None:
    if order.state in states.PURCHASE_ORDER.moves["cancel"][0]:
        states.move(connection, states.PURCHASE_ORDER, [order.id], "cancel", by=BY, at=now, updated_at=now)


def _amend(connection: Connection, order: AnyRow, row: AnyRow, now: datetime) -> None:
    change = read_document(row)
    assert isinstance(change, OrderChange)
    said = ANSWER_LINES.convert(row.answer_lines or [])
    _write_lines(connection, order.id, row, change, {line.id: line for line in said})
    _write_charges(connection, order.id, change)
    if answered_at(row) >= words_at(order):
        keep_lines(connection, order.id, said)
    _write_head(connection, order.id, change)
    detail = {"revision": row.revision}
    states.record(
        connection, states.PURCHASE_ORDER.name, [(order.id, None, None)], "amend", by=BY, at=now, detail=detail
    )


def _write_lines(
    connection: Connection, order_id: int, row: AnyRow, change: OrderChange, said: Mapping[str, AnswerLine]
) -> None:
    """The lines as they were asked for and are agreed to.

    A change is a full document, and agreed to as one: a line that it leaves as it is may state what a change before it
    asked for, which was refused, and which a person at the seller's took with this one (`design.md` §16.9). An answer
    that changes anything has every line that the seller has.

    :param row: the change, of which `said` is the answer.
    """
    table, place, in_full = PurchaseOrderLine, answered_at(row), row.state == ChangeState.ACCEPTED
    own = table.purchase_order_id == order_id
    there = {line.line_id: line for line in connection.execute(select(table.__table__).where(own))}
    last = max((line.position for line in there.values()), default=0)
    for code, line in change.lines():
        answered = said[line.id].code if line.id in said else LineCode.ACCEPTED
        values = _values(line)
        if code is ChangeCode.UNCHANGED:
            is_agreed = in_full or (line.id in said and _is_as_stated(said[line.id], line))
            if not is_agreed or _is_ours(values, there.get(line.id)):
                continue
        if answered in _NOT_APPLIED:
            continue
        if code is ChangeCode.DELETED and answered in OPEN_CODES:
            continue  # goods of it have left, and the seller says otherwise of it what nobody has agreed to
        if code is ChangeCode.DELETED:
            connection.execute(delete(table).where(own, table.line_id == line.id))
            continue
        if answered is LineCode.ACCEPTED:
            values |= {"settled_epoch": place.epoch, "settled_n": place.n}
        if line.id in there:
            connection.execute(update(table).where(own, table.line_id == line.id).values(**values))
        else:
            last += 1
            new = {"purchase_order_id": order_id, "line_id": line.id, "position": last}
            connection.execute(insert(table).values(**new, **values))
    gone = there.keys() - {line.id for _, line in change.lines()} - said.keys()
    if gone and (in_full or said):
        connection.execute(delete(table).where(own, table.line_id.in_(sorted(gone))))


_FIGURES = ("quantity", "unit", "price", "base_quantity", "allowance", "vat_category", "vat_rate")


def _is_ours(values: Mapping[str, Any], row: AnyRow | None) -> bool:
    return row is not None and all(values[name] == getattr(row, name) for name in _FIGURES)


def _is_as_stated(said: AnswerLine, line: OrderLine) -> bool:
    """Whether an answer agrees to a line as our document states it; what it leaves out is as stated."""
    return (
        said.code is LineCode.ACCEPTED
        and said.unit in {None, line.unit}
        and said.quantity in {None, line.quantity}
        and (
            said.price is None
            or line.price is None
            or said.price * line.price.base_quantity == line.price.amount * (said.base_quantity or 1)
        )
    )


def _values(line: OrderLine) -> dict[str, Any]:
    """The columns of a purchase order's line; `documents` makes a document of them again."""
    item, price, tax = line.item, line.price, line.item.tax
    code = item.buyers_id or item.sellers_id
    return {
        "product_code": code,
        "name": item.name,
        "quantity": line.quantity or ZERO,
        "unit": line.unit or "C62",
        "price": price.amount if price else ZERO,
        "base_quantity": price.base_quantity if price else 1,
        "allowance": sum((each.signed for each in line.allowances), ZERO),
        "total": line.line_total or ZERO,
        "vat_category": tax.code if tax else "",
        "vat_rate": (tax.percent if tax else None) or ZERO,
        "note": line.note,
        "gtin": item.standard_id.value if item.standard_id else None,
        "supplier_code": item.sellers_id if item.sellers_id != code else None,
        "wanted_date": one_day(line.wanted),
        **({"promised_date": line.wanted.end} if line.wanted else {}),
    }


def _write_charges(connection: Connection, order_id: int, change: OrderChange) -> None:
    connection.execute(delete(PurchaseOrderCharge).where(PurchaseOrderCharge.purchase_order_id == order_id))
    for row in charge_rows(None, [book_charge(each) for each in change.order.allowances]):
        del row["sales_order_id"], row["fee_id"]
        connection.execute(insert(PurchaseOrderCharge).values(purchase_order_id=order_id, **row))


def _write_head(connection: Connection, order_id: int, change: OrderChange) -> None:
    """The head as asked for; the totals are those of the lines that are agreed."""
    head = head_values(change.order) | {"exported_at": None, "carried": documents.carried_by(change.order)}
    connection.execute(update(PurchaseOrder).where(PurchaseOrder.id == order_id).values(**head))
    parties = change.order.buyer, change.order.seller
    (agreed,) = documents.purchase_orders(connection, [order_id], *parties)
    assert agreed.totals is not None
    totals = {
        "total_ht": agreed.totals.tax_exclusive,
        "total_vat": agreed.tax_amount,
        "total_ttc": agreed.totals.payable,
    }
    connection.execute(update(PurchaseOrder).where(PurchaseOrder.id == order_id).values(**totals))
