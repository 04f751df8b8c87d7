"""`sales change`: what we change ourselves of an order that we accepted, told to the buyer line by line (CA).

The buyer agrees or not; until then the line keeps what we said (`said`), and a change of the buyer's that asks for
anything else waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, or_, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome, SalesState
from intergestan_db.problem import Problem
from intergestan_db.tables import Ledger, Product, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.inputs.days import may_be_wanted
from intergestan_erp.inputs.units import can_be
from intergestan_erp.selling.booked_lines import BookedLine
from intergestan_erp.selling.current_order import StandingLine, StandingOrder, read_standing
from intergestan_erp.selling.deliveries import lock_order
from intergestan_erp.site.zone import today
from intergestan_exchange.inbox.booking.answers import OneAnswer, answer_order
from intergestan_exchange.inbox.facts import last_answer
from intergestan_exchange.inbox.starting_point import booked_figures, kept
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
    totals_of,
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
    connection: Connection, number: str, wanted: OwnChanges, *, by: str, at: datetime, any_dates: bool = False
) -> int:
    """Change an accepted sales order and tell the buyer; the outbound mail to ring the composer with.

    :param any_dates: whether a promised day is meant, however far it is from the order's own.
    :raises Problem: the order is not accepted or no partner's; a line is none of its own; goods have left that
        the change would take back; nothing is changed.
    """
    head = lock_order(connection, number)
    _check_head(head)
    standing = read_standing(connection, head.partner_id, [head.customer_order_number])[head.customer_order_number]
    before = {line.booked.line_id: line for line in standing.lines}
    strange = [line for line in wanted.lines if line not in before]
    if strange or not wanted.lines:
        raise Problem(
            "Nothing was changed: name lines of {number}; it has {known}.", number=number, known=", ".join(before)
        )
    if not any_dates:
        _check_days(head, wanted, today(connection, at))
    products = _products(connection, wanted.products)
    changed = {line: _changed(before[line], wanted, products, number) for line in wanted.lines}
    _write(connection, standing, changed)
    _keep_what_was_asked(connection, head, [before[line] for line in changed], at)
    answer = _answer(connection, head, _answer_lines(standing, changed), wanted.note, at)
    detail = {"lines": list(changed), "answer": answer.n}
    states.record(connection, states.SALES_ORDER.name, [(head.id, None, None)], "change", by=by, at=at, detail=detail)
    return answer.mail_id


def state_charge_vat(
    connection: Connection, number: str, n: int, vat: TaxCategory, note: str | None, *, by: str, at: datetime
) -> int:
    """Say which VAT a charge bears whose buyer said none, and tell the buyer, whose total changes (CA, D33).

    :param n: the charge's place among those of the order, 1 for the first.
    :returns: the outbound mail to ring the composer with.
    :raises Problem: the order is not accepted or no partner's, it has no such charge, or the charge has a category;
        nothing is changed.
    """
    head = lock_order(connection, number)
    _check_head(head)
    query = select(SalesOrderCharge.__table__).where(SalesOrderCharge.sales_order_id == head.id)
    rows = connection.execute(query.order_by(SalesOrderCharge.id)).all()
    if not 1 <= n <= len(rows):
        raise Problem(
            "Nothing was changed: {number} has no charge {n}; it has {count}.", number=number, n=n, count=len(rows)
        )
    if rows[n - 1].vat_category:
        raise Problem(
            "Nothing was changed: the charge «{reason}» of {number} has the VAT category {category}.",
            reason=rows[n - 1].reason or plain(rows[n - 1].amount),
            number=number,
            category=rows[n - 1].vat_category,
        )
    values = {"vat_category": vat.code, "vat_rate": vat.percent}
    connection.execute(update(SalesOrderCharge).where(SalesOrderCharge.id == rows[n - 1].id).values(**values))
    standing = read_standing(connection, head.partner_id, [head.customer_order_number])[head.customer_order_number]
    _write(connection, standing, {})
    answer = _answer(connection, head, _answer_lines(standing, {}), note, at)
    detail = {"charge": n, "vat": f"{vat.code} {plain(vat.percent or ZERO)}", "answer": answer.n}
    states.record(connection, states.SALES_ORDER.name, [(head.id, None, None)], "change", by=by, at=at, detail=detail)
    return answer.mail_id


@dataclass(frozen=True, slots=True)
class _Changed:
    """A line as it is now, when it is promised, and what the buyer is told."""

    booked: BookedLine
    promised: date | None
    said: AnswerLine


def _check_head(head: AnyRow) -> None:
    if head.partner_id is None or head.customer_order_number is None:
        raise Problem(
            "{number} came from no partner: nobody would be told, so nothing was changed.", number=head.number
        )
    if head.state != SalesState.ACCEPTED:
        raise Problem(
            "Nothing was changed: {number} is in the state {state}, and only accepted orders are changed.",
            number=head.number,
            state=head.state,
        )


def _check_days(head: AnyRow, wanted: OwnChanges, here: date) -> None:
    for line_id, day in wanted.dates.items():
        if not may_be_wanted(day, head.issue_date, here):
            raise Problem(
                "Nothing was changed: line {line} is promised for {wanted}, and the order is of {day}: goods come from "
                "that day on, and in two years at most. Correct the date, or say --dates any if it is meant.",
                line=line_id,
                wanted=day,
                day=head.issue_date,
            )


def _products(connection: Connection, wanted: Mapping[str, str]) -> dict[str, AnyRow]:
    query = select(Product.__table__).where(Product.code.in_(sorted(set(wanted.values()))), Product.active)
    found = {row.code: row for row in connection.execute(query)}
    for code in wanted.values():
        if code not in found:
            raise Problem("Nothing was changed: there is no active product {code}.", code=code)
    return {line: found[code] for line, code in wanted.items()}


def _changed(line: StandingLine, wanted: OwnChanges, products: Mapping[str, AnyRow], number: str) -> _Changed:
    booked, line_id = line.booked, line.booked.line_id
    for values in (wanted.quantities, wanted.prices, wanted.backorders):
        value = values.get(line_id)
        if value is not None and (value < 0 or not fits(value, MILLIONTH)):
            raise Problem(
                "Nothing was changed: {value} is too large, negative, or has more than 6 decimals.", value=value
            )
    for values in (wanted.quantities, wanted.backorders):
        if line_id in values and not can_be(values[line_id], booked.unit):
            raise Problem(
                "Nothing was changed: {quantity} is no number of pieces, and the unit {unit} of line {line} is "
                "counted.",
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
            line=line_id,
            number=number,
            amount=plain(now.total),
        )
    promised = wanted.dates.get(line_id, line.promised)
    if (now, promised) == (booked, line.promised) and line_id not in wanted.backorders:
        raise Problem("Nothing was changed: line {line} of {number} is like that already.", line=line_id, number=number)
    return _Changed(now, promised, _said(line, now, promised, wanted))


def _check_delivered(line: StandingLine, now: BookedLine, number: str) -> None:
    booked = line.booked
    fixed = now.price != booked.price or now.product_id != booked.product_id
    share = bool(booked.allowance) and now.quantity != booked.quantity
    if line.delivered and (now.quantity < line.delivered or fixed or share):
        raise Problem(
            "Nothing was changed: {delivered} of line {line} of {number} have left already; only more of the same, or "
            "less of what remains, can be promised.",
            delivered=plain(line.delivered),
            line=booked.line_id,
            number=number,
        )


def _check_backorder(missing: Decimal, backorder: Decimal, line_id: str, number: str) -> None:
    if backorder > max(missing, ZERO):
        raise Problem(
            "Nothing was changed: of line {line} of {number} only {missing} are missing, so no more than that can "
            "come later.",
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


def _write(connection: Connection, standing: StandingOrder, changed: Mapping[str, _Changed]) -> None:
    for line in standing.lines:
        new = changed.get(line.booked.line_id)
        if new is not None:
            booked = new.booked
            values: dict[str, Any] = {
                name: getattr(booked, name)
                for name in ("product_id", "product_code", "name", "quantity", "price", "total")
            }
            values |= {"promised_date": new.promised, "said": msgspec.to_builtins(new.said)}
            connection.execute(update(SalesOrderLine).where(SalesOrderLine.id == line.row_id).values(**values))
    lines = [
        changed[line.booked.line_id].booked if line.booked.line_id in changed else line.booked
        for line in standing.lines
    ]
    charges = [
        AllowanceCharge(
            is_charge=charge.amount > 0,
            amount=abs(charge.amount),
            tax=TaxCategory(charge.vat_category, charge.vat_rate) if charge.vat_category else None,
        )
        for charge in standing.charges
    ]
    sums = totals_of(((line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in lines), charges)
    if not fits(sums.largest, CENT):
        raise Problem(
            "Nothing was changed: a total of {number} would be {amount}, and an amount has at most 16 digits before "
            "its decimals.",
            number=standing.number,
            amount=plain(sums.largest),
        )
    totals = {
        "total_ht": sums.totals.tax_exclusive,
        "total_vat": sums.tax_amount,
        "total_ttc": sums.totals.payable,
        "exported_at": None,
    }
    connection.execute(update(SalesOrder).where(SalesOrder.id == standing.id).values(**totals))


def _keep_what_was_asked(connection: Connection, head: AnyRow, lines: Sequence[StandingLine], at: datetime) -> None:
    """Note what was booked until now: the buyer's next change may start from it, for they have not agreed."""
    document = _newest_document(connection, head.partner_id, head.customer_order_number)
    if document.stated is None:
        return  # booked by a release that kept nothing; `said` tells that the buyer may state it otherwise
    before = {line.booked.line_id: kept(booked_figures(line.booked, line.promised)) for line in lines}
    stated = before | document.stated  # what differed already is what the buyer stated
    connection.execute(update(Ledger).where(Ledger.id == document.id).values(stated=stated, updated_at=at))


def _answer_lines(standing: StandingOrder, changed: Mapping[str, _Changed]) -> Iterator[AnswerLine]:
    """Every line, for CA carries all of them: as we say now, as we said before, or as ordered."""
    for line in standing.lines:
        booked = line.booked
        if booked.line_id in changed:
            yield changed[booked.line_id].said
        elif line.said is not None:
            yield ANSWER_LINE.convert(line.said)
        else:
            item = Item(booked.name, sellers_id=booked.product_code)
            yield AnswerLine(booked.line_id, LineCode.ACCEPTED, item, booked.quantity, booked.unit)


def _answer(
    connection: Connection, head: AnyRow, lines: Iterator[AnswerLine], note: str | None, at: datetime
) -> OneAnswer:
    """One more answer, to the newest of the buyer's documents that made the order what it is."""
    partner_id, number = head.partner_id, head.customer_order_number
    document = _newest_document(connection, partner_id, number)
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
        lines=msgspec.to_builtins(list(lines)),
    )


def _newest_document(connection: Connection, partner_id: int, number: str) -> AnyRow:
    booked = or_(
        and_(Ledger.type == "order", Ledger.outcome == LedgerOutcome.CREATED),
        and_(Ledger.type == "change", Ledger.outcome == LedgerOutcome.APPLIED),
    )
    own: Sequence[Any] = (Ledger.partner_id == partner_id, Ledger.number == number, booked)
    query = select(Ledger.id, Ledger.inbound_transfer_id, Ledger.revision, Ledger.stated).where(*own)
    return connection.execute(query.order_by(Ledger.epoch.desc(), Ledger.revision.desc()).limit(1)).one()
