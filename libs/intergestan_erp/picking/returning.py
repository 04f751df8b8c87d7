"""Goods of a delivery note come back (RT, D44): into a depot at the cost with which they left, and off the invoice.

What was not invoiced yet is invoiced without them; what was is credited, in the same transaction or later. The order's
line stays delivered: a replacement is a new order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from intergestan_db import numbers, states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import StockReason, Supply
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Dossier,
    GoodsReturn,
    GoodsReturnLine,
    Invoice,
    InvoiceLine,
    Product,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.agencies.belonging import folder_of
from intergestan_erp.agencies.paired import IS_SOLD
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.picking.to_credit import IS_TO_CREDIT, TO_CREDIT
from intergestan_erp.selling import credit_notes
from intergestan_erp.selling.returned import RETURNED
from intergestan_erp.site.zone import today
from intergestan_erp.stock.left import cost_when_it_left
from intergestan_erp.stock.levels import lock_levels
from intergestan_erp.stock.locking import lock_sales
from intergestan_erp.stock.moves import Move, write_moves
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain

_LONGEST_REASON: Final = 500
_NOTE: Final = (
    select(
        *(DeliveryNote.__table__, Depot.code.label("depot")),
        folder_of(DeliveryNote.establishment_id).label("folder_id"),
    )
    .join(Depot, Depot.id == DeliveryNote.depot_id)
    .where(DeliveryNote.number == bindparam("number"))
)
_ORDERS: Final = (
    select(SalesOrder.id, SalesOrder.number, IS_SOLD.label("is_sold"))
    .where(
        SalesOrder.id.in_(
            select(SalesOrderLine.sales_order_id)
            .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
            .where(DeliveryNoteLine.delivery_note_id == bindparam("note"))
        )
    )
    .order_by(SalesOrder.id)
)
_LINES: Final = (
    select(
        *(DeliveryNoteLine.id, DeliveryNoteLine.position, DeliveryNoteLine.quantity, DeliveryNoteLine.unit),
        *(DeliveryNoteLine.product_code, SalesOrderLine.product_id, Product.supply, RETURNED.label("returned")),
        *(InvoiceLine.id.label("invoice_line_id"), cost_when_it_left(SalesOrderLine.product_id).label("left_at")),
    )
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
    .outerjoin(Product, Product.id == SalesOrderLine.product_id)
    .outerjoin(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    .where(DeliveryNoteLine.delivery_note_id == bindparam("note"))
    .order_by(DeliveryNoteLine.position)
)
_UNCREDITED: Final = (
    select(
        *(GoodsReturnLine.id, GoodsReturnLine.delivery_note_line_id, TO_CREDIT.label("to_credit")),
        *(InvoiceLine.id.label("invoice_line_id"), InvoiceLine.position, Invoice.number),
    )
    .join(InvoiceLine, InvoiceLine.id == GoodsReturnLine.invoice_line_id)
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .where(GoodsReturnLine.goods_return_id == bindparam("back"), IS_TO_CREDIT)
    .order_by(Invoice.id, InvoiceLine.position)
)
_CREDITED: Final = (
    select(CreditNoteLine.invoice_line_id, CreditNoteLine.id)
    .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
    .where(CreditNote.number == bindparam("number"))
)
_TIE: Final = (
    update(GoodsReturnLine)
    .where(GoodsReturnLine.id == bindparam("line"))
    .values(credit_note_line_id=bindparam("credited"))
)
_RETURN: Final = (
    select(GoodsReturn.id, GoodsReturn.number, GoodsReturn.reason, DeliveryNote.customer_id)
    .join(DeliveryNote, DeliveryNote.id == GoodsReturn.delivery_note_id)
    .where(GoodsReturn.number == bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """A line that came back. :ivar invoiced: it was on an invoice by then.

    :ivar to_credit: what of it is still to be credited; what the invoice's line was credited before counts.
    """

    position: int
    product: str | None
    quantity: Decimal
    invoiced: bool
    to_credit: Decimal


@dataclass(frozen=True, slots=True)
class Returned:
    """A return. :ivar credit_notes: what credits it, by number; `freed`: goods that others may have now."""

    number: str
    delivery_note: str
    depot: str
    lines: tuple[ReturnedLine, ...]
    credit_notes: tuple[str, ...]
    freed: Freed

    @property
    def is_to_credit(self) -> bool:
        """Whether something of it was invoiced and is not credited."""
        return any(line.to_credit for line in self.lines)


def enter_return(
    connection: Connection,
    number: str,
    wanted: Mapping[int, Decimal],
    reason: str,
    place: Place,
    *,
    credit: bool = False,
    by: str,
    at: datetime,
) -> Returned:
    """Book that goods of a delivery note came back into the place's depot.

    :param wanted: how much of each of the note's lines, by position.
    :param reason: why; of a credit note the customer reads it.
    :param credit: make the credit note of what was invoiced.
    :raises Problem: there is no such note, it is between agencies or of another company's books, or less of a line can
        come back; or it cannot be credited. Nothing may be written then.
    """
    why = _checked(reason)
    note = _note(connection, number, place)
    lock_parties(connection, [note.customer_id])
    orders = connection.execute(_ORDERS, {"note": note.id}).all()
    for order in orders:
        if order.is_sold:
            raise Problem(
                "{note} is of {order}, an order between agencies: what comes back of it is not received. Nothing was "
                "entered.",
                ProblemCode.OF_A_PAIR,
                (Act.SHOW_TRANSIT,),
                note=number,
                order=order.number,
            )
    lock_sales(connection, (order.id for order in orders))
    lines = {line.position: line for line in connection.execute(_LINES, {"note": note.id})}
    coming = _coming(number, lines, wanted)
    goods = [(line, quantity) for line, quantity in coming if line.supply == Supply.GOODS]
    levels = lock_levels(connection, [(place.depot_id, line.product_id) for line, _quantity in goods])
    taken = numbers.take_dated(connection, numbers.GOODS_RETURNS, today(connection, at))
    moves = [
        Move(place.depot_id, line.product_id, quantity, StockReason.RETURN, line.left_at, taken.number)
        for line, quantity in goods
    ]
    write_moves(connection, levels, moves, by=by, at=at)
    back = _write(connection, note, taken, coming, why, place, by=by, at=at)
    made = _credit(connection, back, why, by=by, at=at) if credit else ()
    detail = {"goods_return": taken.number, "credit_notes": list(made)}
    own = [(note.id, None, None)]
    states.record(connection, DeliveryNote.__tablename__, own, "return", by=by, at=at, detail=detail)
    waits = {row.delivery_note_line_id: row.to_credit for row in connection.execute(_UNCREDITED, {"back": back})}
    came = tuple(
        ReturnedLine(
            *(line.position, line.product_code, quantity),
            invoiced=line.invoice_line_id is not None,
            to_credit=waits.get(line.id, ZERO),
        )
        for line, quantity in coming
    )
    freed = Freed((note.customer_id,), tuple(sorted({line.product_id for line, _quantity in goods})))
    return Returned(taken.number, number, place.depot, came, made, freed)


def customer_of(connection: Connection, number: str) -> int:
    """The customer of a delivery note, read without a lock: customers are locked before their documents.

    :raises Problem: there is none of this number.
    """
    query = select(DeliveryNote.customer_id).where(DeliveryNote.number == number)
    customer_id = connection.execute(query).scalar()
    if customer_id is None:
        raise _no_note(number)
    return int(customer_id)


def customer_of_return(connection: Connection, number: str) -> int:
    """The customer of a return, read without a lock.

    :raises Problem: there is none of this number.
    """
    return int(_return(connection, number).customer_id)


def credit_return(connection: Connection, number: str, *, by: str, at: datetime) -> tuple[str, ...]:
    """Credit what of a return was invoiced and is not credited yet; the numbers of the credit notes.

    :raises Problem: there is no such return, or nothing of it is to be credited, or less of the invoice is left.
    """
    row = _return(connection, number)
    lock_parties(connection, [row.customer_id])
    made = _credit(connection, row.id, row.reason, by=by, at=at)
    if not made:
        raise Problem(
            "Nothing of {number} is to be credited. Nothing was entered.",
            ProblemCode.NO_CREDIT,
            (Act.LIST_RETURNS,),
            number=number,
        )
    return made


def _return(connection: Connection, number: str) -> AnyRow:
    row = connection.execute(_RETURN, {"number": number}).one_or_none()
    if row is None:
        raise Problem(
            "There is no return {number}. Nothing was entered.",
            ProblemCode.NO_RETURN,
            (Act.LIST_RETURNS,),
            number=number,
        )
    return row


def _note(connection: Connection, number: str, place: Place) -> AnyRow:
    note = connection.execute(_NOTE, {"number": number}).one_or_none()
    if note is None:
        raise _no_note(number)
    if note.folder_id != place.folder_id:
        raise Problem(
            "{note} left {depot}, and this was done at {here}, of another company. Nothing was entered.",
            ProblemCode.WRONG_PLACE,
            (Act.BE_THERE,),
            note=number,
            depot=note.depot,
            here=str(place),
        )
    if not connection.execute(select(Dossier.manage_stock).where(Dossier.id == place.dossier_id)).scalar_one():
        raise Problem(
            "Dossier {number} does not manage stock. Nothing was entered.",
            ProblemCode.STOCK_NOT_MANAGED,
            (Act.SET_DOSSIER,),
            number=place.dossier,
        )
    return note


def _no_note(number: str) -> Problem:
    return Problem(
        "There is no delivery note {number}. Nothing was entered.",
        ProblemCode.NO_DELIVERY,
        (Act.LIST_SALES,),
        number=number,
    )


def _checked(reason: str) -> str:
    why = " ".join(reason.split())
    if not 0 < len(why) <= _LONGEST_REASON:
        raise Problem(
            "A return says why, in at most {most} characters. Nothing was entered.",
            ProblemCode.NO_REASON,
            most=_LONGEST_REASON,
        )
    return why


def _coming(number: str, lines: Mapping[int, AnyRow], wanted: Mapping[int, Decimal]) -> list[tuple[AnyRow, Decimal]]:
    strange = [position for position in wanted if position not in lines]
    if strange or not wanted:
        raise Problem(
            "{number} has no line {lines}; it has {known}. Nothing was entered.",
            ProblemCode.NO_LINE,
            (Act.SHOW_NOTE,),
            number=number,
            lines=", ".join(map(str, strange)) or "–",
            known=", ".join(map(str, lines)),
        )
    for position, quantity in wanted.items():
        line = lines[position]
        left = line.quantity - (line.returned or ZERO)
        if not fits(quantity, MILLIONTH) or quantity <= 0 or (quantity != left and not can_be(quantity, line.unit)):
            raise Problem(
                "{quantity} is no quantity of line {line} of {delivery_note}; nothing was entered.",
                ProblemCode.NO_AMOUNT,
                quantity=plain(quantity),
                line=position,
                delivery_note=number,
            )
        if quantity > left:
            raise Problem(
                "{delivery_note} line {line} has {left} that did not come back, less than {quantity}; nothing was "
                "entered.",
                ProblemCode.RETURN_TOO_MUCH,
                (Act.LIST_RETURNS,),
                delivery_note=number,
                line=position,
                left=plain(left),
                quantity=plain(quantity),
            )
    return [(lines[position], quantity) for position, quantity in sorted(wanted.items())]


def _write(
    connection: Connection,
    note: AnyRow,
    taken: numbers.Dated,
    coming: Sequence[tuple[AnyRow, Decimal]],
    why: str,
    place: Place,
    *,
    by: str,
    at: datetime,
) -> int:
    head = {"delivery_note_id": note.id, "depot_id": place.depot_id, "establishment_id": place.establishment_id}
    written = {"number": taken.number, "issue_date": taken.day, "reason": why, "created_at": at, "created_by": by}
    back = connection.execute(insert(GoodsReturn).values(**head, **written).returning(GoodsReturn.id)).scalar_one()
    rows = [
        {
            "goods_return_id": back,
            "delivery_note_line_id": line.id,
            "quantity": quantity,
            "invoice_line_id": line.invoice_line_id,
        }
        for line, quantity in coming
    ]
    insert_rows(connection, GoodsReturnLine, rows)
    return int(back)


def _credit(connection: Connection, back: int, why: str, *, by: str, at: datetime) -> tuple[str, ...]:
    """Credit what of a return was invoiced, invoice by invoice."""
    by_invoice: dict[str, list[AnyRow]] = {}
    for row in connection.execute(_UNCREDITED, {"back": back}):
        by_invoice.setdefault(row.number, []).append(row)
    made = []
    for invoice, rows in by_invoice.items():
        lines = {row.position: row.to_credit for row in rows}
        credited = credit_notes.credit(connection, invoice, why, lines, by=by, at=at)
        ids = {row.invoice_line_id: row.id for row in connection.execute(_CREDITED, {"number": credited.number})}
        ties = [{"line": row.id, "credited": ids[row.invoice_line_id]} for row in rows]
        connection.execute(_TIE, ties)
        made.append(credited.number)
    return tuple(made)
