"""What must hold of the rows of a site with agencies after every act (I1 to I11), in plain sums."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, text

from intergestan_db.database import Database
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    CreditNote,
    CreditNoteLine,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    GoodsReceipt,
    GoodsReceiptLine,
    GoodsReturn,
    GoodsReturnLine,
    Invoice,
    InvoiceLine,
    OperationCode,
    PickingSlip,
    PickingSlipLine,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
    StockMove,
    Table,
)
from intergestan_erp.books.check import check_books
from intergestan_erp.books.folders import Folder
from intergestan_erp.pairs.transit import list_transit
from intergestan_erp.picking.returns import list_returns
from intergestan_erp.selling.verifying import verify
from intergestan_erp.stock.order_lines import read_order_lines

CENT = Decimal("0.01")
SERIES = (DeliveryNote, Invoice, CreditNote, GoodsReceipt, GoodsReturn, PickingSlip, SalesOrder, PurchaseOrder)
_IMAGE = text(
    " UNION ALL ".join(
        f"SELECT '{each.name}', md5(string_agg(CAST(r AS text), ' ' ORDER BY CAST(r AS text)))"
        f' FROM "{each.name}" AS r'
        for each in Table.metadata.sorted_tables
    )
)


def rows(connection: Connection, table: Any) -> Iterable[Any]:
    return connection.execute(select(table.__table__).order_by(*table.__table__.primary_key.columns)).all()


def image(database: Database) -> object:
    """All that a base holds: of SQLite byte for byte, of PostgreSQL what its server makes of all rows."""
    with database.read() as connection:
        if database.is_sqlite:
            driver: Any = connection.connection.driver_connection
            return driver.serialize()
        return connection.execute(_IMAGE).all()


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


def check_slips(connection: Connection) -> None:
    """I5: each line of a slip has set aside, or used up, what it says; each line of a note is of one line of a slip."""
    state = {row.id: row.state for row in rows(connection, PickingSlip)}
    is_goods = {row.id: row.supply == "goods" for row in rows(connection, Product)}
    product = {row.id: row.product_id for row in rows(connection, SalesOrderLine)}
    sums: dict[str, Counter[Any]] = {"active": Counter(), "consumed": Counter()}
    for each in rows(connection, Reservation):
        if each.picking_slip_line_id is not None and each.state in sums:
            sums[each.state][each.picking_slip_line_id] += each.quantity
    left: Counter[Any] = Counter()
    for line in rows(connection, DeliveryNoteLine):
        assert not left[line.picking_slip_line_id], "a line of a slip leaves once"
        left[line.picking_slip_line_id] += line.quantity
    for line in rows(connection, PickingSlipLine):
        of = state[line.slip_id]
        assert of != "cancelled", "what was on a cancelled slip is on no slip"
        assert left.pop(line.id, 0) == (line.prepared if of == "expired" else 0)
        if line.sales_order_line_id is None or not is_goods[product[line.sales_order_line_id]]:
            continue
        active, used = sums["active"].pop(line.id, 0), sums["consumed"].pop(line.id, 0)
        if of in {"generated", "entered"}:  # one that was in error proposes still what was not found of it then
            assert (active in {line.proposed, 0 if of == "entered" else line.proposed}, used) == (True, 0)
        elif of == "ready":
            assert (active, used) == (line.prepared, 0)
        elif of == "expired":
            assert (active, used) == (0, line.prepared)
        else:
            assert (active <= line.prepared, used) == (True, 0)
    assert not any(left.values()), "what leaves is on a slip"
    assert not any(sums["active"].values()), "what is set aside for a slip is on it"


def check_returns(connection: Connection) -> None:
    """I4, D44: no more comes back than left, and no more is credited than was invoiced; the rest of it waits."""
    left = {row.id: row for row in rows(connection, DeliveryNoteLine)}
    billed = {row.id: row for row in rows(connection, InvoiceLine)}
    back: Counter[Any] = Counter()
    of_invoice: Counter[Any] = Counter()
    for each in rows(connection, GoodsReturnLine):
        back[each.delivery_note_line_id] += each.quantity
        of_invoice[each.invoice_line_id] += each.quantity
    assert all(quantity <= left[line].quantity for line, quantity in back.items())
    credited: Counter[Any] = Counter()
    for each in rows(connection, CreditNoteLine):
        if each.invoice_line_id is not None:
            credited[each.invoice_line_id] += each.quantity
    assert all(quantity <= billed[line].quantity for line, quantity in credited.items())
    waits: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for row in list_returns(connection, uncredited=True, size=1000).rows:
        waits[row.delivery_note, row.line] += row.to_credit
    notes = {row.id: row.number for row in rows(connection, DeliveryNote)}
    for line, quantity in of_invoice.items():
        if line is not None:
            of = left[billed[line].delivery_note_line_id]
            assert waits.pop((notes[of.delivery_note_id], of.position), Decimal(0)) == max(0, quantity - credited[line])
    assert not waits


def on_slips(connection: Connection, number: str) -> dict[str, Decimal]:
    """What of the lines of an order is on slips and did not leave."""
    query = (
        select(SalesOrderLine.line_id, PickingSlip.state, PickingSlipLine.proposed, PickingSlipLine.prepared)
        .join(PickingSlipLine, PickingSlipLine.sales_order_line_id == SalesOrderLine.id)
        .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
        .where(SalesOrder.number == number, PickingSlip.state.not_in(["expired", "cancelled"]))
    )
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in connection.execute(query):
        found[row.line_id] += row.prepared if row.state == "ready" else row.proposed
    return found


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
            day = row.created_at.date() if table is PickingSlip else row.issue_date
            series[found[1]].append((int(found[2]), day))
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
    of_pairs = {row.sales_order_id for row in rows(connection, AgencyOrder)}
    back: Counter[int] = Counter()
    for each in rows(connection, GoodsReturnLine):
        back[each.delivery_note_line_id] += each.quantity
    came = {row.delivery_note_line_id: row.quantity for row in rows(connection, GoodsReceiptLine)}
    left = (
        select(
            SalesOrder.id,
            SalesOrder.number,
            SalesOrderLine.line_id,
            DeliveryNoteLine.product_code,
            DeliveryNoteLine.quantity,
            DeliveryNoteLine.position,
            DeliveryNoteLine.id.label("note_line_id"),
            DeliveryNote.number.label("note"),
        )
        .join(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    )
    on_their_way = {(each.delivery_note, each.line) for each in list_transit(connection, size=1000).rows}
    for row in connection.execute(left):
        if row.id in of_pairs:
            way = row.note, row.position
            found[row.product_code, way] += row.quantity - came.get(row.note_line_id, Decimal(0))
            assert (way in on_their_way) or row.note_line_id in came, "what nobody unpacked is on its way"
        else:
            found[row.product_code, (row.number, row.line_id)] += row.quantity - back[row.note_line_id]
    return {key: quantity for key, quantity in found.items() if quantity}  # type: ignore[misc]


def check_invoices(connection: Connection) -> None:
    """I10, I11: once all is invoiced, orders and invoices come to the same, and nothing that is not to be is on one.

    What came back before its invoice is on none.
    """
    back: Counter[int] = Counter()
    for each in rows(connection, GoodsReturnLine):
        if each.invoice_line_id is None:
            back[each.delivery_note_line_id] += each.quantity
    plain = {row.id for row in rows(connection, OperationCode) if not row.billable}
    notes = {row.id: row for row in rows(connection, DeliveryNote)}
    left = {row.id: row for row in rows(connection, DeliveryNoteLine)}
    billed = [row.delivery_note_line_id for row in rows(connection, InvoiceLine)]
    assert len(billed) == len(set(billed)), "a line is on one invoice at most"
    open_lines = [row for row in left.values() if row.id not in set(billed) and back[row.id] < row.quantity]
    assert all(
        row.quantity == left[row.delivery_note_line_id].quantity - back[row.delivery_note_line_id]
        for row in rows(connection, InvoiceLine)
    )
    assert all(notes[row.delivery_note_id].operation_code_id in plain for row in open_lines)
    assert not [each for each in billed if notes[left[each].delivery_note_id].operation_code_id in plain]
    _check_sums(connection, left, {left[each].sales_order_line_id for each in back})
    assert [each for each in verify(connection) if each.broken] == []


def _check_sums(connection: Connection, left: dict[int, Any], returned: set[int]) -> None:
    of_line = {row.id: row for row in rows(connection, SalesOrderLine)}
    gone: Counter[int] = Counter()
    for row in left.values():
        gone[row.sales_order_line_id] += row.quantity
    came_to: Counter[int] = Counter()
    for row in rows(connection, InvoiceLine):
        came_to[left[row.delivery_note_line_id].sales_order_line_id] += row.total
    for line_id, quantity in gone.items():
        if quantity == of_line[line_id].quantity and line_id in came_to and line_id not in returned:
            assert came_to[line_id] == of_line[line_id].total, "to the cent (I10)"
    for each in rows(connection, Invoice):
        assert abs(each.total_vat - (each.total_ht * 20 / 100)) <= CENT or each.total_vat == 0


def check_folder(connection: Connection, folder: Folder) -> None:
    """I8, I9: every entry balances, journals have no gap, and nothing is missed."""
    assert check_books(connection, folder) == []
