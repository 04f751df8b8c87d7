"""What must hold of the rows of a site with agencies after every act (I1 to I11), in plain sums."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    CreditNote,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    GoodsReceipt,
    Invoice,
    InvoiceLine,
    OperationCode,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
    StockMove,
)
from intergestan_erp.books.check import check_books
from intergestan_erp.books.folders import Folder
from intergestan_erp.pairs.transit import list_transit
from intergestan_erp.selling.verifying import verify
from intergestan_erp.stock.order_lines import read_order_lines

CENT = Decimal("0.01")
SERIES = (DeliveryNote, Invoice, CreditNote, GoodsReceipt, SalesOrder, PurchaseOrder)


def rows(connection: Connection, table: Any) -> Iterable[Any]:
    return connection.execute(select(table.__table__).order_by(*table.__table__.primary_key.columns)).all()


def check_stock(connection: Connection) -> None:
    """I1, I2, I3: moves add up to what lies there, and what is set aside to reservations that are active."""
    moved: Counter[Any] = Counter()
    for move in rows(connection, StockMove):
        moved[move.depot_id, move.product_id] += move.quantity
    set_aside: Counter[Any] = Counter()
    for each in rows(connection, Reservation):
        if (each.state, each.kind) == ("active", "stock"):
            set_aside[each.depot_id, each.product_id] += each.quantity
    for row in rows(connection, Stock):
        key = row.depot_id, row.product_id
        assert row.on_hand == moved.pop(key, 0)
        assert row.reserved == set_aside.pop(key, 0)
        assert row.negative_ok or 0 <= row.reserved <= row.on_hand
    assert not any(moved.values())
    assert not set_aside


def check_lines(connection: Connection) -> None:
    """I4, I5: what a line has got, has set aside and lacks is all of it; what was used up is no more than what left."""
    used: Counter[int] = Counter()
    for each in rows(connection, Reservation):
        if (each.state, each.kind) == ("consumed", "stock"):
            used[each.allocation_id] += each.quantity
    for order in rows(connection, SalesOrder):
        for line in read_order_lines(connection, order.id):
            set_aside = sum(each.quantity for holding in line.holdings for each in holding.set_aside)
            lacks = sum(holding.remainder for holding in line.holdings)
            if order.state != "accepted" or order.allocated_at is None:
                assert not set_aside + lacks  # what left at once was set aside for that moment alone (D38)
            elif line.holdings:  # a line that was entered beside one for which depots were chosen waits to be allocated
                assert line.delivered + set_aside + lacks == max(line.quantity, line.delivered)
            assert sum(used[holding.id] for holding in line.holdings) <= line.delivered


def check_pairs(connection: Connection) -> None:
    """I6: two orders for each pair, with the same lines on both sides."""
    pairs = list(rows(connection, AgencyOrder))
    sold, bought = (
        _lines(connection, SalesOrderLine, "sales_order_id"),
        _lines(connection, PurchaseOrderLine, "purchase_order_id"),
    )
    states = {table: {row.id: row.state for row in rows(connection, table)} for table in (SalesOrder, PurchaseOrder)}
    assert set(states[PurchaseOrder]) == {pair.purchase_order_id for pair in pairs}
    tied: dict[int, list[Any]] = defaultdict(list)
    for row in rows(connection, AgencyOrderLine):
        tied[row.agency_order_id].append((row.sales_order_line_id, row.purchase_order_line_id))
    for pair in pairs:
        one, other = sold[pair.sales_order_id], bought[pair.purchase_order_id]
        assert [said for _id, said in one] == [said for _id, said in other]
        state = states[SalesOrder][pair.sales_order_id]
        assert state == states[PurchaseOrder][pair.purchase_order_id]
        both = list(zip((row_id for row_id, _ in one), (row_id for row_id, _ in other), strict=True))
        assert sorted(tied[pair.id]) == (both if state == "accepted" else [])


def _lines(connection: Connection, table: Any, order: str) -> dict[int, list[tuple[int, tuple[Any, ...]]]]:
    found: dict[int, list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    for row in rows(connection, table):
        said = row.line_id, row.product_code, row.quantity, row.price
        found[getattr(row, order)].append((row.id, said))
    return found


def check_numbers(connection: Connection) -> None:
    """I9: each series is 1 … n, and its days do not go back."""
    for table in SERIES:
        series: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        for row in rows(connection, table):
            found = re.fullmatch(r"(.*?)(\d+)", row.number)
            assert found is not None
            series[found[1]].append((int(found[2]), row.issue_date))
        for numbers in series.values():
            numbers.sort()
            assert [number for number, _day in numbers] == list(range(1, len(numbers) + 1))
            days = [day for _number, day in numbers]
            assert days == sorted(days)


def count_orders(connection: Connection) -> tuple[int, int]:
    """How many purchase and sales orders there are."""
    counts = (connection.execute(select(func.count(each.id))).scalar_one() for each in (PurchaseOrder, SalesOrder))
    bought, sold = counts
    return bought, sold


def lots(connection: Connection) -> dict[tuple[str, Any], Decimal]:
    """How much of a product lies in depots, is on its way by a delivery note's line, and is at customers'."""
    codes = {row.id: row.code for row in rows(connection, Product)}
    depots = {row.id: row.code for row in rows(connection, Depot)}
    found: Counter[tuple[str, Any]] = Counter()
    for row in rows(connection, Stock):
        found[codes[row.product_id], depots[row.depot_id]] += row.on_hand
    for each in list_transit(connection, size=1000).rows:
        found[each.product, (each.delivery_note, each.line)] += each.quantity  # type: ignore[assignment]
    of_pairs = {row.sales_order_id for row in rows(connection, AgencyOrder)}
    left = (
        select(
            SalesOrder.id,
            SalesOrder.number,
            SalesOrderLine.line_id,
            DeliveryNoteLine.product_code,
            DeliveryNoteLine.quantity,
        )
        .join(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    )
    for row in connection.execute(left):
        if row.id not in of_pairs:
            found[row.product_code, (row.number, row.line_id)] += row.quantity
    return {key: quantity for key, quantity in found.items() if quantity}  # type: ignore[misc]


def check_invoices(connection: Connection) -> None:
    """I10, I11: once all is invoiced, orders and invoices come to the same, and nothing that is not to be is on one."""
    plain = {row.id for row in rows(connection, OperationCode) if not row.billable}
    notes = {row.id: row for row in rows(connection, DeliveryNote)}
    left = {row.id: row for row in rows(connection, DeliveryNoteLine)}
    billed = [row.delivery_note_line_id for row in rows(connection, InvoiceLine)]
    assert len(billed) == len(set(billed)), "a line is on one invoice at most"
    open_lines = [row for row in left.values() if row.id not in set(billed)]
    assert all(notes[row.delivery_note_id].operation_code_id in plain for row in open_lines)
    assert not [each for each in billed if notes[left[each].delivery_note_id].operation_code_id in plain]
    _check_sums(connection, left)
    assert [each for each in verify(connection) if each.broken] == []


def _check_sums(connection: Connection, left: dict[int, Any]) -> None:
    of_line = {row.id: row for row in rows(connection, SalesOrderLine)}
    gone: Counter[int] = Counter()
    for row in left.values():
        gone[row.sales_order_line_id] += row.quantity
    came_to: Counter[int] = Counter()
    for row in rows(connection, InvoiceLine):
        came_to[left[row.delivery_note_line_id].sales_order_line_id] += row.total
    for line_id, quantity in gone.items():
        if quantity == of_line[line_id].quantity and line_id in came_to:
            assert came_to[line_id] == of_line[line_id].total, "to the cent (I10)"
    for each in rows(connection, Invoice):
        assert abs(each.total_vat - (each.total_ht * 20 / 100)) <= CENT or each.total_vat == 0


def check_folder(connection: Connection, folder: Folder) -> None:
    """I8, I9: every entry balances, journals have no gap, and nothing is missed."""
    assert check_books(connection, folder) == []
