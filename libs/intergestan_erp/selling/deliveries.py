"""What leaves for a customer: delivered quantities and numbered delivery notes (BL, G03).

Nothing stores how far an order is: that is the sum of its delivery notes and invoices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, func, insert, select

from intergestan_db import numbers, states
from intergestan_db.enums import SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, InvoiceLine, SalesOrder, SalesOrderLine
from intergestan_erp.agencies.belonging import at_place, invoicing_of, manages_stock
from intergestan_erp.agencies.paired import IS_SOLD
from intergestan_erp.agencies.places import Place, elsewhere
from intergestan_erp.credit.gate import Sold, close_gate, let_pass, open_gate
from intergestan_erp.inputs.units import can_be
from intergestan_erp.site.zone import today
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain

_PLACE = ("name", "line1", "line2", "postcode", "city", "country")


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a sales order with what has left of it; `row` has the line's columns."""

    row: Row[*tuple[Any, ...]]
    delivered: Decimal

    @property
    def remaining(self) -> Decimal:
        """What has not left yet."""
        return Decimal(self.row.quantity) - self.delivered


def deliver(
    connection: Connection,
    number: str,
    wanted: Mapping[str, Decimal] | None,
    *,
    by: str,
    at: datetime,
    note: str | None = None,
    override: str | None = None,
    place: Place | None = None,
) -> str:
    """Book that goods of a sales order left, under the next delivery note's number.

    Where stock is managed they leave the depot in the same transaction (D38).

    :param wanted: quantities by line id; None for all that remains.
    :param override: why goods leave although the customer owes too much.
    :param place: where they left (D62); None: where the order is.
    :returns: the number of the delivery note.
    :raises Problem: when the order is not accepted, it is of a pair and the place of another agency, a line is none of
        its own, or more would leave than remains or lies there; or the customer owes too much (T20). Nothing may be
        written then.
    """
    where = SalesOrder.establishment_id if place is None else place.establishment_id
    wanted_of = select(SalesOrder.customer_id, manages_stock(where).label("manages"), IS_SOLD.label("of_pair"))
    seen = _seen(connection, number, wanted_of)
    gate = open_gate(connection, seen.customer_id, at)
    order = lock_order(connection, number)
    if order.state != SalesState.ACCEPTED:
        raise Problem(
            "Nothing was delivered: {number} is in the state {state}, and only accepted orders are delivered.",
            number=number,
            state=Word(order.state),
        )
    if seen.of_pair and place is not None and place.establishment_id != order.establishment_id:
        raise elsewhere(connection, number, order.depot_id, place)
    lines = open_lines(connection, order.id)
    leaving = _leaving(number, lines, wanted)
    passing = let_pass(
        *(connection, gate, Stage.DELIVERY),
        total_ttc=order.total_ttc,
        establishment_id=order.establishment_id,
        comes_from=[as_sold(order)],
        reason=override,
        by=by,
    )
    left = at_place(place) or {"establishment_id": order.establishment_id, "depot_id": order.depot_id}
    quantities = {line.row.id: quantity for line, quantity in leaving}
    goods = None
    if seen.manages:
        from intergestan_erp.stock.leaving import let_leave

        goods = let_leave(connection, order, left["depot_id"], quantities, by=by, at=at)
    taken = numbers.take_dated(connection, numbers.DELIVERY_NOTES, today(connection, at))
    if goods is not None:
        from intergestan_erp.stock.leaving import write_left

        write_left(connection, goods, taken.number, by=by, at=at)
    head = {f"delivery_{part}": getattr(order, f"delivery_{part}") for part in _PLACE}
    note_id = connection.execute(
        insert(DeliveryNote)
        .values(
            number=taken.number,
            customer_id=order.customer_id,
            operation_code_id=order.operation_code_id,
            **left,
            invoicing_establishment_id=invoicing_of(left["establishment_id"]),
            issue_date=taken.day,
            note=note,
            created_at=at,
            created_by=by,
            **head,
        )
        .returning(DeliveryNote.id)
    ).scalar_one()
    rows = [_line_row(note_id, position, *each) for position, each in enumerate(leaving, start=1)]
    connection.execute(insert(DeliveryNoteLine), rows)
    states.record(connection, DeliveryNote.__tablename__, [(note_id, None, None)], "create", by=by, at=at)
    detail = {"delivery_note": taken.number}
    states.record(connection, states.SALES_ORDER.name, [(order.id, None, None)], "deliver", by=by, at=at, detail=detail)
    close_gate(connection, gate, passing, taken.number, by=by, at=at)
    return taken.number


def open_lines(connection: Connection, order_id: int) -> list[OpenLine]:
    """The lines of a sales order, each with what has left of it."""
    left = delivered_by_line()
    rows = connection.execute(
        select(SalesOrderLine.__table__, left.c.quantity.label("delivered"))
        .outerjoin(left, left.c.line_id == SalesOrderLine.id)
        .where(SalesOrderLine.sales_order_id == order_id)
        .order_by(SalesOrderLine.position)
    )
    return [OpenLine(row, row.delivered or ZERO) for row in rows]


def lock_order(connection: Connection, number: str) -> Row[*tuple[Any, ...]]:
    """A sales order, which nobody else delivers, invoices or changes until the transaction ends.

    :raises Problem: when there is none.
    """
    query = select(SalesOrder.__table__).where(SalesOrder.number == number).with_for_update()
    order = connection.execute(query).one_or_none()
    if order is None:
        raise _no_order(number)
    return order


def _no_order(number: str) -> Problem:
    return Problem("There is no sales order {number}.", ProblemCode.NO_ORDER, (Act.LIST_SALES,), number=number)


def customer_of(connection: Connection, number: str) -> int:
    """The customer of a sales order, read without a lock: customers are locked before their orders, and stay theirs.

    :raises Problem: when there is no such order.
    """
    return int(_seen(connection, number, select(SalesOrder.customer_id)).customer_id)


def _seen(connection: Connection, number: str, query: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]]:
    """What a query reads of a sales order, without a lock."""
    order = connection.execute(query.where(SalesOrder.number == number)).one_or_none()
    if order is None:
        raise _no_order(number)
    return order


def as_sold(order: Any) -> Sold:
    """A sales order as the one that a later document comes from: by its number and the customer's."""
    names = (order.number, order.customer_order_number)
    return Sold(tuple(name for name in names if name is not None), order.total_ttc)


def delivered_by_line() -> Subquery:
    """`line_id` of a sales order's line, and the `quantity` that left of it."""
    total = func.sum(DeliveryNoteLine.quantity).label("quantity")
    query = select(DeliveryNoteLine.sales_order_line_id.label("line_id"), total)
    return query.group_by(DeliveryNoteLine.sales_order_line_id).subquery("delivered")


def invoiced_by_line() -> Subquery:
    """The same for what was invoiced."""
    total = func.sum(InvoiceLine.quantity).label("quantity")
    query = select(DeliveryNoteLine.sales_order_line_id.label("line_id"), total)
    joined = query.join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    return joined.group_by(DeliveryNoteLine.sales_order_line_id).subquery("invoiced")


def _leaving(
    number: str, lines: Sequence[OpenLine], wanted: Mapping[str, Decimal] | None
) -> list[tuple[OpenLine, Decimal]]:
    by_id = {line.row.line_id: line for line in lines}
    strange = [line_id for line_id in wanted or () if line_id not in by_id]
    if strange:
        raise Problem(
            "Nothing was delivered: {number} has no line {lines}; it has {known}.",
            number=number,
            lines=", ".join(strange),
            known=", ".join(by_id),
        )
    if wanted is None:
        wanted = {line_id: line.remaining for line_id, line in by_id.items() if line.remaining > 0}
    if not wanted:
        raise Problem("Nothing was delivered: all of {number} has left already.", number=number)
    for line_id, quantity in wanted.items():
        _refuse(number, by_id[line_id], quantity)
    return [(by_id[line_id], quantity) for line_id, quantity in wanted.items()]


def _refuse(number: str, line: OpenLine, quantity: Decimal) -> None:
    if quantity <= 0 or not fits(quantity, MILLIONTH):
        raise Problem(
            "Nothing was delivered: {quantity} is no quantity; it is above zero, with at most 6 decimals.",
            quantity=quantity,
        )
    if quantity > line.remaining:
        raise Problem(
            "Nothing was delivered: of line {line} of {number} there remain {remaining}, less than {quantity}.",
            line=line.row.line_id,
            number=number,
            remaining=plain(line.remaining),
            quantity=plain(quantity),
        )
    if quantity != line.remaining and not can_be(quantity, line.row.unit):
        raise Problem(
            "Nothing was delivered: {quantity} is no number of pieces, and the unit {unit} of line {line} is counted.",
            quantity=plain(quantity),
            unit=line.row.unit,
            line=line.row.line_id,
        )


def _line_row(note_id: int, position: int, line: OpenLine, quantity: Decimal) -> dict[str, Any]:
    same = ("product_code", "name", "unit")
    return {
        "delivery_note_id": note_id,
        "position": position,
        "sales_order_line_id": line.row.id,
        "quantity": quantity,
        **{name: getattr(line.row, name) for name in same},
    }
