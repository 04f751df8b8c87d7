"""What sellers changed of our orders: shown as a difference, accepted or refused by a person.

Either decision travels to the seller as a change of the order: accepting restates the seller's values, refusing
restates ours. The lines are settled when the seller has answered that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import ChangeState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Party, PurchaseOrder, PurchaseOrderChange, PurchaseOrderLine
from intergestan_erp.listing.page import MOST, USUAL, Page, read_page
from intergestan_erp.purchasing.change_edits import priced
from intergestan_exchange.inbox.apply_changes import OPEN_CODES, is_open
from intergestan_exchange.outbox.changes import Requested, read_base, request_cancellation, request_change
from intergestan_msg.answer import ANSWER_LINE, AnswerLine, LineCode
from intergestan_msg.money import ONE, Price
from intergestan_msg.order import Item, OrderLine, Period, one_day


@dataclass(frozen=True, slots=True)
class SellerChange:
    """A line of an order, and what the seller makes of it; a price is for as many units as `base_quantity` says.

    :ivar under_way: the change in which our decision travels, if there is one.
    """

    order: str
    supplier: str
    line_id: str
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    answer: AnswerLine
    under_way: int | None

    @property
    def is_shortage(self) -> bool:
        """Whether the seller will not deliver the line at all."""
        return self.answer.code == LineCode.NOT_ACCEPTED


def list_seller_changes(connection: Connection, number: str | None = None) -> list[SellerChange]:
    """The lines that sellers changed and we have not agreed to, by order and line."""
    found: list[SellerChange] = []
    after, more = None, True
    while more:
        page = list_seller_changes_page(connection, number, size=MOST, after=after)
        found += page.rows
        after, more = page.after, page.after is not None
    return found


def list_seller_changes_page(
    connection: Connection, number: str | None = None, *, size: int = USUAL, after: str | None = None
) -> Page[SellerChange]:
    """A page of them: two statements.

    :raises Problem: `after` is of no such page.
    """
    line, order = PurchaseOrderLine, PurchaseOrder
    query = (
        select(line.__table__, order.number, order.revision, Party.name.label("supplier"))
        .join(order, order.id == line.purchase_order_id)
        .join(Party, Party.id == order.supplier_id)
        .where(line.answer_code.in_(OPEN_CODES), is_open(line, order), order.state != "cancelled")
    )
    if number is not None:
        query = query.where(order.number == number)
    keys = [order.id, line.position, line.id]
    page: Page[AnyRow] = read_page(connection, query, keys, lambda row: row, size=size, after=after)
    deciding = _under_way(connection, sorted({row.purchase_order_id for row in page.rows}))
    changes = tuple(
        SellerChange(
            row.number,
            row.supplier,
            row.line_id,
            row.product_code,
            row.name,
            row.quantity,
            row.unit,
            row.price,
            row.base_quantity,
            ANSWER_LINE.convert(row.answer),
            deciding.get((row.purchase_order_id, row.line_id)),
        )
        for row in page.rows
    )
    return Page(changes, page.after)


class What(StrEnum):
    """What a seller says of a line otherwise than it was ordered."""

    SHORTAGE = "shortage"
    SUBSTITUTE = "substitute"
    QUANTITY = "quantity"
    PRICE = "price"
    BACKORDER = "backorder"
    PROMISED = "promised"
    PART = "part"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One thing that differs. :ivar value: theirs; None of a shortage. :ivar unit: of a quantity.

    :ivar day: when a part of the line is promised, if it is.
    """

    what: What
    value: Decimal | date | str | None = None
    unit: str | None = None
    day: date | None = None


def said_otherwise(change: SellerChange) -> tuple[Otherwise, ...]:
    """What differs from the line as it was ordered."""
    said = change.answer
    if change.is_shortage:
        return (Otherwise(What.SHORTAGE),)
    found = []
    if said.substitute is not None:
        found.append(Otherwise(What.SUBSTITUTE, said.substitute.sellers_id or said.substitute.name))
    if said.quantity is not None and said.quantity != change.quantity:
        found.append(Otherwise(What.QUANTITY, said.quantity, said.unit))
    if said.price is not None and said.price * change.base_quantity != change.price * said.base_quantity:
        found.append(Otherwise(What.PRICE, said.price))
    if said.backorder is not None:
        found.append(Otherwise(What.BACKORDER, said.backorder))
    found += [Otherwise(What.PART, part.quantity, part.unit, part.promised) for part in said.parts]
    if said.promised is not None and not said.parts:
        found.append(Otherwise(What.PROMISED, one_day(said.promised)))
    if said.note:
        found.append(Otherwise(What.NOTE, said.note))
    return tuple(found)


def accept(
    connection: Connection, number: str, lines: Sequence[str], user_id: int, *, by: str, at: datetime
) -> Requested:
    """Agree to the seller's values of these lines, or of all that are open.

    A line that the seller will not deliver is deleted; when none would be left, the order is cancelled.

    :raises Problem: there is no such order, nothing is open, a line is not, or a decision is on its way already.
    """
    base = read_base(connection, number)
    chosen = _chosen(connection, number, lines)
    agreed = {each.line_id: each for each in chosen}
    said = [_as_said(line, agreed.get(line.id)) for line in base.order.lines]
    stay = tuple(line for line in said if line is not None)
    if not stay:
        return request_cancellation(connection, number, None, user_id, by=by, at=at)
    shall_be = replace(base.order, lines=stay)
    return request_change(connection, base, shall_be, user_id, by=by, at=at, touched=agreed)


def refuse(
    connection: Connection, number: str, lines: Sequence[str], user_id: int, *, by: str, at: datetime
) -> Requested:
    """Ask again for what was ordered; the seller's clerk decides.

    :raises Problem: as `accept`.
    """
    base = read_base(connection, number)
    asked = {each.line_id: each for each in _chosen(connection, number, lines)}
    return request_change(connection, base, base.order, user_id, by=by, at=at, touched=asked)


def _chosen(connection: Connection, number: str, lines: Sequence[str]) -> list[SellerChange]:
    still_open = list_seller_changes(connection, number)
    known = {each.line_id for each in still_open}
    strange = [line for line in lines if line not in known]
    if strange or not still_open:
        raise Problem(
            "The seller changed nothing of {number} that you have not agreed to; nothing was sent.",
            ProblemCode.UNCHANGED,
            number=" ".join([number, *strange]),
        )
    chosen = [each for each in still_open if not lines or each.line_id in lines]
    decided = [each for each in chosen if each.under_way is not None]
    if decided:
        raise Problem(
            "Your decision on {number}, line {line}, is on its way in change {sequence}; nothing was sent.",
            ProblemCode.ON_ITS_WAY,
            number=number,
            line=decided[0].line_id,
            sequence=decided[0].under_way,
        )
    return chosen


def _as_said(line: OrderLine, change: SellerChange | None) -> OrderLine | None:
    """The line with the seller's values; None for one that will not be delivered."""
    if change is None:
        return line
    said = change.answer
    if change.is_shortage:
        return None
    price = line.price if said.price is None else Price(said.price, said.base_quantity or ONE)
    return priced(
        replace(
            line,
            item=_item(line.item, said),
            quantity=line.quantity if said.quantity is None else said.quantity,
            unit=said.unit or line.unit,
            price=price,
            wanted=Period(None, one_day(said.promised)) if said.promised else line.wanted,
        )
    )


def _item(item: Item, said: AnswerLine) -> Item:
    tax = said.item.tax if said.item is not None and said.item.tax is not None else item.tax
    other = said.substitute
    if other is None:
        return replace(item, tax=tax)
    code = other.buyers_id or other.sellers_id
    return replace(other, buyers_id=code, sellers_id=other.sellers_id or code, tax=other.tax or tax)


def _under_way(connection: Connection, order_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """The change that speaks of a line and is not part of the order yet, by order and line.

    It is not answered, or a change before it is not: what is agreed is put into the order in its turn.
    """
    table, order = PurchaseOrderChange, PurchaseOrder
    gone = [ChangeState.REJECTED, ChangeState.ABANDONED]
    rows = connection.execute(
        select(table.purchase_order_id, table.revision, table.type, table.document)
        .join(order, order.id == table.purchase_order_id)
        .where(order.id.in_(order_ids), table.revision > order.revision, table.state.not_in(gone))
        .order_by(table.revision)
    )
    return {
        (row.purchase_order_id, line["id"]): row.revision
        for row in rows
        if row.type == "change"
        for line, code in zip(row.document["order"]["lines"], row.document["codes"], strict=True)
        if code != "4"
    }
