"""Numbered invoices for what was delivered and not yet invoiced, with the VAT per rate and the instalments (G03).

A line of a delivery note is invoiced once, which the base itself holds; a charge of the order goes on the first
invoice of that order. However an order is split, its lines' amounts add up to those of the order to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from intergestan_db import numbers, states
from intergestan_db.enums import Stage
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceLine,
    InvoiceVat,
    Party,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.agencies.belonging import folder_of
from intergestan_erp.amounts import cost_of
from intergestan_erp.credit.gate import Sold, close_gate, let_pass, open_gate
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.selling.deliveries import as_sold, invoiced_by_line
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.site.zone import today
from intergestan_erp.terms.due import Shift, as_it_is, instalments, last_due
from intergestan_erp.terms.stored import Term, read_term, term_called
from intergestan_erp.terms.working_days import next_working_day
from intergestan_msg.money import CENT, ZERO, AllowanceCharge, Sums, TaxCategory, fits, plain, totals_of

AnyRow = Row[*tuple[Any, ...]]

_OUTSIDE_VAT = "O"
"""UNCL 5305: services outside the scope of tax."""


@dataclass(frozen=True, slots=True)
class _Charge:
    """A charge of an order as the invoice has it; `id` is the order's."""

    id: int
    reason: str | None
    amount: Decimal
    vat_category: str
    vat_rate: Decimal


def invoice(connection: Connection, refs: Sequence[str], *, by: str, at: datetime, override: str | None = None) -> str:
    """Invoice what these sales orders and delivery notes have delivered and nobody has invoiced.

    It bears the day that comes with its number, and falls due by the term of its orders, else the customer's, else the
    site's.

    :param refs: numbers of sales orders or delivery notes, all of one customer.
    :param override: why it is made although the customer owes too much.
    :returns: the number of the invoice.
    :raises Problem: when there is nothing to invoice, a number is none, the customers or their terms differ, a charge
        has no category of VAT, or the customer owes too much (T20).
    """
    note_ids = _notes(connection, list(dict.fromkeys(refs)))
    gate = open_gate(connection, _customer_of(connection, note_ids), at)
    orders = _lock_orders(connection, note_ids)
    delivered = _not_invoiced(connection, note_ids)
    if not delivered:
        raise Problem("Nothing was invoiced: all that {refs} delivered is invoiced already.", refs=", ".join(refs))
    _refuse_mixed(orders)
    charges = _with_category(_charges(connection, [order.id for order in orders]), delivered)
    totals = list(line_totals(delivered))
    sums = _sums(zip(delivered, totals, strict=True), charges)
    assert sums.totals.tax_exclusive is not None
    if sums.totals.payable < 0:
        raise Problem("Nothing was invoiced: the allowances are more than what was delivered. Deliver more first.")
    if not fits(sums.largest, CENT):
        raise Problem(
            "Nothing was invoiced: a total of the invoice would be {amount}, and an amount has at most 16 digits "
            "before its decimals. Name fewer orders or delivery notes at a time.",
            amount=plain(sums.largest),
        )
    passing = let_pass(
        *(connection, gate, Stage.INVOICE),
        total_ttc=sums.totals.payable,
        comes_from=_sold(connection, orders, note_ids),
        reason=override,
        by=by,
    )
    term, shift = _term(connection, orders)
    taken = numbers.take_dated(connection, numbers.INVOICES, today(connection, at))
    number, day = taken.number, taken.day
    invoicing = select(DeliveryNote.invoicing_establishment_id).where(DeliveryNote.id == note_ids[0])
    establishment = invoicing.scalar_subquery()
    invoice_id = connection.execute(
        insert(Invoice)
        .values(
            number=number,
            customer_id=orders[0].customer_id,
            establishment_id=establishment,
            accounting_folder_id=folder_of(establishment),
            issue_date=day,
            currency=orders[0].currency,
            total_ht=sums.totals.tax_exclusive,
            total_vat=sums.tax_amount,
            total_ttc=sums.totals.payable,
            due_date=last_due(day, term.lines, shift),
            payment_term_id=term.id,
            created_at=at,
            created_by=by,
        )
        .returning(Invoice.id)
    ).scalar_one()
    _write_parts(connection, invoice_id, list(zip(delivered, totals, strict=True)), charges, sums)
    parts = instalments(sums.totals.payable, day, term.lines, shift)
    due = [{"invoice_id": invoice_id, **asdict(part)} for part in parts]
    if due:
        connection.execute(insert(InvoiceDue), due)
    states.record(connection, Invoice.__tablename__, [(invoice_id, None, None)], "create", by=by, at=at)
    moves = [(order.id, None, None) for order in orders]
    detail = {"invoice": number}
    states.record(connection, states.SALES_ORDER.name, moves, "invoice", by=by, at=at, detail=detail)
    close_gate(connection, gate, passing, number, by=by, at=at)
    return number


def line_totals(delivered: Sequence[AnyRow]) -> Iterable[Decimal]:
    """The amount of each delivered line, so that all of an order's line adds up to its amount, in any split.

    Each takes the difference of two running totals: what all up to it costs, and what all before it costs.
    """
    before: dict[int, Decimal] = {}
    for row in delivered:
        so_far = before.get(row.sales_order_line_id, row.invoiced or ZERO)
        after = so_far + row.quantity
        before[row.sales_order_line_id] = after
        yield cost_of(row, after) - cost_of(row, so_far)


def _notes(connection: Connection, refs: Sequence[str]) -> list[int]:
    """The ids of the delivery notes that these numbers mean.

    :raises Problem: when a number is neither an order's nor a delivery note's.
    """
    refs = [as_stored(connection, ref, SalesOrder.number, DeliveryNote.number) for ref in refs]
    found: dict[str, set[int]] = {}
    named = select(DeliveryNote.number, DeliveryNote.id).where(DeliveryNote.number.in_(refs))
    for row in connection.execute(named):
        found.setdefault(row.number, set()).add(row.id)
    of_orders = (
        select(SalesOrder.number, DeliveryNoteLine.delivery_note_id)
        .outerjoin(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
        .outerjoin(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .where(SalesOrder.number.in_(refs))
    )
    for row in connection.execute(of_orders):
        found.setdefault(row.number, set()).update(() if row.delivery_note_id is None else (row.delivery_note_id,))
    missing = [ref for ref in refs if ref not in found]
    if missing:
        raise Problem(
            "Nothing was invoiced: {refs} is neither a sales order nor a delivery note.", refs=", ".join(missing)
        )
    undelivered = [ref for ref in refs if not found[ref]]
    if undelivered:
        raise Problem(
            "Nothing was invoiced: nothing of {refs} was delivered; `intergestan sales deliver` comes first.",
            refs=", ".join(undelivered),
        )
    return sorted({note_id for notes in found.values() for note_id in notes})


def _customer_of(connection: Connection, note_ids: Sequence[int]) -> int:
    """The customer of these delivery notes, read without a lock: of several the first, and they are refused later."""
    query = select(DeliveryNote.customer_id).where(DeliveryNote.id.in_(note_ids)).order_by(DeliveryNote.id).limit(1)
    return int(connection.execute(query).scalar_one())


def _sold(connection: Connection, orders: Sequence[AnyRow], note_ids: Sequence[int]) -> list[Sold]:
    """The orders that an invoice comes from, each also by the names of those of its delivery notes that are meant."""
    query = (
        select(SalesOrderLine.sales_order_id, DeliveryNote.number)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .where(DeliveryNote.id.in_(note_ids))
    )
    notes: dict[int, set[str]] = {}
    for row in connection.execute(query):
        notes.setdefault(row.sales_order_id, set()).add(row.number)
    return [
        replace(sold, names=(*sold.names, *sorted(notes.get(order_id, ()))))
        for order_id, sold in ((order.id, as_sold(order)) for order in orders)
    ]


def _lock_orders(connection: Connection, note_ids: Sequence[int]) -> Sequence[AnyRow]:
    """The orders of these delivery notes, locked, so that nobody else invoices the same goods meanwhile."""
    ids = (
        select(SalesOrderLine.sales_order_id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .where(DeliveryNoteLine.delivery_note_id.in_(note_ids))
    )
    query = select(
        *(SalesOrder.id, SalesOrder.customer_id, SalesOrder.currency, SalesOrder.payment_term_id),
        *(SalesOrder.number, SalesOrder.customer_order_number, SalesOrder.total_ttc),
    )
    return connection.execute(query.where(SalesOrder.id.in_(ids)).order_by(SalesOrder.id).with_for_update()).all()


def _not_invoiced(connection: Connection, note_ids: Sequence[int]) -> Sequence[AnyRow]:
    """The lines of these notes that are on no invoice, with their order's prices and what was invoiced of them."""
    before = invoiced_by_line()
    return connection.execute(
        select(
            *(DeliveryNoteLine.id, DeliveryNoteLine.sales_order_line_id, DeliveryNoteLine.product_code),
            *(DeliveryNoteLine.name, DeliveryNoteLine.quantity, DeliveryNoteLine.unit),
            *(SalesOrderLine.price, SalesOrderLine.base_quantity, SalesOrderLine.allowance),
            *(SalesOrderLine.vat_category, SalesOrderLine.vat_rate, SalesOrderLine.quantity.label("ordered")),
            before.c.quantity.label("invoiced"),
        )
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .outerjoin(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
        .outerjoin(before, before.c.line_id == SalesOrderLine.id)
        .where(DeliveryNoteLine.delivery_note_id.in_(note_ids), InvoiceLine.id.is_(None))
        .order_by(DeliveryNoteLine.id)
    ).all()


def _refuse_mixed(orders: Sequence[AnyRow]) -> None:
    if len({(order.customer_id, order.currency) for order in orders}) > 1:
        raise Problem("Nothing was invoiced: an invoice is of one customer and one currency.")


def _charges(connection: Connection, order_ids: Sequence[int]) -> Sequence[AnyRow]:
    """The charges of these orders that are on no invoice, each with the `number` of its order."""
    return connection.execute(
        select(SalesOrderCharge.__table__, SalesOrder.number)
        .join(SalesOrder, SalesOrder.id == SalesOrderCharge.sales_order_id)
        .outerjoin(InvoiceCharge, InvoiceCharge.sales_order_charge_id == SalesOrderCharge.id)
        .where(SalesOrderCharge.sales_order_id.in_(order_ids), InvoiceCharge.id.is_(None))
        .order_by(SalesOrderCharge.id)
    ).all()


def _with_category(charges: Sequence[AnyRow], delivered: Sequence[AnyRow]) -> list[_Charge]:
    """The charges, each with a category of VAT: EN 16931 asks for one (BR-32, BR-37), and buyers may leave it out.

    Where nothing else of the invoice bears VAT, such a charge does not either (D33).

    :raises Problem: something else does, and nobody can tell whether the charge is to.
    """
    none_bears_vat = not any(row.vat_rate for row in (*delivered, *charges))
    for charge in charges:
        if not charge.vat_category and not none_bears_vat:
            raise Problem(
                "Nothing was invoiced: the charge «{reason}» of {number} has no VAT category.",
                ProblemCode.CHARGE_WITHOUT_VAT,
                (Act.CHARGE_VAT,),
                reason=charge.reason or plain(charge.amount),
                number=charge.number,
            )
    return [
        _Charge(each.id, each.reason, each.amount, each.vat_category or _OUTSIDE_VAT, each.vat_rate or ZERO)
        for each in charges
    ]


def _term(connection: Connection, orders: Sequence[AnyRow]) -> tuple[Term, Shift]:
    """The payment term of these orders, and what moves its days.

    :raises Problem: they have several.
    """
    preferences = read_preferences(connection)
    of_customer = select(Party.payment_term_id).where(Party.id == orders[0].customer_id)
    usual = connection.execute(of_customer).scalar_one()
    ids = {order.payment_term_id or usual for order in orders}
    if len(ids) > 1:
        raise Problem(
            "Nothing was invoiced: these orders have several payment terms, and an invoice has one. Invoice them one "
            "by one.",
            ProblemCode.NOT_ONE_TERM,
        )
    (term_id,) = ids
    term = term_called(connection, preferences.term) if term_id is None else read_term(connection, term_id)
    return term, next_working_day(connection) if preferences.shifted else as_it_is


def _sums(lines: Iterable[tuple[AnyRow, Decimal]], charges: Sequence[_Charge]) -> Sums:
    taxed = ((total, TaxCategory(line.vat_category, line.vat_rate)) for line, total in lines)
    allowances = [
        AllowanceCharge(
            is_charge=charge.amount > 0,
            amount=abs(charge.amount),
            tax=TaxCategory(charge.vat_category, charge.vat_rate),
        )
        for charge in charges
    ]
    return totals_of(taxed, allowances)


def _write_parts(
    connection: Connection,
    invoice_id: int,
    lines: Sequence[tuple[AnyRow, Decimal]],
    charges: Sequence[_Charge],
    sums: Sums,
) -> None:
    same = ("product_code", "name", "quantity", "unit", "price", "base_quantity", "vat_category", "vat_rate")
    rows = [
        {"position": position, "delivery_note_line_id": line.id, "total": total}
        | {name: getattr(line, name) for name in same}
        for position, (line, total) in enumerate(lines, start=1)
    ]
    of_charges = [
        {"sales_order_charge_id": charge.id}
        | {name: getattr(charge, name) for name in ("reason", "amount", "vat_category", "vat_rate")}
        for charge in charges
    ]
    of_vat = [
        {
            "vat_category": vat.category.code,
            "vat_rate": vat.category.percent or ZERO,
            "base": vat.base,
            "amount": vat.amount,
        }
        for vat in sums.vat
    ]
    for table, parts in ((InvoiceLine, rows), (InvoiceCharge, of_charges), (InvoiceVat, of_vat)):
        if parts:
            connection.execute(insert(table), [{**part, "invoice_id": invoice_id} for part in parts])
