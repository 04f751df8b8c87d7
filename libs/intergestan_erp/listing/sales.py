"""Sales orders in pages, each with how much of it was delivered and invoiced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intergestan_db.enums import Invoiced, Part, SalesState
from intergestan_db.tables import DeliveryNoteLine, GoodsReturnLine, InvoiceLine, Party, SalesOrder, SalesOrderLine
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class ListedSale:
    """A line of the list; `customer_order_number` is theirs."""

    number: str
    issue_date: date
    customer_code: str
    customer: str
    customer_order_number: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str
    below_minimum: bool
    delivered: Part
    invoiced: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichSales:
    """Which sales orders to list; both days are included.

    :ivar states: those to show; without any, all.
    :ivar settled: also those that are cancelled, and those of which nothing is left to invoice.
    """

    first: date | None = None
    last: date | None = None
    customer_id: int | None = None
    category_id: int | None = None
    settled: bool = True
    states: Collection[SalesState] = ()


def list_sales_page(
    connection: Connection,
    wanted: WhichSales,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
    newest_first: bool = True,
) -> Page[ListedSale]:
    """A page of sales orders, by date: two statements, however many there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    order = SalesOrder
    query = (
        select(
            *(order.id, order.number, order.issue_date, Party.code, Party.name, order.customer_order_number),
            *(order.total_ht, order.total_ttc, order.currency, order.state, order.below_minimum),
        )
        .join(Party, Party.id == order.customer_id)
        .where(*_limits(wanted))
    )
    keys: list[ColumnElement[Any]] = [order.issue_date, order.id]
    place: Any = {"size": size, "after": after, "before": before}
    apart = [order.state == state for state in wanted.states]
    found: Page[tuple[Any, ...]] = read_page(
        connection, query, keys, lambda row: tuple(row[:11]), descending=newest_first, apart=apart, **place
    )
    parts = _parts_of(connection, [row[0] for row in found.rows])
    rows: list[tuple[Any, ...]] = [(*row[1:], *parts.get(row[0], _NOTHING)) for row in found.rows]
    return Page(tuple(ListedSale(*row) for row in rows), found.after, found.before)


def _limits(wanted: WhichSales) -> Iterable[ColumnElement[bool]]:
    order = SalesOrder
    if wanted.customer_id is not None:
        yield order.customer_id == wanted.customer_id
    if wanted.category_id is not None:
        yield order.category_id == wanted.category_id
    if not wanted.settled:
        yield order.state != SalesState.CANCELLED
        yield order.invoiced != Invoiced.ALL
    if wanted.first is not None:
        yield order.issue_date >= wanted.first
    if wanted.last is not None:
        yield order.issue_date <= wanted.last


Parts = tuple[Part, Part]
_NOTHING: Parts = (Part.NONE, Part.NONE)


@dataclass(frozen=True, slots=True)
class LineParts:
    """How much of a line was ordered, left, is on invoices and came back, and what of that came before an invoice."""

    line_id: int
    ordered: Decimal
    delivered: Decimal
    invoiced: Decimal
    returned: Decimal
    before_invoice: Decimal


def parts_of_lines(connection: Connection, order_ids: Collection[int]) -> dict[int, list[LineParts]]:
    """The parts of each line of these orders, by order: one statement that reads their documents alone."""
    line, note = SalesOrderLine, DeliveryNoteLine
    delivered = select(func.sum(note.quantity)).where(note.sales_order_line_id == line.id)
    invoiced = (
        select(func.sum(InvoiceLine.quantity))
        .join(note, note.id == InvoiceLine.delivery_note_line_id)
        .where(note.sales_order_line_id == line.id)
    )
    returned = (
        select(func.sum(GoodsReturnLine.quantity))
        .join(note, note.id == GoodsReturnLine.delivery_note_line_id)
        .where(note.sales_order_line_id == line.id)
    )
    before = returned.where(GoodsReturnLine.invoice_line_id.is_(None))
    rows = connection.execute(
        select(
            *(line.sales_order_id, line.id, line.quantity),
            *(each.correlate(line.__table__).scalar_subquery() for each in (delivered, invoiced, returned, before)),
        ).where(line.sales_order_id.in_(order_ids))
    )
    found: dict[int, list[LineParts]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(LineParts(row[1], row[2], *(each or ZERO for each in row[3:])))
    return found


def parts_of(lines: Collection[LineParts]) -> Parts:
    """How much of an order was delivered and invoiced; what came back before that is invoiced no more (D44)."""
    if not lines:
        return _NOTHING
    return (
        _part([(each.ordered, each.delivered) for each in lines]),
        _part([(each.ordered - each.before_invoice, each.invoiced) for each in lines]),
    )


def _parts_of(connection: Connection, order_ids: Collection[int]) -> Mapping[int, Parts]:
    found = parts_of_lines(connection, order_ids)
    return {order_id: parts_of(lines) for order_id, lines in found.items()}


def _part(lines: Iterable[tuple[Decimal, Decimal]]) -> Part:
    """How much of all lines that is, by what was ordered and what was done."""
    done = list(lines)
    if all(did >= ordered for ordered, did in done):
        return Part.ALL
    return Part.SOME if any(did > ZERO for _ordered, did in done) else Part.NONE


def count_to_review(connection: Connection) -> int:
    """How many orders wait for a clerk to accept or refuse them."""
    return connection.execute(select(func.count()).where(SalesOrder.state == SalesState.REVIEW)).scalar_one()
