"""`sales change`: what we change ourselves of an order that we accepted, told to the buyer line by line (CA).

The buyer agrees or not; until then the line keeps what we said (`said`), and a change of the buyer's that asks for
anything else waits for a person. An order that was entered here is changed as well, and nobody is told by mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, or_, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome, SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Answer, Ledger, Product, SalesOrder, SalesOrderLine
from intergestan_erp.agencies.paired import refuse_sold
from intergestan_erp.credit.gate import Gate, close_gate, let_pass, open_gate
from intergestan_erp.inputs.days import may_be_wanted
from intergestan_erp.inputs.units import can_be
from intergestan_erp.selling.booked_lines import BookedLine
from intergestan_erp.selling.current_order import StandingLine, StandingOrder, standing_of, write_totals
from intergestan_erp.selling.deliveries import customer_of, lock_order
from intergestan_erp.site.zone import today
from intergestan_exchange.credit_holds.look_again import lock_waiting, look_again
from intergestan_exchange.inbox.booking.answers import OneAnswer, answer_order, lines_as_they_stand
from intergestan_exchange.inbox.facts import last_answer
from intergestan_exchange.inbox.starting_point import booked_figures, kept, open_words
from intergestan_msg.answer import ANSWER_LINE, AnswerCode, AnswerLine, LineCode
from intergestan_msg.money import (
    CENT,
    MILLIONTH,
    ZERO,
    AllowanceCharge,
    TaxCategory,
    fits,
    line_total,
    plain,
)
from intergestan_msg.order import Item, Period


@dataclass(frozen=True, slots=True)
class OwnChanges:
    """What a person changes, by line id.

    :ivar quantities: what will be delivered in all; 0 is a shortage of the whole line.
    :ivar backorders: how much of what is missing will still come; nothing unless it is said.
    :ivar products: codes of products of ours that take the place.
    """

    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    backorders: Mapping[str, Decimal] = field(default_factory=dict)
    note: str | None = None

    @property
    def lines(self) -> dict[str, None]:
        """The ids of the lines that are changed, each once, in the order in which they were named."""
        named = (self.quantities, self.prices, self.dates, self.products, self.backorders)
        return dict.fromkeys(line for values in named for line in values)


def change_sales_order(
    connection: Connection,
    number: str,
    wanted: OwnChanges,
    *,
    by: str,
    at: datetime,
    any_dates: bool = False,
    override: str | None = None,
) -> Bells:
    """Change an accepted sales order and tell the buyer; what to ring for.

    :param any_dates: whether a promised day is meant, however far it is from the order's own.
    :param override: why it may come to more although the customer owes too much.
    :returns: no mail for an order that was entered here. What was set aside follows the quantities.
    :raises Problem: the order is not accepted; a line is none of its own; goods have left that the change would take
        back; nothing is changed; or it would come to more, and the customer owes too much (T20).
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    if gate.customer is not None:
        lock_waiting(connection, [gate.customer.id])
    head = lock_order(connection, number)
    check_accepted(head)
    refuse_sold(connection, head.id, number)
    standing = standing_of(connection, head)
    before = {line.booked.line_id: line for line in standing.lines}
    strange = [line for line in wanted.lines if line not in before]
    if strange or not wanted.lines:
        raise Problem(
            "Nothing was changed: name lines of {number}; it has {known}.",
            ProblemCode.NO_LINE,
            number=number,
            known=", ".join(before),
        )
    if not any_dates:
        _check_days(head, wanted, today(connection, at))
    products = _products(connection, wanted.products)
    changed = {line: _changed(before[line], wanted, products, number) for line in wanted.lines}
    is_told = head.partner_id is not None
    _write(connection, standing, changed, is_told=is_told)
    lines = [
        changed[line.booked.line_id].booked if line.booked.line_id in changed else line.booked
        for line in standing.lines
    ]
    write_totals(connection, standing, lines, standing.charges, by=by, at=at)
    bells = Bells()
    if head.allocated_at is not None:
        from intergestan_erp.stock.allocate import follow
        from intergestan_erp.stock.sourcing import read_sourcing

        sourcing = read_sourcing(connection, head.establishment_id, head.depot_id)
        bells = Bells(serve=follow(connection, head, sourcing, {}, by=by, at=at).freed.products)
    detail: dict[str, Any] = {"lines": list(changed)} | ({"note": wanted.note} if wanted.note and not is_told else {})
    if is_told:
        _keep_what_was_asked(connection, head, [before[line] for line in changed], at)
        said = {line_id: each.said for line_id, each in changed.items()}
        answer = answer_change(connection, head, standing, said, wanted.note, at)
        detail, bells = detail | {"answer": answer.n}, bells + Bells(compose=(answer.mail_id,))
    states.record(connection, states.SALES_ORDER.name, [(head.id, None, None)], "change", by=by, at=at, detail=detail)
    return bells + check_credit(connection, gate, head, override, by, at)  # last: it locks the mails of other orders


def check_credit(
    connection: Connection, gate: Gate, head: AnyRow, override: str | None, by: str, at: datetime
) -> Bells:
    """What comes to more must fit under the maximum; what comes to less makes room for orders that wait."""
    query = select(SalesOrder.total_ttc).where(SalesOrder.id == head.id)
    total = connection.execute(query).scalar_one()
    more = total - head.total_ttc
    if more < 0:
        return Bells(take_in=look_again(connection, [head.customer_id], by=by, at=at).take_in)
    passing = let_pass(
        *(connection, gate, Stage.ORDER),
        delta=more,
        total_ttc=total,
        establishment_id=head.establishment_id,
        reason=override,
        by=by,
    )
    close_gate(connection, gate, passing, head.number, by=by, at=at)
    return Bells()


@dataclass(frozen=True, slots=True)
class _Changed:
    """A line as it is now, when it is promised, and what the buyer is told."""

    booked: BookedLine
    promised: date | None
    said: AnswerLine


def check_accepted(head: AnyRow) -> None:
    """Refuse to change a sales order that is not accepted.

    :raises Problem: it is not.
    """
    if head.state != SalesState.ACCEPTED:
        raise Problem(
            "Nothing was changed: {number} is in the state {state}, and only accepted orders are changed.",
            ProblemCode.OTHER_STATE,
            number=head.number,
            state=head.state,
        )


def _check_days(head: AnyRow, wanted: OwnChanges, here: date) -> None:
    for line_id, day in wanted.dates.items():
        if not may_be_wanted(day, head.issue_date, here):
            raise Problem(
                "Nothing was changed: line {line} is promised for {wanted}, and the order is of {day}: goods come "
                "from that day on, and in two years at most. Correct the date.",
                ProblemCode.IMPLAUSIBLE_DAY,
                (Act.ANY_DATES,),
                line=line_id,
                wanted=day,
                day=head.issue_date,
            )


def _products(connection: Connection, wanted: Mapping[str, str]) -> dict[str, AnyRow]:
    query = select(Product.__table__).where(Product.code.in_(sorted(set(wanted.values()))), Product.active)
    found = {row.code: row for row in connection.execute(query)}
    for code in wanted.values():
        if code not in found:
            raise Problem(
                "Nothing was changed: there is no active product {code}.",
                ProblemCode.NO_PRODUCT,
                (Act.LIST_PRODUCTS,),
                code=code,
            )
    return {line: found[code] for line, code in wanted.items()}


def _changed(line: StandingLine, wanted: OwnChanges, products: Mapping[str, AnyRow], number: str) -> _Changed:
    booked, line_id = line.booked, line.booked.line_id
    for values in (wanted.quantities, wanted.prices, wanted.backorders):
        value = values.get(line_id)
        if value is not None and (not fits(value, MILLIONTH) or value < 0):
            raise Problem(
                "Nothing was changed: {value} is too large, negative, or has more than 6 decimals.",
                ProblemCode.NO_VALUE,
                value=value,
            )
    for values in (wanted.quantities, wanted.backorders):
        if line_id in values and not can_be(values[line_id], booked.unit):
            raise Problem(
                "Nothing was changed: {quantity} is no number of pieces, and the unit {unit} of line {line} is "
                "counted.",
                ProblemCode.NO_VALUE,
                quantity=plain(values[line_id]),
                unit=booked.unit,
                line=line_id,
            )
    product = products.get(line_id)
    now = replace(
        booked,
        quantity=wanted.quantities.get(line_id, booked.quantity),
        price=wanted.prices.get(line_id, booked.price),
    )
    if product is not None:
        now = replace(now, product_id=product.id, product_code=product.code, name=product.name)
    _check_delivered(line, now, number)
    if line_id in wanted.quantities:
        _check_backorder(booked.quantity - now.quantity, wanted.backorders.get(line_id, ZERO), line_id, number)
    now = replace(now, total=_total(now))
    if not fits(now.total, CENT):
        raise Problem(
            "Nothing was changed: line {line} of {number} would come to {amount}, and an amount has at most 16 digits "
            "before its decimals.",
            ProblemCode.TOO_LARGE,
            line=line_id,
            number=number,
            amount=plain(now.total),
        )
    promised = wanted.dates.get(line_id, line.promised)
    if (now, promised) == (booked, line.promised) and line_id not in wanted.backorders:
        raise Problem(
            "Nothing was changed: line {line} of {number} is like that already.",
            ProblemCode.UNCHANGED,
            line=line_id,
            number=number,
        )
    return _Changed(now, promised, _said(line, now, promised, wanted))


def _check_delivered(line: StandingLine, now: BookedLine, number: str) -> None:
    booked = line.booked
    fixed = now.price != booked.price or now.product_id != booked.product_id
    share = bool(booked.allowance) and now.quantity != booked.quantity
    if line.delivered and (now.quantity < line.delivered or fixed or share):
        raise Problem(
            "Nothing was changed: {delivered} of line {line} of {number} have left already; only more of the same, or "
            "less of what remains, can be promised.",
            ProblemCode.GOODS_LEFT,
            delivered=plain(line.delivered),
            line=booked.line_id,
            number=number,
        )


def _check_backorder(missing: Decimal, backorder: Decimal, line_id: str, number: str) -> None:
    if backorder > max(missing, ZERO):
        raise Problem(
            "Nothing was changed: of line {line} of {number} only {missing} are missing, so no more than that can "
            "come later.",
            ProblemCode.NO_VALUE,
            line=line_id,
            number=number,
            missing=plain(max(missing, ZERO)),
        )


def _total(line: BookedLine) -> Decimal:
    allowance = AllowanceCharge(is_charge=True, amount=line.allowance)
    return line_total(line.quantity, line.price, line.base_quantity, [allowance]) if line.quantity else ZERO


def _said(line: StandingLine, now: BookedLine, promised: date | None, wanted: OwnChanges) -> AnswerLine:
    """What the buyer reads of the line; an earlier word of ours that was not agreed to is replaced."""
    before = ANSWER_LINE.convert(line.said) if line.said is not None else None
    line_id = now.line_id
    first = before.item if before is not None else Item(line.booked.name, sellers_id=line.booked.product_code)
    other = line_id in wanted.products or (before is not None and before.substitute is not None)
    is_less = line_id in wanted.quantities and now.quantity < line.booked.quantity
    backorder = wanted.backorders.get(line_id, ZERO if is_less else before.backorder if before else None)
    tax = TaxCategory(now.vat_category, now.vat_rate)
    return AnswerLine(
        id=line_id,
        code=LineCode.CHANGED if now.quantity else LineCode.NOT_ACCEPTED,
        item=replace(first, tax=tax) if first else None,
        quantity=now.quantity,
        unit=now.unit,
        price=now.price,
        base_quantity=now.base_quantity,
        promised=Period(None, promised) if promised else None,
        backorder=backorder,
        substitute=Item(now.name, sellers_id=now.product_code, tax=tax) if other else None,
    )


def _write(connection: Connection, standing: StandingOrder, changed: Mapping[str, _Changed], *, is_told: bool) -> None:
    for line in standing.lines:
        new = changed.get(line.booked.line_id)
        if new is not None:
            booked = new.booked
            values: dict[str, Any] = {
                name: getattr(booked, name)
                for name in ("product_id", "product_code", "name", "quantity", "price", "total")
            }
            values |= {"promised_date": new.promised, "said": msgspec.to_builtins(new.said) if is_told else None}
            connection.execute(update(SalesOrderLine).where(SalesOrderLine.id == line.row_id).values(**values))


def _keep_what_was_asked(connection: Connection, head: AnyRow, lines: Sequence[StandingLine], at: datetime) -> None:
    """Note what was booked until now: the buyer's next change may start from it, for they have not agreed."""
    document = _newest_document(connection, head.partner_id, head.customer_order_number)
    if document.stated is None:
        return  # booked by a release that kept nothing; `said` tells that the buyer may state it otherwise
    before = {line.booked.line_id: kept(booked_figures(line.booked, line.promised)) for line in lines}
    stated = before | document.stated  # what differed already is what the buyer stated
    connection.execute(update(Ledger).where(Ledger.id == document.id).values(stated=stated, updated_at=at))


def answer_change(
    connection: Connection,
    head: AnyRow,
    standing: StandingOrder,
    said: Mapping[str, AnswerLine],
    note: str | None,
    at: datetime,
) -> OneAnswer:
    """One more answer, to the newest of the buyer's documents that made the order what it is.

    :param said: the lines that are changed now; the others are told as before, for the newest answer counts alone.
    """
    partner_id, number = head.partner_id, head.customer_order_number
    document = _newest_document(connection, partner_id, number)
    told = open_words(_lines_told_last(connection, partner_id, number), document.stated)
    return answer_order(
        connection,
        partner_id,
        number,
        document.inbound_transfer_id,
        last_answer(connection, partner_id, number),
        at,
        revision=document.revision,
        code=AnswerCode.CHANGED,
        sales_order_number=head.number,
        note=note,
        lines=msgspec.to_builtins(list(lines_as_they_stand(standing, {**told, **said}, document.stated or ()))),
    )


def _lines_told_last(connection: Connection, partner_id: int, number: str) -> Sequence[Mapping[str, Any]]:
    """The lines of the newest answer to the order that says anything of them."""
    own = (Answer.partner_id == partner_id, Answer.order_number == number)
    answers = connection.execute(select(Answer.lines).where(*own).order_by(Answer.n.desc())).scalars()
    return next((lines for lines in answers if lines), ())


def _newest_document(connection: Connection, partner_id: int, number: str) -> AnyRow:
    booked = or_(
        and_(Ledger.type == "order", Ledger.outcome == LedgerOutcome.CREATED),
        and_(Ledger.type == "change", Ledger.outcome == LedgerOutcome.APPLIED),
    )
    own: Sequence[Any] = (Ledger.partner_id == partner_id, Ledger.number == number, booked)
    query = select(Ledger.id, Ledger.inbound_transfer_id, Ledger.revision, Ledger.stated).where(*own)
    return connection.execute(query.order_by(Ledger.epoch.desc(), Ledger.revision.desc()).limit(1)).one()
