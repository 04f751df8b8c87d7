"""Sales orders in pages, each with how much of it was delivered and invoiced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intergestan_db.enums import Part, SalesState
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
    delivered: Part
    invoiced: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichSales:
    """Which sales orders to list; both days are included.

    :ivar states: those to show; without any, all.
    """

    first: date | None = None
    last: date | None = None
    customer_id: int | None = None
    states: Collection[SalesState] = ()


def list_sales_page(
    connection: Connection,
    wanted: WhichSales,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedSale]:
    """A page of sales orders, the newest first: two statements, however many there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    order = SalesOrder
    query = (
        select(
            *(order.id, order.number, order.issue_date, Party.code, Party.name, order.customer_order_number),
            *(order.total_ht, order.total_ttc, order.currency, order.state),
        )
        .join(Party, Party.id == order.customer_id)
        .where(*_limits(wanted))
    )
    keys: list[ColumnElement[Any]] = [order.issue_date, order.id]
    place: Any = {"size": size, "after": after, "before": before}
    apart = [order.state == state for state in wanted.states]
    found: Page[tuple[Any, ...]] = read_page(
        connection, query, keys, lambda row: tuple(row[:10]), descending=True, apart=apart, **place
    )
    parts = _parts(connection, [row[0] for row in found.rows])
    rows: list[tuple[Any, ...]] = [(*row[1:], *parts.get(row[0], _NOTHING)) for row in found.rows]
    return Page(tuple(ListedSale(*row) for row in rows), found.after, found.before)


def _limits(wanted: WhichSales) -> Iterable[ColumnElement[bool]]:
    order = SalesOrder
    if wanted.customer_id is not None:
        yield order.customer_id == wanted.customer_id
    if wanted.first is not None:
        yield order.issue_date >= wanted.first
    if wanted.last is not None:
        yield order.issue_date <= wanted.last


Parts = tuple[Part, Part]
_NOTHING: Parts = (Part.NONE, Part.NONE)


def _parts(connection: Connection, order_ids: Collection[int]) -> Mapping[int, Parts]:
    """How much of these orders was delivered and invoiced; what came back before that is invoiced no more (D44)."""
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
        .where(note.sales_order_line_id == line.id, GoodsReturnLine.invoice_line_id.is_(None))
    )
    rows = connection.execute(
        select(
            *(line.sales_order_id, line.quantity),
            *(each.correlate(line.__table__).scalar_subquery() for each in (delivered, invoiced, returned)),
        ).where(line.sales_order_id.in_(order_ids))
    )
    of_order: dict[int, list[tuple[Decimal, Decimal, Decimal, Decimal]]] = {}
    for row in rows:
        of_order.setdefault(row[0], []).append((row[1], row[2] or ZERO, row[3] or ZERO, row[4] or ZERO))
    return {
        order_id: (
            _part([(ordered, left) for ordered, left, _charged, _back in lines]),
            _part([(ordered - back, charged) for ordered, _left, charged, back in lines]),
        )
        for order_id, lines in of_order.items()
    }


def _part(lines: Iterable[tuple[Decimal, Decimal]]) -> Part:
    """How much of all lines that is, by what was ordered and what was done."""
    done = list(lines)
    if all(did >= ordered for ordered, did in done):
        return Part.ALL
    return Part.SOME if any(did > ZERO for _ordered, did in done) else Part.NONE


def count_to_review(connection: Connection) -> int:
    """How many orders wait for a clerk to accept or refuse them."""
    return connection.execute(select(func.count()).where(SalesOrder.state == SalesState.REVIEW)).scalar_one()
