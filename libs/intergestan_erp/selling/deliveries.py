"""What leaves for a customer: delivered quantities and numbered delivery notes (BL, G03).

Nothing stores how far an order is: that is the sum of its delivery notes and invoices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, insert, select

from intergestan_db import numbers, states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.agencies.belonging import at_place, invoicing_of, manages_stock
from intergestan_erp.agencies.paired import IS_SOLD
from intergestan_erp.agencies.places import Place, elsewhere
from intergestan_erp.credit.gate import Gate, Passing, Sold, close_gate, let_pass, open_gate
from intergestan_erp.inputs.units import can_be
from intergestan_erp.site.zone import today
from intergestan_erp.stock.left import LEFT, READY
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain

_PLACE = ("name", "line1", "line2", "postcode", "city", "country")


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a sales order with what has left of it; `row` has the line's columns.

    :ivar ready: what is on picking slips that are ready, and counts as left.
    :ivar on_slips: what is on all slips that did not become delivery notes, as far as somebody asked.
    """

    row: Row[*tuple[Any, ...]]
    delivered: Decimal
    ready: Decimal = ZERO
    on_slips: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """What has not left yet and is on no slip."""
        return Decimal(self.row.quantity) - self.delivered - self.on_slips


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line of a future delivery note: so much of an order's line, whose columns `row` has."""

    row: Any
    quantity: Decimal
    slip_line_id: int | None = None


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
    seen: Seen | None = None,
) -> str:
    """Book that goods of a sales order left, under the next delivery note's number, where no stock is managed.

    :param wanted: quantities by line id; None for all that remains.
    :param override: why goods leave although the customer owes too much.
    :param place: where they left (D62); None: where the order is.
    :param seen: what was read of the order already.
    :returns: the number of the delivery note.
    :raises Problem: when the order is not accepted, it is of a pair and the place of another agency, a line is none of
        its own, or more would leave than remains; or the customer owes too much (T20). Nothing may be written then.
    """
    seen = seen or see(connection, number, place)
    if seen.manages_stock:
        raise RuntimeError(f"{number}: what lies in depots leaves with a picking slip.")
    leaving = open_delivery(connection, number, wanted, seen, override=override, place=place, by=by, at=at)
    taken = numbers.take_dated(connection, numbers.DELIVERY_NOTES, today(connection, at))
    lines = [NoteLine(line.row, quantity) for line, quantity in leaving.lines]
    write_note(connection, taken, leaving.order, leaving.left, lines, note=note, by=by, at=at)
    close_gate(connection, leaving.gate, leaving.passing, taken.number, by=by, at=at)
    return taken.number


@dataclass(frozen=True, slots=True)
class Seen:
    """What is read of an order before it is locked.

    :ivar manages_stock: goods lie in depots where it is done.
    :ivar of_pair: it is another agency's order, which delivers it itself.
    """

    customer_id: int
    manages_stock: bool
    of_pair: bool


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """A delivery that may be, of an order that is locked. :ivar left: establishment and depot that the goods leave."""

    order: AnyRow
    lines: Sequence[tuple[OpenLine, Decimal]]
    left: Mapping[str, int]
    gate: Gate
    passing: Passing


def see(connection: Connection, number: str, place: Place | None) -> Seen:
    """What is to be known of an order before it is locked.

    :raises Problem: when there is none.
    """
    where = SalesOrder.establishment_id if place is None else place.establishment_id
    wanted_of = select(SalesOrder.customer_id, manages_stock(where).label("manages"), IS_SOLD.label("of_pair"))
    row = _seen(connection, number, wanted_of)
    return Seen(row.customer_id, bool(row.manages), bool(row.of_pair))


def open_delivery(
    connection: Connection,
    number: str,
    wanted: Mapping[str, Decimal] | None,
    seen: Seen,
    *,
    override: str | None,
    place: Place | None,
    by: str,
    at: datetime,
    on_slips: Callable[[int], Mapping[int, Decimal]] | None = None,
) -> OpenDelivery:
    """Lock an order of which goods are to leave at once, and let that pass.

    :param on_slips: what is on picking slips of an order's lines, which does not leave so.
    :raises Problem: as `deliver` says.
    """
    gate = open_gate(connection, seen.customer_id, at)
    order = lock_order(connection, number)
    if order.state != SalesState.ACCEPTED:
        raise Problem(
            "Nothing was delivered: {number} is in the state {state}, and only accepted orders are delivered.",
            ProblemCode.OTHER_STATE,
            number=number,
            state=Word(order.state),
        )
    if seen.of_pair and place is not None and place.establishment_id != order.establishment_id:
        raise elsewhere(connection, number, order.depot_id, place)
    lines = open_lines(connection, order.id)
    if on_slips is not None:
        planned = on_slips(order.id)
        lines = [replace(line, on_slips=planned.get(line.row.id, ZERO)) for line in lines]
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
    return OpenDelivery(order, leaving, left, gate, passing)


def write_note(
    connection: Connection,
    taken: numbers.Dated,
    order: AnyRow,
    left: Mapping[str, int],
    lines: Sequence[NoteLine],
    *,
    note: str | None = None,
    by: str,
    at: datetime,
) -> int:
    """Write a delivery note, whose number is taken; its id.

    :param order: one of the orders that it is of; where it goes and how it is invoiced, they are alike.
    :param left: establishment and depot that the goods left.
    """
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
    rows = [_line_row(note_id, position, line) for position, line in enumerate(lines, start=1)]
    insert_rows(connection, DeliveryNoteLine, rows)
    states.record(connection, DeliveryNote.__tablename__, [(note_id, None, None)], "create", by=by, at=at)
    detail = {"delivery_note": taken.number}
    orders = [(each, None, None) for each in dict.fromkeys(line.row.sales_order_id for line in lines)]
    states.record(connection, states.SALES_ORDER.name, orders, "deliver", by=by, at=at, detail=detail)
    return int(note_id)


def open_lines(connection: Connection, order_id: int) -> list[OpenLine]:
    """The lines of a sales order, each with what has left of it and what is ready to."""
    rows = connection.execute(_OPEN, {"order": order_id})
    return [OpenLine(row, row.delivered or ZERO, row.ready or ZERO) for row in rows]


_OPEN: Final = (
    select(SalesOrderLine.__table__, LEFT.label("delivered"), READY.label("ready"))
    .where(SalesOrderLine.sales_order_id == bindparam("order"))
    .order_by(SalesOrderLine.position)
)


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


def _leaving(
    number: str, lines: Sequence[OpenLine], wanted: Mapping[str, Decimal] | None
) -> list[tuple[OpenLine, Decimal]]:
    by_id = {line.row.line_id: line for line in lines}
    strange = [line_id for line_id in wanted or () if line_id not in by_id]
    if strange:
        raise Problem(
            "Nothing was delivered: {number} has no line {lines}; it has {known}.",
            ProblemCode.NO_LINE,
            (Act.SHOW_SALES_ORDER,),
            number=number,
            lines=", ".join(strange),
            known=", ".join(by_id),
        )
    if wanted is not None and not wanted:
        raise Problem("Nothing was delivered: of no line it was said how much.", ProblemCode.NO_VALUE)
    if wanted is None:
        wanted = {line_id: line.remaining for line_id, line in by_id.items() if line.remaining > 0}
    if not wanted:
        if any(line.on_slips for line in lines):
            raise Problem(
                "Nothing was delivered: what is still to leave of {number} is on picking slips.",
                ProblemCode.ON_SLIPS,
                (Act.LIST_SLIPS,),
                number=number,
            )
        raise Problem(
            "Nothing was delivered: all of {number} has left already.", ProblemCode.NOTHING_REMAINS, number=number
        )
    for line_id, quantity in wanted.items():
        _refuse(number, by_id[line_id], quantity)
    return [(by_id[line_id], quantity) for line_id, quantity in wanted.items()]


def _refuse(number: str, line: OpenLine, quantity: Decimal) -> None:
    if not fits(quantity, MILLIONTH) or quantity <= 0:
        raise Problem(
            "Nothing was delivered: {quantity} is no quantity; it is above zero, with at most 6 decimals.",
            ProblemCode.NO_VALUE,
            quantity=quantity,
        )
    if quantity > line.remaining:
        raise Problem(
            "Nothing was delivered: of line {line} of {number} there remain {remaining}, less than {quantity}.",
            ProblemCode.NOT_LEFT,
            line=line.row.line_id,
            number=number,
            remaining=plain(line.remaining),
            quantity=plain(quantity),
        )
    if quantity != line.remaining and not can_be(quantity, line.row.unit):
        raise Problem(
            "Nothing was delivered: {quantity} is no number of pieces, and the unit {unit} of line {line} is counted.",
            ProblemCode.NO_VALUE,
            quantity=plain(quantity),
            unit=line.row.unit,
            line=line.row.line_id,
        )


def _line_row(note_id: int, position: int, line: NoteLine) -> dict[str, Any]:
    same = ("product_code", "name", "unit")
    return {
        "delivery_note_id": note_id,
        "position": position,
        "sales_order_line_id": line.row.id,
        "picking_slip_line_id": line.slip_line_id,
        "quantity": line.quantity,
        **{name: getattr(line.row, name) for name in same},
    }
