"""What customers owe or will owe: their exposure (encours, T21, T22), read anew whenever somebody asks.

Per customer, with VAT, in the site's currency (D23): what is ordered and not invoiced (A and B), plus what invoices ask
and nothing has settled (C), less what lies on account (D). Nothing of it is stored, and nothing leaves it unpaid,
whatever the date (D25); a party that is a supplier, too, is not netted (D24).

An order counts with what is left of it per category and rate of VAT: its base less that of its invoiced lines and
charges, plus the VAT on that. So delivering changes nothing, invoicing the roundings of VAT at most, and an order that
was invoiced as a whole leaves exactly nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Date, and_, bindparam, case, func, or_, select, type_coerce, union_all

from intergestan_db.enums import PaymentState, SalesState
from intergestan_db.tables import (
    CreditNote,
    DeliveryNoteLine,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceLine,
    Payment,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
    Settlement,
)
from intergestan_erp.amounts import cost_of
from intergestan_msg.money import ZERO, round_half_up

AT_ONCE: Final = 1000
"""So many customers are read by one set of statements."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a customer owes, by parts.

    :ivar orders: ordered and not delivered, with the charges that are not invoiced; `delivered`: and not invoiced.
    :ivar invoices: what of instalments is not settled; `on_account`: what of payments and credit notes settles nothing.
    """

    orders: Decimal = ZERO
    delivered: Decimal = ZERO
    invoices: Decimal = ZERO
    on_account: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of it; below zero for who has paid beforehand."""
        return self.orders + self.delivered + self.invoices - self.on_account


NOTHING: Final = Exposure()


@dataclass(slots=True)
class _Parts:
    """The parts of one customer while they are added up; `not_invoiced` is A and B together."""

    not_invoiced: Decimal = ZERO
    delivered: dict[tuple[int, str, Decimal], Decimal] = field(default_factory=dict)
    invoices: Decimal = ZERO
    on_account: Decimal = ZERO

    def exposure(self) -> Exposure:
        delivered = sum((_with_vat(base, rate) for (*_, rate), base in self.delivered.items()), ZERO)
        return Exposure(self.not_invoiced - delivered, delivered, self.invoices, self.on_account)


def read_exposures(
    connection: Connection, customer_ids: Iterable[int], day: date, *, by_payment_due: bool
) -> dict[int, Exposure]:
    """What each of these customers owes on a day, by what the books say now.

    :param by_payment_due: what is settled counts from the payment's due date on, else from the instalment's (T21).
    """
    ids = sorted(set(customer_ids))
    found: dict[int, Exposure] = dict.fromkeys(ids, NOTHING)
    for start in range(0, len(ids), AT_ONCE):
        found |= _read(connection, ids[start : start + AT_ONCE], day, by_payment_due=by_payment_due)
    return found


def read_exposure(connection: Connection, customer_id: int, day: date, *, by_payment_due: bool) -> Exposure:
    """The same of one customer."""
    return read_exposures(connection, [customer_id], day, by_payment_due=by_payment_due)[customer_id]


def next_changes(
    connection: Connection, customer_ids: Sequence[int], day: date, *, by_payment_due: bool
) -> dict[int, date]:
    """The next day after this one on which customers owe less by themselves; nothing for those who never will (D29)."""
    due = _DUE_OF_PAYMENTS if by_payment_due else _DUE_OF_INVOICES
    found: dict[int, date] = {}
    for query in (due, _ON_ACCOUNT_LATER):
        for row in connection.execute(query, {"ids": list(customer_ids), "day": day}):
            found[row.customer_id] = min(row.day, found.get(row.customer_id, row.day))
    return found


def _read(connection: Connection, ids: Sequence[int], day: date, *, by_payment_due: bool) -> dict[int, Exposure]:
    parts: dict[int, _Parts] = {}
    of: dict[str, Any] = {"ids": ids}
    for customer_id, rate, base in connection.execute(_NOT_INVOICED, of):
        parts.setdefault(customer_id, _Parts()).not_invoiced += _with_vat(base, rate)
    for row in connection.execute(_DELIVERED, of):
        bases = parts.setdefault(row.customer_id, _Parts()).delivered
        key = (row.order_id, row.vat_category, row.vat_rate)
        before = row.invoiced or ZERO
        bases[key] = bases.get(key, ZERO) + cost_of(row, before + row.waiting) - cost_of(row, before)
    on = {**of, "day": day}
    for customer_id, amount in connection.execute(_INVOICED, of):
        parts.setdefault(customer_id, _Parts()).invoices += amount
    settled = _SETTLED_BY_PAYMENT_DUE if by_payment_due else _SETTLED_BY_INVOICE_DUE
    for customer_id, amount in connection.execute(settled, on):
        parts.setdefault(customer_id, _Parts()).invoices -= amount
    for query in (_PAID_ON_ACCOUNT, _CREDITED_ON_ACCOUNT):
        for customer_id, amount in connection.execute(query, on):
            parts.setdefault(customer_id, _Parts()).on_account += amount
    return {customer_id: each.exposure() for customer_id, each in parts.items()}


def _with_vat(base: Decimal, rate: Decimal) -> Decimal:
    return base + round_half_up(base * rate / 100) if rate else base


_OF_THESE: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_DAY: Final = bindparam("day", type_=Date())
_COUNTS: Final = SalesOrder.customer_id.in_(_OF_THESE), SalesOrder.state == SalesState.ACCEPTED


def _bases() -> Any:
    """What orders add to the base of each category and rate, and their invoices take away."""
    line, charge = SalesOrderLine, SalesOrderCharge
    keys = (SalesOrder.customer_id, SalesOrder.id.label("order_id"))
    of_line = (line.vat_category.label("category"), line.vat_rate.label("rate"))
    of_charge = (
        func.coalesce(charge.vat_category, "").label("category"),
        func.coalesce(charge.vat_rate, ZERO).label("rate"),
    )
    ordered = select(*keys, *of_line, line.total.label("base")).join(line, line.sales_order_id == SalesOrder.id)
    charged = select(*keys, *of_charge, charge.amount.label("base")).join(
        charge, charge.sales_order_id == SalesOrder.id
    )
    invoiced = (
        select(*keys, *of_line, (-InvoiceLine.total).label("base"))
        .join(line, line.sales_order_id == SalesOrder.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == line.id)
        .join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    )
    charges_invoiced = (
        select(*keys, *of_charge, (-InvoiceCharge.amount).label("base"))
        .join(charge, charge.sales_order_id == SalesOrder.id)
        .join(InvoiceCharge, InvoiceCharge.sales_order_charge_id == charge.id)
    )
    each = (query.where(*_COUNTS) for query in (ordered, charged, invoiced, charges_invoiced))
    return union_all(*each).subquery("bases").c


def _not_invoiced() -> Any:
    bases = _bases()
    rest = func.sum(bases.base)
    return (
        select(bases.customer_id, bases.rate, rest.label("rest"))
        .group_by(bases.customer_id, bases.order_id, bases.category, bases.rate)
        .having(rest != ZERO)
    )


def _delivered() -> Any:
    line = SalesOrderLine
    earlier = DeliveryNoteLine.__table__.alias("earlier").c
    invoiced = (
        select(func.sum(earlier.quantity))
        .join(InvoiceLine, InvoiceLine.delivery_note_line_id == earlier.id)
        .where(earlier.sales_order_line_id == line.id)
        .correlate(line.__table__)
        .scalar_subquery()
    )
    return (
        select(
            *(SalesOrder.customer_id, SalesOrder.id.label("order_id"), line.price, line.base_quantity, line.allowance),
            *(line.quantity.label("ordered"), line.vat_category, line.vat_rate),
            *(func.sum(DeliveryNoteLine.quantity).label("waiting"), invoiced.label("invoiced")),
        )
        .join(line, line.sales_order_id == SalesOrder.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == line.id)
        .outerjoin(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
        .where(*_COUNTS, InvoiceLine.id.is_(None))
        .group_by(SalesOrder.id, line.id)
    )


def _settled(due: Any) -> Any:
    """What of the instalments of customers counts as settled; by a credit note from its date on, whatever is chosen."""
    failed = and_(Payment.state == PaymentState.FAILED, Payment.failed_on <= _DAY)
    by_payment = and_(Payment.state != PaymentState.CANCELLED, due <= _DAY, ~failed)
    return (
        select(Invoice.customer_id, func.sum(Settlement.amount))
        .select_from(Settlement.__table__)
        .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
        .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
        .outerjoin(Payment, Payment.id == Settlement.payment_id)
        .where(
            Invoice.customer_id.in_(_OF_THESE),
            Settlement.settled_on <= _DAY,
            or_(Settlement.credit_note_id.is_not(None), by_payment),
        )
        .group_by(Invoice.customer_id)
    )


def _used(mine: Any, of: Any) -> Any:
    query = select(func.coalesce(func.sum(Settlement.amount), ZERO)).where(mine == of.id, Settlement.settled_on <= _DAY)
    return query.correlate(of.__table__).scalar_subquery()


def _amount(difference: Any) -> Any:
    """A difference of two amounts is one."""
    return type_coerce(difference, Payment.amount.type)


def _next_due(due: Any) -> Any:
    stands = Payment.state == PaymentState.ENTERED
    return (
        select(Payment.party_id.label("customer_id"), func.min(due).label("day"))
        .join(Settlement, Settlement.payment_id == Payment.id)
        .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
        .where(Payment.party_id.in_(_OF_THESE), stands, due > _DAY)
        .group_by(Payment.party_id)
    )


_NOT_INVOICED: Final = _not_invoiced()
_DELIVERED: Final = _delivered()
_INVOICED: Final = (
    select(Invoice.customer_id, func.sum(InvoiceDue.amount))
    .join(InvoiceDue, InvoiceDue.invoice_id == Invoice.id)
    .where(Invoice.customer_id.in_(_OF_THESE))
    .group_by(Invoice.customer_id)
)
_SETTLED_BY_PAYMENT_DUE: Final = _settled(Payment.due_date)
_SETTLED_BY_INVOICE_DUE: Final = _settled(InvoiceDue.due_date)
_FROM: Final = case((Payment.due_date > Payment.received_on, Payment.due_date), else_=Payment.received_on)
_STANDS: Final = or_(
    Payment.state == PaymentState.ENTERED, and_(Payment.state == PaymentState.FAILED, Payment.failed_on > _DAY)
)
_LEFT_OF_PAYMENT: Final = _amount(Payment.amount - _used(Settlement.payment_id, Payment))
_LEFT_OF_CREDIT: Final = _amount(CreditNote.total_ttc - _used(Settlement.credit_note_id, CreditNote))
_PAID_ON_ACCOUNT: Final = (
    select(Payment.party_id, func.sum(_LEFT_OF_PAYMENT))
    .where(Payment.party_id.in_(_OF_THESE), _STANDS, _FROM <= _DAY)
    .group_by(Payment.party_id)
)
_CREDITED_ON_ACCOUNT: Final = (
    select(CreditNote.customer_id, func.sum(_LEFT_OF_CREDIT))
    .where(CreditNote.customer_id.in_(_OF_THESE), CreditNote.issue_date <= _DAY)
    .group_by(CreditNote.customer_id)
)
_DUE_OF_PAYMENTS: Final = _next_due(Payment.due_date)
_DUE_OF_INVOICES: Final = _next_due(InvoiceDue.due_date)
_ON_ACCOUNT_LATER: Final = (
    select(Payment.party_id.label("customer_id"), func.min(_FROM).label("day"))
    .where(
        Payment.party_id.in_(_OF_THESE), Payment.state == PaymentState.ENTERED, _FROM > _DAY, _LEFT_OF_PAYMENT > ZERO
    )
    .group_by(Payment.party_id)
)
