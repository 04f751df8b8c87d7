"""A clerk decides about a sales order in review: accepts it, or refuses it, and the buyer is told (`design.md` §5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome, SalesState, Stage
from intergestan_db.problem import Problem, Word
from intergestan_db.tables import Ledger, Product, ReviewReply, SalesOrderLine
from intergestan_erp.credit.gate import close_gate, let_pass, open_gate
from intergestan_erp.selling.deliveries import customer_of, lock_order
from intergestan_exchange.inbox.booking.answers import answer_order
from intergestan_exchange.inbox.differences import refuse_differences
from intergestan_exchange.inbox.facts import last_answer
from intergestan_exchange.partners.product_matches import find_product, remember_match, too_long_to_keep
from intergestan_msg.answer import AnswerCode

_ORDER = "order"


def accept(
    connection: Connection,
    number: str,
    products: Mapping[str, str],
    *,
    override: str | None = None,
    by: str,
    at: datetime,
) -> Bells:
    """Accept a sales order in review; the buyer is answered AP, or CA where something is not as they asked.

    :param products: our products' codes by line id, for the lines that are parked; remembered for the partner.
    :param override: why it is accepted although its customer owes too much.
    :raises Problem: when it is not in review, a line has no product still, or the customer owes too much (T20).
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    order = _in_review(connection, number)
    passing = let_pass(
        *(connection, gate, Stage.ORDER), delta=order.total_ttc, total_ttc=order.total_ttc, reason=override, by=by
    )
    _choose_products(connection, order, products, by, at)
    close_gate(connection, gate, passing, number, by=by, at=at)
    states.move(connection, states.SALES_ORDER, [order.id], "accept", by=by, at=at)
    reply = connection.execute(select(ReviewReply.__table__).where(ReviewReply.sales_order_id == order.id)).first()
    code = AnswerCode(reply.code) if reply else AnswerCode.ACCEPTED
    return _answer(connection, order, at, code, lines=reply.lines if reply else None)


def refuse(connection: Connection, number: str, words: str | None, *, by: str, at: datetime) -> Bells:
    """Refuse a sales order in review: it is cancelled, and the buyer is answered RE.

    The buyer may send the order again, as another revision; it is a new one then.

    :raises Problem: when it is not in review.
    """
    order = _in_review(connection, number)
    detail = {"words": words} if words else None
    # Without the partner: of one partner and number there is one sales order, and the next attempt shall be that.
    states.move(
        connection, states.SALES_ORDER, [order.id], "cancel", by=by, at=at, event_detail=detail, partner_id=None
    )
    bells = _answer(connection, order, at, AnswerCode.REJECTED, words=words)
    connection.execute(
        update(Ledger).where(Ledger.sales_order_id == order.id).values(outcome=LedgerOutcome.REJECTED, updated_at=at)
    )
    if order.partner_id is not None:
        refuse_differences(connection, order.partner_id, order.customer_order_number)
    return bells


def _in_review(connection: Connection, number: str) -> AnyRow:
    order = lock_order(connection, number)
    if order.state != SalesState.REVIEW:
        raise Problem(
            "Nothing was changed: {number} is in the state {state}, and only those in the state {review} are accepted "
            "or refused.",
            number=number,
            state=Word(order.state),
            review=Word(SalesState.REVIEW),
        )
    return order


def _choose_products(connection: Connection, order: AnyRow, products: Mapping[str, str], by: str, at: datetime) -> None:
    parked = connection.execute(
        select(SalesOrderLine.__table__)
        .where(SalesOrderLine.sales_order_id == order.id, SalesOrderLine.product_id.is_(None))
        .order_by(SalesOrderLine.position)
    ).all()
    by_id = {line.line_id: line for line in parked}
    strange = [line_id for line_id in products if line_id not in by_id]
    if strange:
        raise Problem(
            "Nothing was changed: line {lines} of {number} does not wait for a product.",
            lines=", ".join(strange),
            number=order.number,
        )
    missing = [line_id for line_id in by_id if line_id not in products]
    if missing:
        raise Problem(
            "Nothing was changed: {number} has lines without a product of ours ({lines}). Say which one each means, "
            "with --product LINE=CODE, or refuse the order.",
            number=order.number,
            lines=", ".join(f"{line_id}: {by_id[line_id].name}" for line_id in missing),
        )
    for line_id, code in products.items():
        _choose_product(connection, order, by_id[line_id], code, by, at)


def _choose_product(connection: Connection, order: AnyRow, line: AnyRow, code: str, by: str, at: datetime) -> None:
    product_id = find_product(connection, code)
    code, unit = connection.execute(select(Product.code, Product.unit).where(Product.id == product_id)).one()
    if unit != line.unit:
        raise Problem(
            "Nothing was changed: line {line} is counted in {theirs}, and our product {code} in {ours}. Refuse the "
            "order, and match the code (partner match): the next one is converted.",
            line=line.line_id,
            theirs=line.unit,
            code=code,
            ours=unit,
        )
    chosen: dict[str, Any] = {"product_id": product_id, "product_code": code}
    connection.execute(update(SalesOrderLine).where(SalesOrderLine.id == line.id).values(**chosen))
    theirs = line.product_code or line.name
    if order.partner_id is not None and not too_long_to_keep(theirs):
        remember_match(connection, order.partner_id, theirs, product_id, by=by, at=at)


def _answer(
    connection: Connection,
    order: AnyRow,
    at: datetime,
    code: AnswerCode,
    *,
    lines: list[dict[str, Any]] | None = None,
    words: str | None = None,
) -> Bells:
    """Enter the buyer's answer; nothing for an order that no partner sent."""
    connection.execute(delete(ReviewReply).where(ReviewReply.sales_order_id == order.id))
    document = connection.execute(
        select(Ledger.number, Ledger.partner_id, Ledger.inbound_transfer_id, Ledger.revision)
        .where(Ledger.sales_order_id == order.id, Ledger.type == _ORDER)
        .order_by(Ledger.epoch.desc(), Ledger.revision.desc())
        .limit(1)
    ).first()
    if document is None:
        return Bells()
    last = last_answer(connection, document.partner_id, document.number)
    told = last.note if last and code is AnswerCode.CHANGED else None
    made = answer_order(
        connection,
        document.partner_id,
        document.number,
        document.inbound_transfer_id,
        last,
        at,
        revision=document.revision,
        code=code,
        sales_order_number=order.number,
        note=words or told,
        lines=lines,
    )
    return Bells(compose=(made.mail_id,))
