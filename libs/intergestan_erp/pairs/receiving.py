"""Goods of another agency come in: an act of who unpacks them (A46, D50).

What comes in is set aside at once for the customers' orders that it was ordered for; what is less than was sent stays
on its way, what nobody needs any more is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from intergestan_db import numbers, states
from intergestan_db.among import among
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind, ReservationState, StockReason
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Dossier,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.agencies.belonging import keep_books
from intergestan_erp.agencies.places import Place
from intergestan_erp.books.post import Transfer
from intergestan_erp.books.posting import post_transfer
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.freed import Freed
from intergestan_erp.site.zone import today
from intergestan_erp.stock.left import cost_when_it_left
from intergestan_erp.stock.levels import lock_levels
from intergestan_erp.stock.locking import lock_purchases, lock_sales
from intergestan_erp.stock.moves import Move, write_moves
from intergestan_erp.stock.reserve import change_reserved
from intergestan_msg.money import MILLIONTH, ZERO, fits, line_total, without_zeros

_CUSTOMERS_LINE: Final = SalesOrderLine.__table__.alias("customers_line")
_CUSTOMERS: Final = SalesOrder.__table__.alias("customers")
_PAIR_LINE: Final = SalesOrderLine.__table__.alias("pair_line")
_SENT_LINES: Final = (
    select(
        *(DeliveryNoteLine.id, DeliveryNoteLine.position, DeliveryNoteLine.quantity, DeliveryNoteLine.unit),
        *(DeliveryNote.number, AgencyOrderLine.purchase_order_line_id, AgencyOrder.billable, AgencyOrder.supplying_id),
        *(PurchaseOrder.id.label("order_id"), PurchaseOrder.number.label("order"), PurchaseOrderLine.price),
        func.coalesce(_CUSTOMERS.c.depot_id, PurchaseOrder.depot_id).label("depot_id"),
        *(PurchaseOrderLine.product_code, _PAIR_LINE.c.product_id, _CUSTOMERS_LINE.c.sales_order_id),
        *(GoodsReceiptLine.id.label("received_id"), cost_when_it_left(_PAIR_LINE.c.product_id).label("left_at")),
    )
    .select_from(DeliveryNoteLine)
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .join(AgencyOrderLine, AgencyOrderLine.sales_order_line_id == DeliveryNoteLine.sales_order_line_id)
    .join(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .join(PurchaseOrderLine, PurchaseOrderLine.id == AgencyOrderLine.purchase_order_line_id)
    .join(_PAIR_LINE, _PAIR_LINE.c.id == AgencyOrderLine.sales_order_line_id)
    .outerjoin(Allocation, Allocation.id == AgencyOrderLine.allocation_id)
    .outerjoin(_CUSTOMERS_LINE, _CUSTOMERS_LINE.c.id == Allocation.sales_order_line_id)
    .outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _CUSTOMERS_LINE.c.sales_order_id)
    .outerjoin(GoodsReceiptLine, GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id)
    .order_by(DeliveryNote.id, DeliveryNoteLine.position)
)
_OF_NOTE: Final = _SENT_LINES.where(DeliveryNote.number == bindparam("number"))
_OF_ORDER: Final = _SENT_LINES.where(PurchaseOrder.number == bindparam("number"))
_IS_PAIR: Final = (
    select(AgencyOrder.id)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .where(PurchaseOrder.number == bindparam("number"))
)
_KEEP: Final = keep_books(select(Dossier.id).where(Dossier.id == bindparam("dossier")))
_INBOUND: Final = (
    select(Reservation.__table__)
    .where(among(Reservation.purchase_order_line_id, "lines"), Reservation.state == ReservationState.ACTIVE)
    .order_by(Reservation.id)
)
_CONSUME: Final = (
    update(Reservation)
    .where(among(Reservation.id, "reservations"))
    .values(state=ReservationState.CONSUMED, ended_at=bindparam("now", type_=UtcDateTime()))
)
_SHRINK: Final = (
    update(Reservation)
    .where(Reservation.id == bindparam("reservation"))
    .values(quantity=bindparam("left", type_=Scaled(6)))
)


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A line that came in, by its delivery note and its place there. `unit_cost` is what a unit costs here.

    :ivar for_customers: what of it is set aside again.
    """

    delivery_note: str
    position: int
    product: str
    sent: Decimal
    quantity: Decimal
    unit_cost: Decimal
    for_customers: Decimal


@dataclass(frozen=True, slots=True)
class Received:
    """A goods receipt of what an order brought. :ivar freed: goods that nobody needs any more, for others."""

    number: str
    purchase_order: str
    depot: str
    lines: tuple[ReceivedLine, ...]
    freed: Freed


def receive(
    connection: Connection,
    place: Place,
    number: str,
    wanted: Mapping[int, Decimal] | None = None,
    *,
    by: str,
    at: datetime,
) -> Received:
    """Book what came from another agency into the place's depot: of a delivery note, or of all those of an order.

    :param number: of the delivery note, or of the purchase order that it is for.
    :param wanted: what came, by the note's lines, 0 for nothing; lines that are left out come later. None: all that was
        sent and did not come in yet.
    :raises Problem: it is of no order between agencies, of another depot, came in before, or more would come than was
        sent; or lines are named of an order that came by several notes. Nothing may be written then.
    """
    connection.execute(_KEEP, {"dossier": place.dossier_id}).all()
    _lock_orders(connection, _sent(connection, number))
    coming = _coming(connection, number, _sent(connection, number), place, wanted)
    shares = share_out(coming, _inbound(connection, coming))
    levels = lock_levels(connection, [(place.depot_id, each.product_id) for each, _quantity in coming])
    taken = numbers.take_dated(connection, numbers.GOODS_RECEIPTS, today(connection, at))
    moves = [
        Move(place.depot_id, each.product_id, quantity, StockReason.RECEIPT, _cost(each), taken.number)
        for each, quantity in coming
    ]
    write_moves(connection, levels, moves, by=by, at=at)
    _set_aside(connection, place, coming, shares, at)
    first = coming[0][0]
    head = {"purchase_order_id": first.order_id, "establishment_id": place.establishment_id, "depot_id": place.depot_id}
    written = {"number": taken.number, "issue_date": taken.day, "created_at": at, "created_by": by}
    receipt_id = connection.execute(
        insert(GoodsReceipt).values(**head, **written).returning(GoodsReceipt.id)
    ).scalar_one()
    rows = [_line_row(receipt_id, position, *each) for position, each in enumerate(coming, start=1)]
    insert_rows(connection, GoodsReceiptLine, rows)
    notes = dict.fromkeys(each.number for each, _quantity in coming)
    detail = {"goods_receipt": taken.number, "delivery_note": ", ".join(notes)}
    orders = [(order_id, None, None) for order_id in sorted({each.order_id for each, _quantity in coming})]
    states.record(connection, states.PURCHASE_ORDER.name, orders, "receive", by=by, at=at, detail=detail)
    _post_plain(connection, place, coming, f"receipt:{receipt_id}", taken)
    lines = tuple(
        ReceivedLine(
            each.number, each.position, each.product_code, each.quantity, quantity, _cost(each), sum_of(shared)
        )
        for (each, quantity), shared in zip(coming, shares, strict=True)
    )
    free = {
        each.product_id for (each, quantity), shared in zip(coming, shares, strict=True) if quantity > sum_of(shared)
    }
    return Received(taken.number, first.order, place.depot, lines, Freed(products=tuple(sorted(free))))


@dataclass(frozen=True, slots=True)
class Share:
    """So much of what came is for the order of a reservation. `is_all`: nothing more is to come for it."""

    reservation: AnyRow
    quantity: Decimal
    is_all: bool


def share_out(
    coming: Sequence[tuple[AnyRow, Decimal]], inbound: Mapping[int, Sequence[AnyRow]]
) -> list[tuple[Share, ...]]:
    """For whom what came is set aside, by line; the rest is nobody's. Pure.

    :param inbound: what is on its way, by line of the purchase order.
    """
    left = {row.id: row.quantity for rows in inbound.values() for row in rows}
    found = []
    for each, quantity in coming:
        shares, rest = [], quantity
        for row in inbound.get(each.purchase_order_line_id, ()):
            taken = min(rest, left[row.id])
            if taken:
                rest -= taken
                left[row.id] -= taken
                shares.append(Share(row, taken, is_all=not left[row.id]))
        found.append(tuple(shares))
    return found


def sum_of(shares: Sequence[Share]) -> Decimal:
    """What these come to."""
    return sum((share.quantity for share in shares), ZERO)


def _post_plain(
    connection: Connection,
    place: Place,
    coming: Sequence[tuple[AnyRow, Decimal]],
    source: str,
    receipt: numbers.Dated,
) -> None:
    """Enter what is not invoiced in the books of the company, where they tell its establishments apart (A08)."""
    plain = [(each, quantity) for each, quantity in coming if not each.billable]
    if plain:
        cost = sum((line_total(quantity, _cost(each)) for each, quantity in plain), ZERO)
        places = {"supplying_id": plain[0][0].supplying_id, "requesting_id": place.establishment_id}
        moved = Transfer(source, receipt.number, receipt.day, cost, **places)
        post_transfer(connection, moved, receipt.day)


def _lock_orders(connection: Connection, sent: Sequence[AnyRow]) -> None:
    lock_sales(connection, (each.sales_order_id for each in sent if each.sales_order_id is not None))
    lock_purchases(connection, (each.order_id for each in sent))


def _inbound(connection: Connection, coming: Sequence[tuple[AnyRow, Decimal]]) -> dict[int, list[AnyRow]]:
    found: dict[int, list[AnyRow]] = {}
    lines = sorted({each.purchase_order_line_id for each, _quantity in coming})
    for row in connection.execute(_INBOUND, {"lines": lines}):
        found.setdefault(row.purchase_order_line_id, []).append(row)
    return found


def _cost(sent: AnyRow) -> Decimal:
    """What a unit costs here: its price where it is invoiced, else what it cost where it left."""
    return sent.price if sent.billable or sent.left_at is None else sent.left_at  # type: ignore[no-any-return]


def _line_row(receipt_id: int, position: int, sent: AnyRow, quantity: Decimal) -> dict[str, Any]:
    return {
        "goods_receipt_id": receipt_id,
        "position": position,
        "purchase_order_line_id": sent.purchase_order_line_id,
        "delivery_note_line_id": sent.id,
        "quantity": quantity,
        "unit_cost": _cost(sent),
    }


def _set_aside(
    connection: Connection,
    place: Place,
    coming: Sequence[tuple[AnyRow, Decimal]],
    shares: Sequence[tuple[Share, ...]],
    at: datetime,
) -> None:
    """What was on its way for customers' orders lies here for them now."""
    changes: dict[tuple[int, int], Decimal] = {}
    for (each, _quantity), shared in zip(coming, shares, strict=True):
        key = (each.product_id, place.depot_id)
        changes[key] = changes.get(key, ZERO) + sum_of(shared)
    short = change_reserved(connection, changes)
    assert not short, "what just came is there"
    taken = [share for shared in shares for share in shared]
    if not taken:
        return
    whole = [share.reservation.id for share in taken if share.is_all]
    connection.execute(_CONSUME, {"reservations": whole, "now": at})
    for share in taken:
        if share.reservation.id not in whole:
            left = share.reservation.quantity - sum_of(
                [each for each in taken if each.reservation is share.reservation]
            )
            connection.execute(_SHRINK, {"reservation": share.reservation.id, "left": left})
    rows = [
        {
            "allocation_id": share.reservation.allocation_id,
            "depot_id": place.depot_id,
            "product_id": share.reservation.product_id,
            "kind": ReservationKind.STOCK,
            "quantity": share.quantity,
            "state": ReservationState.ACTIVE,
            "created_at": at,
        }
        for share in taken
    ]
    insert_rows(connection, Reservation, rows)


def _sent(connection: Connection, number: str) -> Sequence[AnyRow]:
    """What was sent by a delivery note, or by all those of an order, whether it came in or not."""
    for query in (_OF_NOTE, _OF_ORDER):
        if rows := connection.execute(query, {"number": number}).all():
            return rows
    if connection.execute(_IS_PAIR, {"number": number}).first() is not None:
        raise Problem(
            "Nothing of {number} has left yet, so nothing can have come. Nothing was received.",
            ProblemCode.NO_DELIVERY,
            (Act.SHOW_TRANSIT,),
            number=number,
        )
    raise Problem(
        "There is no delivery note {number} of an order between agencies. Nothing was received.",
        ProblemCode.NO_DELIVERY,
        (Act.SHOW_TRANSIT,),
        number=number,
    )


def _coming(
    connection: Connection, number: str, sent: Sequence[AnyRow], place: Place, wanted: Mapping[int, Decimal] | None
) -> list[tuple[AnyRow, Decimal]]:
    """What comes in here now, by line of its note."""
    here = [each for each in sent if each.depot_id == place.depot_id]
    if not here:
        raise _elsewhere(connection, sent[0], place)
    if wanted is None:
        coming = [(each, each.quantity) for each in here if each.received_id is None]
        if not coming:
            raise _received_before(number)
        return coming
    notes = dict.fromkeys(each.number for each in sent)
    if len(notes) > 1:
        raise Problem(
            "{number} came by several delivery notes: {notes}. Lines are those of one of them, so name it. Nothing was "
            "received.",
            ProblemCode.NO_LINE,
            (Act.SHOW_TRANSIT,),
            number=number,
            notes=", ".join(notes),
        )
    by_position = {each.position: each for each in sent}
    if not wanted:
        raise Problem("Of no line it was said how much came. Nothing was received.", ProblemCode.NO_VALUE)
    strange = [position for position in wanted if position not in by_position]
    if strange:
        raise Problem(
            "{number} has no line {lines}; it has {known}. Nothing was received.",
            ProblemCode.NO_LINE,
            (Act.SHOW_TRANSIT,),
            number=sent[0].number,
            lines=", ".join(map(str, strange)),
            known=", ".join(map(str, by_position)),
        )
    for position, quantity in wanted.items():
        _check(connection, by_position[position], place, quantity)
    return [(by_position[position], quantity) for position, quantity in sorted(wanted.items())]


def _check(connection: Connection, sent: AnyRow, place: Place, quantity: Decimal) -> None:
    if sent.depot_id != place.depot_id:
        raise _elsewhere(connection, sent, place)
    if sent.received_id is not None:
        raise _received_before(sent.number)
    fine = fits(quantity, MILLIONTH) and (quantity == sent.quantity or can_be(quantity, sent.unit))
    if not (fine and ZERO <= quantity <= sent.quantity):
        raise Problem(
            "Of line {line} of {number} {sent} were sent, so {quantity} cannot have come. Nothing was received.",
            ProblemCode.NO_VALUE,
            line=sent.position,
            number=sent.number,
            sent=without_zeros(sent.quantity),
            quantity=without_zeros(quantity),
        )


def _received_before(number: str) -> Problem:
    return Problem(
        "{number} was received before. Nothing was changed.",
        ProblemCode.RECEIVED_BEFORE,
        (Act.SHOW_TRANSIT,),
        number=number,
    )


def _elsewhere(connection: Connection, sent: AnyRow, place: Place) -> Problem:
    depot = connection.execute(select(Depot.code).where(Depot.id == sent.depot_id)).scalar_one()
    return Problem(
        "{number} goes to {depot}, and this was done at {here}. Nothing was changed.",
        ProblemCode.WRONG_PLACE,
        (Act.BE_THERE,),
        number=sent.number,
        depot=depot,
        here=str(place),
    )
