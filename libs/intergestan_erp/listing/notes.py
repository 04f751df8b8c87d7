"""Delivery notes in pages, the newest first, with what of each is invoiced, came back, and was received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.enums import InvoiceGrouping
from intergestan_db.tables import (
    AgencyOrderLine,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Establishment,
    GoodsReceipt,
    GoodsReceiptLine,
    GoodsReturn,
    GoodsReturnLine,
    Invoice,
    InvoiceLine,
    OperationCode,
    Party,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.amounts import cost_of
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedNote:
    """A line of the list.

    :ivar orders: the sales orders that it is of. :ivar is_invoiced: every line of it is on an invoice.
    :ivar establishment: its number; `depot`: the code of where it left; `destination`: where it goes, in short.
    :ivar total_ht: what it comes to without VAT and without charges. :ivar billable: it is to be invoiced.
    :ivar invoices, returns: the numbers of those that are of it; `returned`: how much came back.
    :ivar is_pair: it goes to another agency, which received it with `receipts`; `is_received`: all lines of it.
    """

    number: str
    issue_date: date
    customer_code: str
    customer: str
    orders: tuple[str, ...]
    is_invoiced: bool
    establishment: int
    depot: str
    destination: str
    total_ht: Decimal
    billable: bool
    invoices: tuple[str, ...]
    returned: Decimal
    returns: tuple[str, ...]
    is_pair: bool
    receipts: tuple[str, ...]
    is_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichNotes:
    """Which ones; None is not asked, both days are included.

    :ivar to_invoice: only those of which something is to be invoiced. :ivar billable: only those that are, or are not.
    :ivar in_transit: only those on their way to another agency. :ivar monthly: only of customers invoiced by the month.
    """

    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    to_invoice: bool = False
    billable: bool | None = None
    in_transit: bool = False
    monthly: bool = False


_OWN: Final = DeliveryNoteLine.delivery_note_id == DeliveryNote.id
_IS_INVOICED: Final = exists(InvoiceLine.id).where(InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
_RETURNED: Final = type_coerce(
    select(func.coalesce(func.sum(GoodsReturnLine.quantity), 0))
    .where(GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id)
    .correlate(DeliveryNoteLine.__table__)
    .scalar_subquery(),
    Scaled(6),
)
_TO_INVOICE: Final = exists(DeliveryNoteLine.id).where(_OWN, ~_IS_INVOICED, DeliveryNoteLine.quantity > _RETURNED)
_OF_PAIR: Final = exists(AgencyOrderLine.id).where(
    AgencyOrderLine.sales_order_line_id == DeliveryNoteLine.sales_order_line_id
)
_IN_TRANSIT: Final = exists(DeliveryNoteLine.id).where(
    _OWN,
    _OF_PAIR,
    ~exists(GoodsReceiptLine.id).where(GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id),
)
_NOTES: Final = (
    select(
        *(DeliveryNote.id.label("note_id"), DeliveryNote.number, DeliveryNote.issue_date, Party.code, Party.name),
        *(DeliveryNote.delivery_name, DeliveryNote.delivery_city, OperationCode.billable),
        *(Establishment.number.label("establishment"), Depot.code.label("depot")),
    )
    .join(Party, Party.id == DeliveryNote.customer_id)
    .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
    .join(Establishment, Establishment.id == DeliveryNote.establishment_id)
    .join(Depot, Depot.id == DeliveryNote.depot_id)
)


def list_notes(
    connection: Connection,
    wanted: WhichNotes,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedNote]:
    """A page of them: five statements, however many there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    place: Any = {"size": size, "after": after, "before": before}
    query = _NOTES.where(*_limits(wanted))
    found = read_page(connection, query, [DeliveryNote.id], lambda row: row, descending=True, **place)
    details = _Details(connection, [row.note_id for row in found.rows])
    return Page(tuple(map(details.listed, found.rows)), found.after, found.before)


def _limits(wanted: WhichNotes) -> Iterable[ColumnElement[bool]]:
    if wanted.customer_id is not None:
        yield DeliveryNote.customer_id == wanted.customer_id
    if wanted.first is not None:
        yield DeliveryNote.issue_date >= wanted.first
    if wanted.last is not None:
        yield DeliveryNote.issue_date <= wanted.last
    if wanted.to_invoice:
        yield and_(OperationCode.billable, _TO_INVOICE)
    if wanted.billable is not None:
        yield OperationCode.billable if wanted.billable else ~OperationCode.billable
    if wanted.in_transit:
        yield _IN_TRANSIT
    if wanted.monthly:
        yield Party.invoice_grouping == InvoiceGrouping.CUSTOMER


class _Details:
    """What belongs to the delivery notes of a page, read for all of them."""

    def __init__(self, connection: Connection, ids: Sequence[int]) -> None:
        self._lines: dict[int, list[AnyRow]] = {}
        for row in connection.execute(_LINES.where(DeliveryNoteLine.delivery_note_id.in_(ids))):
            self._lines.setdefault(row.delivery_note_id, []).append(row)
        self._invoices = _numbers(connection, _INVOICES, ids)
        self._returns = _numbers(connection, _RETURNS, ids)
        self._receipts = _numbers(connection, _RECEIPTS, ids)

    def listed(self, row: AnyRow) -> ListedNote:
        lines = self._lines.get(row.note_id, [])
        orders = dict(sorted((line.sales_order_id, line.order) for line in lines))
        is_pair = any(line.is_pair for line in lines)
        return ListedNote(
            *(row.number, row.issue_date, row.code, row.name, tuple(orders.values())),
            is_invoiced=all(line.is_invoiced for line in lines),
            establishment=row.establishment,
            depot=row.depot,
            destination=", ".join(text for text in (row.delivery_name or row.name, row.delivery_city) if text),
            total_ht=sum((cost_of(line, line.quantity) for line in lines), ZERO),
            billable=row.billable,
            invoices=self._invoices.get(row.note_id, ()),
            returned=sum((line.returned for line in lines), ZERO),
            returns=self._returns.get(row.note_id, ()),
            is_pair=is_pair,
            receipts=self._receipts.get(row.note_id, ()),
            is_received=is_pair and all(line.is_received for line in lines),
        )


_LINES: Final = (
    select(
        *(DeliveryNoteLine.delivery_note_id, DeliveryNoteLine.quantity, SalesOrderLine.price),
        *(SalesOrderLine.base_quantity, SalesOrderLine.allowance, SalesOrderLine.quantity.label("ordered")),
        *(SalesOrderLine.sales_order_id, SalesOrder.number.label("order"), _RETURNED.label("returned")),
        *(_IS_INVOICED.label("is_invoiced"), _OF_PAIR.label("is_pair")),
        exists(GoodsReceiptLine.id)
        .where(GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id)
        .label("is_received"),
    )
    .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
)
_INVOICES: Final = (
    select(DeliveryNoteLine.delivery_note_id, Invoice.id, Invoice.number)
    .join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .distinct()
)
_RETURNS: Final = select(GoodsReturn.delivery_note_id, GoodsReturn.id, GoodsReturn.number)
_RECEIPTS: Final = (
    select(DeliveryNoteLine.delivery_note_id, GoodsReceipt.id, GoodsReceipt.number)
    .join(GoodsReceiptLine, GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id)
    .join(GoodsReceipt, GoodsReceipt.id == GoodsReceiptLine.goods_receipt_id)
    .distinct()
)


def _numbers(connection: Connection, query: Any, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The numbers of what is of each of these delivery notes, the oldest first."""
    found: dict[int, list[tuple[int, str]]] = {}
    note = query.selected_columns.delivery_note_id
    for note_id, each_id, number in connection.execute(query.where(note.in_(ids))):
        found.setdefault(note_id, []).append((each_id, number))
    return {note_id: tuple(number for _id, number in sorted(own)) for note_id, own in found.items()}


def _not_invoiced(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these delivery notes of which some line is on no invoice."""
    line = DeliveryNoteLine
    waiting = select(line.delivery_note_id).where(line.delivery_note_id.in_(ids), ~_IS_INVOICED)
    return set(connection.execute(waiting.distinct()).scalars())


@dataclass(frozen=True, slots=True)
class NoteInvoiced:
    """What of a delivery note is invoiced: the invoices that are of it, and whether no line waits for one.

    :ivar returns: what came back of it, by number. :ivar pair: it goes to another agency,
        which received it with `receipts`. :ivar billable: it is to be invoiced.
    """

    invoices: tuple[str, ...]
    is_all: bool
    billable: bool
    returns: tuple[str, ...]
    pair: bool
    receipts: tuple[str, ...]


def read_invoiced(connection: Connection, note_id: int) -> NoteInvoiced:
    """What of this delivery note is invoiced, came back and was received."""
    own = [note_id]
    billable, is_pair = connection.execute(
        select(OperationCode.billable, exists(DeliveryNoteLine.id).where(_OWN, _OF_PAIR))
        .select_from(DeliveryNote.__table__)
        .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
        .where(DeliveryNote.id == note_id)
    ).one()
    invoices, returns, receipts = (
        _numbers(connection, query, own).get(note_id, ()) for query in (_INVOICES, _RETURNS, _RECEIPTS)
    )
    is_all = note_id not in _not_invoiced(connection, own)
    return NoteInvoiced(invoices, is_all, billable, returns, is_pair, receipts)


def invoices_of_notes(connection: Connection, numbers: Sequence[str]) -> dict[str, list[str]]:
    """On which invoices these delivery notes are, by their numbers; those that are on none are left out."""
    query = (
        select(DeliveryNote.number.label("note"), Invoice.number.label("invoice"))
        .join(DeliveryNoteLine, DeliveryNoteLine.delivery_note_id == DeliveryNote.id)
        .join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(DeliveryNote.number.in_(numbers))
        .group_by(DeliveryNote.number, Invoice.number, Invoice.id)
        .order_by(Invoice.id)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.note, []).append(row.invoice)
    return found
