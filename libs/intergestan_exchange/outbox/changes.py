"""Changing or cancelling a purchase order that was sent: the request of one more mail, with a sequence number.

The order itself stays as both sides agreed on it until the answer comes (`apply_changes`); what is asked for stands
in `purchase_order_change`. A further change builds on what was asked for last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, insert, select

from intergestan_db import site_rows, states
from intergestan_db.database import AnyRow
from intergestan_db.enums import ChangeState, PurchaseState
from intergestan_db.problem import Act, Problem, ProblemCode, Remark
from intergestan_db.tables import PurchaseOrder, PurchaseOrderChange
from intergestan_erp.agencies.paired import refuse_bought
from intergestan_erp.documents import documents
from intergestan_erp.inputs.days import may_be_wanted
from intergestan_erp.purchasing.change_edits import Edits, as_change, compared, edited, with_totals
from intergestan_erp.site.zone import today
from intergestan_exchange.outbox.request import partner_of
from intergestan_exchange.outbox.requests import request_mail
from intergestan_msg.as_peppol import order_as_peppol
from intergestan_msg.change import (
    ChangeCode,
    OrderCancellation,
    OrderChange,
)
from intergestan_msg.identity import nfc
from intergestan_msg.kinds import Kind
from intergestan_msg.order import Order
from intergestan_msg.shapes import Shape

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from intergestan_erp.order_files.file_order import FileOrder, Options
    from intergestan_erp.order_files.order_reading import ReadOrders

CHANGEABLE = (PurchaseState.WAITING, PurchaseState.ACCEPTED, PurchaseState.CHANGED)
NO_REASON = {"fr": "Annulée par l'acheteur", "en": "Cancelled by the buyer"}
_CHANGE = Shape(OrderChange)
_CANCELLATION = Shape(OrderCancellation)


@dataclass(frozen=True, slots=True)
class Requested:
    """A change on its way: its sequence number, and the outbound mail to ring the composer with.

    :ivar said: what was taken for granted in the file that states it.
    :ivar is_early: the supplier has not decided about the order itself yet.
    """

    sequence: int
    mail_id: int
    said: tuple[Remark, ...] = ()
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """A sent order, locked, with what it will be once everything that is under way is accepted."""

    row: AnyRow
    partner: AnyRow
    order: Order
    sequence: int


@dataclass(frozen=True, slots=True)
class OrderFile:
    """A file that states an order as it shall be, read before any transaction.

    :ivar said: what must be known of how it was read.
    """

    file: str
    orders: Sequence[FileOrder]
    options: Options
    said: tuple[Remark, ...] = ()


def read_order_file(file: str, data: bytes, options: Options, zone: ZoneInfo, *, read: ReadOrders) -> OrderFile:
    """The orders of a file (UBL, CSV, XLSX, ODS) for `request_file`.

    :param read: as `import_file` has it.
    :raises FileProblems: with every fault that the file itself has.
    """
    reading = read(file, data, options, zone)
    return OrderFile(file, reading.orders, options, reading.said)


def read_base(connection: Connection, number: str) -> Base:
    """What a further change of an order builds on.

    :raises Problem: there is no such order; it was not sent, or is refused or cancelled; its cancellation is on
        its way; its supplier is no partner or has no address.
    """
    number = nfc(number)
    row = connection.execute(
        select(PurchaseOrder.__table__).where(PurchaseOrder.number == number).with_for_update()
    ).first()
    if row is None:
        raise Problem(
            "There is no purchase order {numbers}. Nothing was changed.",
            ProblemCode.NO_ORDER,
            (Act.LIST_ORDERS,),
            numbers=number,
        )
    refuse_bought(connection, row.id, number)
    _check_state(row)
    partner = site_rows.read_partner(connection, partner_of(connection, row.supplier_id))
    under_way = _under_way(connection, row)
    if under_way and under_way[-1].type == "cancel":
        raise Problem(
            "The cancellation of {number} is on its way; nothing was changed.", ProblemCode.ON_ITS_WAY, number=number
        )
    last = max([row.revision, *(change.revision for change in under_way)])
    return Base(row, partner, _order(connection, row, partner, under_way), last + 1)


def request_edits(
    connection: Connection,
    number: str,
    edits: Edits,
    user_id: int,
    *,
    by: str,
    at: datetime,
    any_dates: bool = False,
) -> Requested:
    """Ask the seller for other quantities, prices, dates, or fewer lines.

    :param any_dates: whether the wanted day is meant, however far it is from the order's own.
    :raises Problem: as `read_base`; a line is none of the order's; nothing would be otherwise.
    """
    base = read_base(connection, number)
    wanted = edits.wanted_date
    if wanted is not None and not any_dates and not may_be_wanted(wanted, base.row.issue_date, today(connection, at)):
        raise Problem(
            "Nothing was changed: the goods are wanted on {wanted}, and the order is of {day}: they are wanted "
            "from that day on, and in two years at most. Correct the date.",
            ProblemCode.IMPLAUSIBLE_DAY,
            (Act.ANY_DATES,),
            wanted=wanted,
            day=base.row.issue_date,
        )
    return request_change(connection, base, edited(base.order, edits), user_id, by=by, at=at)


def request_file(
    connection: Connection, number: str, stated: OrderFile, user_id: int, *, by: str, at: datetime
) -> Requested:
    """Ask the seller for the order as a file states it; lines are matched by their id.

    :raises FileProblems: with every fault of the file.
    :raises Problem: as `request_edits`; the file has another order.
    """
    from intergestan_erp.order_files.order_files import values_of  # it loads lxml, which the composer does without

    base, file = read_base(connection, number), stated.file
    if len(stated.orders) != 1 or stated.orders[0].number != base.row.number:
        raise Problem(
            "{file} is no file with the order {number} alone; nothing was changed.",
            ProblemCode.OTHER_FILE,
            file=file,
            number=number,
        )
    values = values_of(connection, file, stated.orders[0], stated.options)
    if values.head["supplier_id"] != base.row.supplier_id:
        raise Problem(
            "{file} names another supplier than {number} has; nothing was changed.",
            ProblemCode.OTHER_FILE,
            file=file,
            number=number,
        )
    if values.head["currency"] != base.row.currency:
        raise Problem(
            "{file} is in {currency}, and {number} in {ours}: an order keeps its currency. Nothing was changed; cancel "
            "the order and make another one.",
            ProblemCode.OTHER_CURRENCY,
            (Act.CANCEL_ORDER,),
            file=file,
            number=number,
            currency=values.head["currency"],
            ours=base.row.currency,
        )
    if values.head["issue_date"] != base.row.issue_date:
        raise Problem(
            "{file} is of {day}, and {number} of {ours}: an order keeps its date. Nothing was changed; write the date "
            "of the order.",
            ProblemCode.OTHER_FILE,
            file=file,
            number=number,
            day=values.head["issue_date"],
            ours=base.row.issue_date,
        )
    values.head["carried"] = {**(base.row.carried or {}), **(values.head["carried"] or {})} or None
    head = SimpleNamespace(**values.head, contact_name=None, contact_email=None)
    lines, charges = ([SimpleNamespace(**row) for row in rows] for rows in (values.lines, values.charges))
    shall_be = documents.order_document(head, lines, charges, base.order.buyer, base.order.seller)
    shall_be = replace(as_change(shall_be), buyer=base.order.buyer)
    asked = request_change(connection, base, shall_be, user_id, by=by, at=at)
    return replace(asked, said=(*stated.said, *values.notes))


def request_change(
    connection: Connection,
    base: Base,
    shall_be: Order,
    user_id: int,
    *,
    by: str,
    at: datetime,
    touched: Iterable[str] = (),
) -> Requested:
    """Ask the seller for the order as it shall be.

    :param touched: lines that are asked for even if they are as before: the answer to a change of the seller's.
    :raises Problem: nothing would be otherwise, or no line would be left.
    """
    lines = list(compared(base.order, shall_be, frozenset(touched)))
    if not any(code is not ChangeCode.DELETED for code, _ in lines):
        raise Problem(
            "No line of {number} would be left; nothing was changed.",
            ProblemCode.NO_LINE_LEFT,
            (Act.CANCEL_ORDER,),
            number=base.row.number,
        )
    same_head = replace(shall_be, lines=base.order.lines) == base.order
    if same_head and all(code is ChangeCode.UNCHANGED for code, _ in lines):
        raise Problem(
            "{number} is like that already; nothing was changed.", ProblemCode.UNCHANGED, number=base.row.number
        )
    change = OrderChange(
        id=documents.change_id(base.row.number, base.sequence),
        sequence=base.sequence,
        issue_date=today(connection, at),
        order=replace(with_totals(shall_be), lines=tuple(line for _, line in lines)),
        codes=tuple(code for code, _ in lines),
    )
    return _request(connection, base, "change", change, user_id, by=by, at=at)


def request_cancellation(
    connection: Connection, number: str, reason: str | None, user_id: int, *, by: str, at: datetime
) -> Requested:
    """Ask the seller to cancel an order as a whole.

    :raises Problem: as `read_base`.
    """
    base = read_base(connection, number)
    cancellation = OrderCancellation(
        id=documents.change_id(base.row.number, base.sequence),
        issue_date=today(connection, at),
        order_id=base.row.number,
        reason=reason or NO_REASON[base.partner.language],
        buyer=base.order.buyer,
        seller=base.order.seller,
    )
    return _request(connection, base, "cancel", cancellation, user_id, by=by, at=at)


def read_document(row: AnyRow) -> OrderChange | OrderCancellation:
    """The document of a `purchase_order_change`."""
    return _CHANGE.convert(row.document) if row.type == "change" else _CANCELLATION.convert(row.document)


def _check_state(row: AnyRow) -> None:
    if row.state in CHANGEABLE:
        return
    if row.state in {PurchaseState.DRAFT, PurchaseState.CONFIRMED}:
        raise Problem(
            "{number} was not sent (it is {state}), so there is nothing to tell the supplier.",
            ProblemCode.NOT_SENT,
            (Act.UNCONFIRM_ORDER,),
            number=row.number,
            state=row.state,
        )
    if row.state == PurchaseState.TRANSMITTING:
        raise Problem(
            "{number} is on its way out; nothing was changed. Try again when it is sent, or give its mail up.",
            ProblemCode.ON_ITS_WAY,
            (Act.ABANDON_MAIL,),
            number=row.number,
        )
    raise Problem(
        "{number} is {state}: nothing of it can be changed any more.",
        ProblemCode.OTHER_STATE,
        number=row.number,
        state=row.state,
    )


def _under_way(connection: Connection, row: AnyRow) -> Sequence[AnyRow]:
    """The changes that are not part of the order yet and may become so, in their order."""
    table = PurchaseOrderChange
    query = select(table.__table__).where(
        table.purchase_order_id == row.id, table.revision > row.revision, table.state != ChangeState.ABANDONED
    )
    return connection.execute(query.order_by(table.revision)).all()


def _order(connection: Connection, row: AnyRow, partner: AnyRow, under_way: Sequence[AnyRow]) -> Order:
    hoped_for = [change for change in under_way if change.state != ChangeState.REJECTED]
    if hoped_for:
        change = read_document(hoped_for[-1])
        assert isinstance(change, OrderChange)
        stay = tuple(line for code, line in change.lines() if code is not ChangeCode.DELETED)
        return order_as_peppol(replace(change.order, lines=stay))
    buyer = documents.site_party(site_rows.read_site(connection))
    (order,) = documents.purchase_orders(connection, [row.id], buyer, documents.partner_party(connection, partner))
    return as_change(order)


def _request(
    connection: Connection,
    base: Base,
    kind: str,
    document: OrderChange | OrderCancellation,
    user_id: int,
    *,
    by: str,
    at: datetime,
) -> Requested:
    mail_id = request_mail(connection, Kind.ORDERS, base.partner.id, at, requested_by_id=user_id)
    values: dict[str, Any] = {
        "purchase_order_id": base.row.id,
        "revision": base.sequence,
        "type": kind,
        "state": ChangeState.TRANSMITTING,
        "document": msgspec.to_builtins(document),
        "outbound_mail_id": mail_id,
        "requested_by": by,
        "requested_at": at,
        "updated_at": at,
    }
    change = insert(PurchaseOrderChange).values(**values).returning(PurchaseOrderChange.id)
    change_id = connection.execute(change).scalar_one()
    for machine, row_id in ((states.OUTBOUND_MAIL, mail_id), (states.PURCHASE_ORDER_CHANGE, change_id)):
        states.record(connection, machine.name, [(row_id, None, machine.first)], "request", by=by, at=at)
    detail = {"revision": base.sequence, "type": kind}
    moved = [(base.row.id, None, None)]
    states.record(connection, states.PURCHASE_ORDER.name, moved, f"ask {kind}", by=by, at=at, detail=detail)
    is_early = base.row.state in {PurchaseState.TRANSMITTING, PurchaseState.WAITING}
    return Requested(base.sequence, mail_id, is_early=is_early)
