"""What customers owe or will owe: their exposure (encours, T21, T22), read anew whenever somebody asks.

Per customer, with VAT, in the site's currency (D23): what is ordered and not invoiced (A and B), plus what invoices ask
and nothing has settled (C), less what lies on account (D). Nothing of it is stored, and nothing leaves it unpaid,
whatever the date (D25); a party that is a supplier, too, is not netted (D24).

An order counts with what is left of it per category and rate of VAT: its base less that of its invoiced lines and
charges, plus the VAT on that; of one of which nothing is invoiced that is the total of its head. So delivering changes
nothing, invoicing the roundings of VAT at most, and an order that was invoiced as a whole leaves exactly nothing. What
stays inside the company counts never (A14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Date,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from intergestan_db.among import among
from intergestan_db.enums import Invoiced, PaymentState, SalesState
from intergestan_db.tables import (
    CreditNote,
    DeliveryNote,
    DeliveryNoteLine,
    GoodsReturnLine,
    Invoice,
    InvoiceDue,
    InvoiceLine,
    Payment,
    SalesOrder,
    SalesOrderLine,
    Settlement,
)
from intergestan_erp.amounts import cost_of
from intergestan_erp.credit.invoiced import rest_bases
from intergestan_msg.money import ZERO, round_half_up


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a customer owes, by parts.

    :ivar not_invoiced: what is ordered (A) or delivered (B) and not invoiced, with its charges.
    :ivar invoices: what of instalments is not settled (C).
    :ivar on_account: what of payments and credit notes settles nothing (D).
    """

    not_invoiced: Decimal = ZERO
    invoices: Decimal = ZERO
    on_account: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of it; below zero for who has paid beforehand."""
        return self.not_invoiced + self.invoices - self.on_account


NOTHING: Final = Exposure()


def read_exposures(
    connection: Connection, customer_ids: Iterable[int], day: date, *, by_payment_due: bool
) -> dict[int, Exposure]:
    """What each of these customers owes on a day, by what the books say now.

    :param by_payment_due: what is settled counts from the payment's due date on, else from the instalment's (T21).
    """
    wanted = sorted(set(customer_ids))
    sums: dict[str, dict[int, Decimal]] = {part: dict.fromkeys(wanted, ZERO) for part in _PARTS}
    back = set()
    for part, customer_id, rate, amount in connection.execute(_EXPOSURES[by_payment_due], {"ids": wanted, "day": day}):
        if part == _RETURNED:
            back.add(customer_id)
        else:
            sums[part][customer_id] += amount if rate is None else _with_vat(amount, rate)
    for customer_id, _place, less in _came_back(connection, sorted(back)) if back else ():
        sums[_NOT_INVOICED][customer_id] -= less
    return {customer_id: Exposure(*(each[customer_id] for each in sums.values())) for customer_id in wanted}


def read_exposures_by_establishment(
    connection: Connection, customer_ids: Iterable[int], day: date, *, by_payment_due: bool
) -> dict[tuple[int, int], Exposure]:
    """What each of these customers owes to each establishment: together it is what they owe (A06).

    An order counts at its own establishment until it is delivered, what was delivered at the one that will invoice it,
    an invoice with what settles it at its own, and money on account at that where it was entered (D59).
    """
    wanted = sorted(set(customer_ids))
    sums: dict[tuple[int, int], dict[str, Decimal]] = {}

    def add(customer_id: int, place: int, part: str, amount: Decimal) -> None:
        of_place = sums.setdefault((customer_id, place), dict.fromkeys(_PARTS, ZERO))
        of_place[part] += amount

    back = set()
    for part, customer_id, rate, amount, place in connection.execute(
        _EXPOSURES_BY_PLACE[by_payment_due], {"ids": wanted, "day": day}
    ):
        if part == _RETURNED:
            back.add(customer_id)
        else:
            add(customer_id, place, part, amount if rate is None else _with_vat(amount, rate))
    for customer_id, place, less in _came_back(connection, sorted(back)) if back else ():
        add(customer_id, place, _NOT_INVOICED, -less)
    for (customer_id, own, biller), amount in _delivered_elsewhere(connection, wanted).items():
        add(customer_id, own, _NOT_INVOICED, -amount)
        add(customer_id, biller, _NOT_INVOICED, amount)
    return {key: Exposure(**parts) for key, parts in sums.items()}


def _delivered_elsewhere(connection: Connection, ids: Sequence[int]) -> dict[tuple[int, int, int], Decimal]:
    """What was delivered and will be invoiced by another establishment than the order's: by customer and by both.

    A line that several establishments delivered is shared out as their invoices will do.
    """
    bases: dict[tuple[int, int, int, int, str, Decimal], Decimal] = {}
    so_far: dict[int, Decimal] = {}
    for row in connection.execute(_DELIVERED_BY_PLACE, {"ids": ids}):
        before = so_far.get(row.line_id, row.invoiced or ZERO)
        so_far[row.line_id] = after = before + row.waiting
        if row.biller != row.place:
            key = (row.customer_id, row.place, row.biller, row.order_id, row.vat_category, row.vat_rate)
            bases[key] = bases.get(key, ZERO) + cost_of(row, after) - (cost_of(row, before) if before else ZERO)
    found: dict[tuple[int, int, int], Decimal] = {}
    for (customer_id, own, biller, _order, _category, rate), base in bases.items():
        key_of_both = (customer_id, own, biller)
        found[key_of_both] = found.get(key_of_both, ZERO) + _with_vat(base, rate)
    return found


def read_exposure(connection: Connection, customer_id: int, day: date, *, by_payment_due: bool) -> Exposure:
    """The same of one customer."""
    return read_exposures(connection, [customer_id], day, by_payment_due=by_payment_due)[customer_id]


def read_delivered(connection: Connection, customer_ids: Iterable[int]) -> dict[int, Decimal]:
    """How much of what is not invoiced these customers have received (B): the rest of it is on order (A)."""
    ids = sorted(set(customer_ids))
    bases: dict[tuple[int, int, str, Decimal], Decimal] = {}
    for row in connection.execute(_DELIVERED, {"ids": ids}):
        key = (row.customer_id, row.order_id, row.vat_category, row.vat_rate)
        before = row.invoiced or ZERO
        base = cost_of(row, before + row.waiting) - (cost_of(row, before) if before else ZERO)
        bases[key] = bases.get(key, ZERO) + base
    found = dict.fromkeys(ids, ZERO)
    for (customer_id, *_, rate), base in bases.items():
        found[customer_id] += _with_vat(base, rate)
    return found


def next_changes(
    connection: Connection, customer_ids: Sequence[int], day: date, *, by_payment_due: bool
) -> dict[int, date]:
    """The next day after this one on which customers owe less by themselves; nothing for those who never will (D29)."""
    rows = connection.execute(_NEXT_CHANGES[by_payment_due], {"ids": list(customer_ids), "day": day})
    return {row.customer_id: row.day for row in rows}


def _with_vat(base: Decimal, rate: Decimal) -> Decimal:
    return base + round_half_up(base * rate / 100) if rate else base


_NOT_INVOICED, _INVOICES, _ON_ACCOUNT, _RETURNED = "not_invoiced", "invoices", "on_account", "returned"
_PARTS: Final = (_NOT_INVOICED, _INVOICES, _ON_ACCOUNT)
_NO_RATE: Final = null()
_ACCEPTED: Final = SalesOrder.state == SalesState.ACCEPTED
_DAY: Final = bindparam("day", type_=Date())
_IS_INVOICED: Final = exists(InvoiceLine.id).where(InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
_KEPT: Final = DeliveryNoteLine.quantity - (
    select(func.coalesce(func.sum(GoodsReturnLine.quantity), 0))
    .where(GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id)
    .correlate(DeliveryNoteLine.__table__)
    .scalar_subquery()
)
"""What of a delivered line did not come back."""
_COUNTS: Final = among(SalesOrder.customer_id, "ids"), _ACCEPTED
_OPEN: Final = SalesOrder.invoiced.in_((Invoiced.NONE.value, Invoiced.PART.value))


def _whole_orders(*, by_place: bool = False) -> Any:
    """Orders of which nothing is invoiced: each comes to what its head says."""
    query = select(*_part(_NOT_INVOICED, SalesOrder.customer_id, func.sum(SalesOrder.total_ttc))).where(
        *_COUNTS, SalesOrder.invoiced == Invoiced.NONE
    )
    return _of_customers(query, SalesOrder.customer_id, SalesOrder.establishment_id, by_place=by_place)


def _rests(*, by_place: bool = False) -> Any:
    """What is left of orders that are partly invoiced."""
    bases = rest_bases(*_COUNTS, SalesOrder.invoiced == Invoiced.PART)
    rest = func.sum(bases.base)
    place = (bases.place,) if by_place else ()
    return (
        select(*_part(_NOT_INVOICED, bases.customer_id, rest, bases.rate), *place)
        .group_by(bases.customer_id, *place, bases.order_id, bases.category, bases.rate)
        .having(rest != ZERO)
    )


def _rests_of_orders() -> Any:
    """What is left of the base of each category and rate of each open order."""
    bases = rest_bases(*_COUNTS, _OPEN)
    keys = (bases.customer_id, bases.place, bases.order_id, bases.category, bases.rate)
    return select(*keys, _amount(func.sum(bases.base)).label("rest")).group_by(*keys)


def _part(part: str, customer_id: Any, amount: Any, rate: Any = _NO_RATE) -> tuple[Any, ...]:
    """The columns of a part of what customers owe; of those with a rate the VAT is still missing."""
    return literal_column(f"'{part}'").label("part"), customer_id, rate.label("rate"), _amount(amount).label("amount")


def _delivered(*, by_place: bool = False) -> Any:
    line = SalesOrderLine
    places = (SalesOrder.establishment_id.label("place"), DeliveryNote.invoicing_establishment_id.label("biller"))
    earlier = DeliveryNoteLine.__table__.alias("earlier").c
    invoiced = (
        select(func.sum(InvoiceLine.quantity))
        .select_from(earlier.id.table)
        .join(InvoiceLine, InvoiceLine.delivery_note_line_id == earlier.id)
        .where(earlier.sales_order_line_id == line.id)
        .correlate(line.__table__)
        .scalar_subquery()
    )
    query = (
        select(
            *(SalesOrder.customer_id, SalesOrder.id.label("order_id"), line.price, line.base_quantity, line.allowance),
            *(line.quantity.label("ordered"), line.vat_category, line.vat_rate, line.id.label("line_id")),
            *(type_coerce(func.sum(_KEPT), line.quantity.type).label("waiting"), invoiced.label("invoiced")),
        )
        .join(line, line.sales_order_id == SalesOrder.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == line.id)
        .where(*_COUNTS, _OPEN, ~_IS_INVOICED)
        .group_by(SalesOrder.id, line.id)
    )
    if not by_place:
        return query
    joined = query.add_columns(*places).join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    biller = DeliveryNote.invoicing_establishment_id
    return joined.group_by(biller).order_by(line.id, biller)


def _returned(*, by_place: bool = False) -> Any:
    """A row for each customer of whose open orders something came back that no invoice will take (D44)."""
    place = (func.min(SalesOrder.establishment_id),) if by_place else ()
    return (
        select(*_part(_RETURNED, SalesOrder.customer_id, func.count()), *place)
        .select_from(GoodsReturnLine.__table__)
        .join(DeliveryNoteLine, DeliveryNoteLine.id == GoodsReturnLine.delivery_note_line_id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
        .where(*_COUNTS, _OPEN, GoodsReturnLine.invoice_line_id.is_(None))
        .group_by(SalesOrder.customer_id)
    )


def _came_back(connection: Connection, ids: Sequence[int]) -> list[tuple[int, int, Decimal]]:
    """What these customers owe less by what came back before it was invoiced: customer, establishment, amount.

    VAT is rounded on what is left of the base of each category and rate of an order.
    """
    less: dict[tuple[int, str, Decimal], Decimal] = {}
    for row in connection.execute(_BACK, {"ids": ids}):
        key = (row.order_id, row.vat_category, row.vat_rate)
        base = cost_of(row, row.ordered) - (cost_of(row, row.ordered - row.back) if row.ordered > row.back else ZERO)
        less[key] = less.get(key, ZERO) + base
    found = []
    for row in connection.execute(_RESTS, {"ids": ids}):
        came = less.get((row.order_id, row.category, row.rate))
        if came is not None:
            amount = _with_vat(row.rest, row.rate) - _with_vat(row.rest - came, row.rate)
            found.append((row.customer_id, row.place, amount))
    return found


def _of_customers(query: Any, customer: Any, place: Any, *, by_place: bool) -> Any:
    """A part by its customers, or by these and the establishments where it counts."""
    return query.add_columns(place).group_by(customer, place) if by_place else query.group_by(customer)


def _settled(due: Any, *, by_place: bool = False) -> Any:
    """What of the instalments of customers counts as settled; by a credit note from its date on, whatever is chosen."""
    failed = and_(Payment.state == PaymentState.FAILED, Payment.failed_on <= _DAY)
    by_payment = and_(Payment.state != PaymentState.CANCELLED, due <= _DAY, ~failed)
    query = (
        select(*_part(_INVOICES, Invoice.customer_id, -func.sum(Settlement.amount)))
        .select_from(Settlement.__table__)
        .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
        .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
        .outerjoin(Payment, Payment.id == Settlement.payment_id)
        .where(
            among(Invoice.customer_id, "ids"),
            Settlement.settled_on <= _DAY,
            or_(Settlement.credit_note_id.is_not(None), by_payment),
        )
    )
    return _of_customers(query, Invoice.customer_id, Invoice.establishment_id, by_place=by_place)


def _used(mine: Any, of: Any) -> Any:
    query = select(func.coalesce(func.sum(Settlement.amount), ZERO)).where(mine == of.id, Settlement.settled_on <= _DAY)
    return query.correlate(of.__table__).scalar_subquery()


def _amount(sum_: Any) -> Any:
    """A sum or difference of amounts is one."""
    return type_coerce(sum_, Payment.amount.type)


def _next_due(due: Any) -> Any:
    stands = Payment.state == PaymentState.ENTERED
    return (
        select(Payment.party_id.label("customer_id"), due.label("day"))
        .join(Settlement, Settlement.payment_id == Payment.id)
        .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
        .where(among(Payment.party_id, "ids"), stands, due > _DAY)
    )


def _exposures(due: Any, *, by_place: bool = False) -> Any:
    of_invoices = Invoice.customer_id, Invoice.establishment_id
    return union_all(
        _rests(by_place=by_place),  # first, for its rate has a type
        _whole_orders(by_place=by_place),
        _of_customers(_INVOICED, *of_invoices, by_place=by_place),
        _settled(due, by_place=by_place),
        _of_customers(_PAID_ON_ACCOUNT, Payment.party_id, Payment.establishment_id, by_place=by_place),
        _of_customers(_CREDITED_ON_ACCOUNT, CreditNote.customer_id, CreditNote.establishment_id, by_place=by_place),
        _returned(by_place=by_place),
    )


def _next_changes(due: Any) -> Any:
    days = union_all(_next_due(due), _ON_ACCOUNT_LATER).subquery("days").c
    return select(days.customer_id, func.min(days.day).label("day")).group_by(days.customer_id)


_BACK: Final = (
    select(
        *(SalesOrder.id.label("order_id"), SalesOrderLine.price, SalesOrderLine.base_quantity),
        *(SalesOrderLine.allowance, SalesOrderLine.quantity.label("ordered"), SalesOrderLine.vat_category),
        *(SalesOrderLine.vat_rate, func.sum(GoodsReturnLine.quantity).label("back")),
    )
    .join(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
    .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    .join(GoodsReturnLine, GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id)
    .where(*_COUNTS, _OPEN, GoodsReturnLine.invoice_line_id.is_(None))
    .group_by(SalesOrder.id, SalesOrderLine.id)
)
"""What came back of lines of orders before it was invoiced."""
_RESTS: Final = _rests_of_orders()
_DELIVERED: Final = _delivered()
_DELIVERED_BY_PLACE: Final = _delivered(by_place=True)
_INVOICED: Final = (
    select(*_part(_INVOICES, Invoice.customer_id, func.sum(InvoiceDue.amount)))
    .join(InvoiceDue, InvoiceDue.invoice_id == Invoice.id)
    .where(among(Invoice.customer_id, "ids"))
)
_FROM: Final = case((Payment.due_date > Payment.received_on, Payment.due_date), else_=Payment.received_on)
_STANDS: Final = or_(
    Payment.state == PaymentState.ENTERED, and_(Payment.state == PaymentState.FAILED, Payment.failed_on > _DAY)
)
_LEFT_OF_PAYMENT: Final = _amount(Payment.amount - _used(Settlement.payment_id, Payment))
_LEFT_OF_CREDIT: Final = _amount(CreditNote.total_ttc - _used(Settlement.credit_note_id, CreditNote))
_PAID_ON_ACCOUNT: Final = select(*_part(_ON_ACCOUNT, Payment.party_id, func.sum(_LEFT_OF_PAYMENT))).where(
    among(Payment.party_id, "ids"), _STANDS, _FROM <= _DAY
)
_CREDITED_ON_ACCOUNT: Final = select(*_part(_ON_ACCOUNT, CreditNote.customer_id, func.sum(_LEFT_OF_CREDIT))).where(
    among(CreditNote.customer_id, "ids"), CreditNote.issue_date <= _DAY
)
_ON_ACCOUNT_LATER: Final = select(Payment.party_id, _FROM).where(
    *(among(Payment.party_id, "ids"), Payment.state == PaymentState.ENTERED, _FROM > _DAY, _LEFT_OF_PAYMENT > ZERO)
)
_EXPOSURES: Final = {True: _exposures(Payment.due_date), False: _exposures(InvoiceDue.due_date)}
_EXPOSURES_BY_PLACE: Final = {
    True: _exposures(Payment.due_date, by_place=True),
    False: _exposures(InvoiceDue.due_date, by_place=True),
}
_NEXT_CHANGES: Final = {True: _next_changes(Payment.due_date), False: _next_changes(InvoiceDue.due_date)}
"""By the payment's due date, or by the instalment's."""
