"""A clerk decides about a sales order in review: accepts it, or refuses it, and the buyer is told (`design.md` §5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome, SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.site_rows import read_partner
from intergestan_db.tables import Ledger, Product, ReviewReply, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.credit.gate import close_gate, let_pass, open_gate
from intergestan_erp.parties.fees import fee_now
from intergestan_erp.selling.booked_lines import BookedCharge
from intergestan_erp.selling.current_order import standing_of, write_totals
from intergestan_erp.selling.deliveries import customer_of, lock_order
from intergestan_erp.selling.fee_charges import charge_of
from intergestan_erp.stock.waiting import is_unallocated
from intergestan_exchange.findings.findings import fee_note
from intergestan_exchange.inbox.booking.answers import answer_order, lines_as_they_stand
from intergestan_exchange.inbox.differences import refuse_differences
from intergestan_exchange.inbox.facts import last_answer
from intergestan_exchange.partners.product_matches import find_product, remember_match, too_long_to_keep
from intergestan_msg.answer import AnswerCode
from intergestan_msg.money import ZERO

_ORDER = "order"


def accept(
    connection: Connection,
    number: str,
    products: Mapping[str, str],
    *,
    fee: str | None = None,
    override: str | None = None,
    by: str,
    at: datetime,
) -> Bells:
    """Accept a sales order in review; the buyer is answered AP, or CA where something is not as they asked.

    :param products: our products' codes by line id, for the lines that are parked; remembered for the partner.
    :param fee: the code of a fee that is added, which the buyer is told with all lines (T24).
    :param override: why it is accepted although its customer owes too much.
    :raises Problem: when it is not in review, a line has no product still, there is no such fee, or the customer owes
        too much (T20).
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    order = _in_review(connection, number)
    _choose_products(connection, order, products, by, at)
    note = _add_fee(connection, order, fee, by, at) if fee else None
    total = connection.execute(select(SalesOrder.total_ttc).where(SalesOrder.id == order.id)).scalar_one()
    place = order.establishment_id
    passing = let_pass(
        *(connection, gate, Stage.ORDER), delta=total, total_ttc=total, establishment_id=place, reason=override, by=by
    )
    close_gate(connection, gate, passing, number, by=by, at=at)
    states.move(connection, states.SALES_ORDER, [order.id], "accept", by=by, at=at)
    going = Bells(allocate=(order.id,) if is_unallocated(connection, order.id) else ())
    reply = connection.execute(select(ReviewReply.__table__).where(ReviewReply.sales_order_id == order.id)).first()
    code = AnswerCode(reply.code) if reply else AnswerCode.ACCEPTED
    lines = reply.lines if reply else None
    if note is None:
        return going + _answer(connection, order, at, code, lines=lines)
    if not lines:
        lines = msgspec.to_builtins(list(lines_as_they_stand(standing_of(connection, order), {})))
    told = _last_note(connection, order) if code is AnswerCode.CHANGED else None
    words = "\n".join(filter(None, (told, note)))
    return going + _answer(connection, order, at, AnswerCode.CHANGED, lines=lines, words=words)


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


def _add_fee(connection: Connection, order: AnyRow, code: str, by: str, at: datetime) -> str:
    """Add a fee to the order; what the buyer is told of it."""
    fee, standing = fee_now(connection, code), standing_of(connection, order)
    lines = [line.booked for line in standing.lines]
    charge = charge_of(fee, sum((line.total for line in lines), ZERO))
    if not charge.amount:
        raise Problem(
            "The fee {code} comes to nothing on {number}. Nothing was changed.",
            ProblemCode.NO_FEE,
            (Act.LIST_FEES,),
            code=fee.code,
            number=order.number,
        )
    row = {name: getattr(charge, name) for name in BookedCharge.__dataclass_fields__}
    connection.execute(insert(SalesOrderCharge).values(sales_order_id=order.id, **row))
    sums = write_totals(connection, standing, lines, (*standing.charges, charge), by=by, at=at)
    detail = {"fee": fee.code, "amount": f"{charge.amount:f}"}
    states.record(connection, states.SALES_ORDER.name, [(order.id, None, None)], "charge", by=by, at=at, detail=detail)
    language = "fr" if order.partner_id is None else read_partner(connection, order.partner_id).language
    return fee_note(fee.name, charge.amount, sums.totals.payable, order.currency, language)


def _last_note(connection: Connection, order: AnyRow) -> str | None:
    last = last_answer(connection, order.partner_id, order.customer_order_number)
    return last.note if last else None


def _in_review(connection: Connection, number: str) -> AnyRow:
    order = lock_order(connection, number)
    if order.state != SalesState.REVIEW:
        raise Problem(
            "Nothing was changed: {number} is in the state {state}, and only those in the state {review} are accepted "
            "or refused.",
            ProblemCode.OTHER_STATE,
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
            ProblemCode.NO_LINE,
            lines=", ".join(strange),
            number=order.number,
        )
    missing = [line_id for line_id in by_id if line_id not in products]
    if missing:
        raise Problem(
            "Nothing was changed: {number} has lines without a product of ours ({lines}). Say which one each "
            "means, or refuse the order.",
            ProblemCode.NO_PRODUCT,
            (Act.CHOOSE_PRODUCTS,),
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
            ProblemCode.OTHER_UNIT,
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
