"""Writes invoices: with numbers of their series, chained to those before them, and all that belongs to them (G03).

It is the one place where invoices come about, one by one or by the run. The number is the last lock (D21): day, due
dates and chain follow from the day that comes back with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db import numbers, states
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.enums import InvoiceKind
from intergestan_db.tables import Invoice, InvoiceCharge, InvoiceDue, InvoiceLine, InvoiceVat
from intergestan_erp.books.posting import post_invoices
from intergestan_erp.credit.invoiced import mark_invoiced
from intergestan_erp.selling.chain import Sealed, chain_of_invoice
from intergestan_erp.selling.invoice_draft import InvoiceDraft
from intergestan_erp.selling.issuer import Billed, Issuer
from intergestan_erp.site.zone import today
from intergestan_erp.terms.due import Shift, instalments, last_due
from intergestan_erp.terms.stored import Term
from intergestan_msg.money import ZERO

_OF_LINE: Final = ("product_code", "name", "quantity", "unit", "price", "base_quantity")


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice that only lacks its number and its day."""

    draft: InvoiceDraft
    customer_id: int
    billed: Billed
    currency: str
    term: Term


@dataclass(frozen=True, slots=True)
class MadeInvoice:
    """An invoice that was made."""

    id: int
    number: str
    issue_date: date
    due_date: date
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal


@dataclass(frozen=True, slots=True)
class _Dated:
    """An invoice with its number: the rows of its parts, before they know its id."""

    head: dict[str, Any]
    lines: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    vat: list[dict[str, Any]]
    due: list[dict[str, Any]]


def write_invoices(
    connection: Connection,
    issuer: Issuer,
    invoices: Sequence[NewInvoice],
    *,
    day: date,
    shift: Shift,
    run_id: int | None = None,
    by: str,
    at: datetime,
) -> list[MadeInvoice]:
    """Make invoices of an issuer, in this order; customers and orders are locked.

    :param day: on which they are made; they bear the day that comes back with their numbers.
    :param run_id: the run of deferred invoicing that makes them.
    """
    drafts = [each.draft for each in invoices]
    mark_invoiced(
        connection,
        (order_id for draft in drafts for order_id in draft.orders),
        (each.line.id for draft in drafts for each in draft.lines),
        (charge.id for draft in drafts for charge in draft.charges),
    )
    dated = _with_numbers(connection, issuer, invoices, day, shift)
    made = {"invoice_run_id": run_id, "created_at": at, "created_by": by}
    ids = insert_rows_with_ids(connection, Invoice, [each.head | made for each in dated], "number")
    for table, part in ((InvoiceLine, "lines"), (InvoiceCharge, "charges"), (InvoiceVat, "vat"), (InvoiceDue, "due")):
        rows = [{**row, "invoice_id": ids[each.head["number"]]} for each in dated for row in getattr(each, part)]
        insert_rows(connection, table, rows)
    post_invoices(connection, sorted(ids.values()), today(connection, at))
    states.record(
        connection, Invoice.__tablename__, [(row_id, None, None) for row_id in ids.values()], "create", by=by, at=at
    )
    _note_on_orders(connection, zip(invoices, dated, strict=True), by=by, at=at)
    return [_made(ids, each.head) for each in dated]


def _with_numbers(
    connection: Connection, issuer: Issuer, invoices: Sequence[NewInvoice], day: date, shift: Shift
) -> list[_Dated]:
    """The invoices with their numbers and chains: series by series, in the order in which series are locked."""
    found: dict[int, _Dated] = {}
    by_series: dict[str, list[int]] = {}
    for place, each in enumerate(invoices):
        by_series.setdefault(series_of(each.billed.kind, issuer), []).append(place)
    for series, places in sorted(by_series.items()):
        taken = numbers.take_dated_together(connection, series, len(places), day)
        is_internal = invoices[places[0]].billed.kind is InvoiceKind.INTERNAL
        before = connection.execute(_LAST[is_internal], {"folder": issuer.folder_id}).scalar()
        for place, number in zip(places, taken, strict=True):
            found[place] = dated = _dated(issuer, invoices[place], number, shift, before)
            before = dated.head["chain"]
    return [found[place] for place in range(len(invoices))]


def series_of(kind: InvoiceKind, issuer: Issuer) -> str:
    """The series of an issuer's invoices; what stays inside the company has one of its own (D54)."""
    of = numbers.INTERNAL_INVOICES if kind is InvoiceKind.INTERNAL else numbers.INVOICES
    return numbers.of_folder(of, issuer.folder_number)


def _dated(issuer: Issuer, new: NewInvoice, taken: numbers.Dated, shift: Shift, before: str | None) -> _Dated:
    draft = new.draft
    day = taken.day
    head: dict[str, Any] = {
        "number": taken.number,
        "kind": new.billed.kind,
        "customer_id": new.customer_id,
        "establishment_id": issuer.establishment_id,
        "accounting_folder_id": issuer.folder_id,
        "issue_date": day,
        "note": None,
        "currency": new.currency,
        "total_ht": draft.total_ht,
        "total_vat": draft.sums.tax_amount,
        "total_ttc": draft.total_ttc,
        "due_date": last_due(day, new.term.lines, shift),
        "payment_term_id": new.term.id,
        "identity": {"seller": issuer.identity, "buyer": new.billed.identity},
    }
    lines = [
        {"position": position, "delivery_note_line_id": each.line.id, "total": each.total}
        | {"vat_category": each.tax.code, "vat_rate": each.tax.percent}
        | {name: getattr(each.line, name) for name in _OF_LINE}
        for position, each in enumerate(draft.lines, start=1)
    ]
    charges = [
        {"sales_order_charge_id": charge.id, "reason": charge.reason, "amount": charge.amount}
        | {"vat_category": charge.tax.code, "vat_rate": charge.tax.percent}
        for charge in draft.charges
    ]
    vat = [
        {"vat_category": each.category.code, "vat_rate": each.category.percent or ZERO}
        | {"base": each.base, "amount": each.amount}
        for each in draft.sums.vat
    ]
    due = [asdict(part) for part in instalments(draft.total_ttc, day, new.term.lines, shift)]
    sealed = Sealed(head=head, identity=head["identity"], lines=lines, vat=vat, charges=charges, due=due)
    return _Dated(head | {"chain": chain_of_invoice(before, sealed)}, lines, charges, vat, due)


def _note_on_orders(
    connection: Connection, made: Iterable[tuple[NewInvoice, _Dated]], *, by: str, at: datetime
) -> None:
    """An event for each order of each invoice; an order that is on several has one of each."""
    rounds: list[dict[int, str]] = []
    seen: dict[int, int] = {}
    for new, dated in made:
        for order_id in new.draft.orders:
            place = seen.get(order_id, 0)
            seen[order_id] = place + 1
            if place == len(rounds):
                rounds.append({})
            rounds[place][order_id] = dated.head["number"]
    for each in rounds:
        moves = [(order_id, None, None) for order_id in each]
        details = {order_id: {"invoice": number} for order_id, number in each.items()}
        states.record(connection, states.SALES_ORDER.name, moves, "invoice", by=by, at=at, details=details)


def _made(ids: Mapping[str, int], head: Mapping[str, Any]) -> MadeInvoice:
    names = ("number", "issue_date", "due_date", "total_ht", "total_vat", "total_ttc")
    return MadeInvoice(ids[head["number"]], *(head[name] for name in names))


def _last(*, internal: bool) -> Any:
    is_internal = Invoice.kind == InvoiceKind.INTERNAL
    query = select(Invoice.chain).where(Invoice.accounting_folder_id == bindparam("folder"))
    return query.where(is_internal if internal else ~is_internal).order_by(Invoice.id.desc()).limit(1)


_LAST: Final = {internal: _last(internal=internal) for internal in (False, True)}
"""The chain of the newest document of a series, once that is locked: ids rise as its numbers do."""
