"""What is on its way to a depot and what came in there, as who unpacks it sees it (A46, D50)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, func, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Establishment,
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedArrival:
    """A delivery note of another agency of which something is to come in. `wanted`: for when it was ordered.

    :ivar lines, quantity: of what did not come in yet.
    """

    number: str
    day: date
    source: str
    purchase_order: str
    wanted: date | None
    lines: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """A line of such a note. :ivar customers_order: which waits for it; None: nobody does any more.

    :ivar received: what came in, with `receipt`; None: nothing was said of it yet.
    """

    position: int
    product: str | None
    name: str
    unit: str
    sent: Decimal
    customers_order: str | None
    received: Decimal | None
    receipt: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Such a note, as far as it goes to one depot, which is `establishment`/`depot`."""

    number: str
    day: date
    source: str
    purchase_order: str
    wanted: date | None
    establishment: int
    depot: str
    lines: tuple[ArrivalLine, ...]

    @property
    def receipts(self) -> tuple[str, ...]:
        """The goods receipts with which lines of it came in."""
        return tuple(dict.fromkeys(line.receipt for line in self.lines if line.receipt is not None))

    @property
    def is_open(self) -> bool:
        """Whether something of it is to come in still."""
        return any(line.received is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class ListedReceipt:
    """A goods receipt. :ivar delivery_notes: of which it is."""

    number: str
    day: date
    purchase_order: str
    delivery_notes: tuple[str, ...]
    lines: int
    quantity: Decimal
    by: str


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line that came in. :ivar customers_order: for which it was ordered."""

    position: int
    delivery_note: str | None
    product: str | None
    name: str
    unit: str
    sent: Decimal | None
    quantity: Decimal
    unit_cost: Decimal
    customers_order: str | None


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """A goods receipt as a whole."""

    number: str
    day: date
    establishment: int
    depot: str
    purchase_order: str
    by: str
    at: datetime
    lines: tuple[ReceiptLine, ...]

    @property
    def customers_orders(self) -> tuple[str, ...]:
        """Customers' orders that waited for it."""
        return tuple(dict.fromkeys(line.customers_order for line in self.lines if line.customers_order is not None))


_SOURCE: Final = Depot.__table__.alias("source")
_HERE: Final = Depot.__table__.alias("here")
_CUSTOMERS: Final = SalesOrder.__table__.alias("customers")
_CUSTOMERS_LINE: Final = SalesOrderLine.__table__.alias("customers_line")
_GOES_TO: Final = func.coalesce(_CUSTOMERS.c.depot_id, PurchaseOrder.depot_id)


def _of_pairs(*columns: Any) -> Any:
    """A statement over lines of delivery notes between agencies, with the customer's order that each is for."""
    return (
        select(*columns)
        .select_from(DeliveryNoteLine.__table__)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .join(AgencyOrderLine, AgencyOrderLine.sales_order_line_id == DeliveryNoteLine.sales_order_line_id)
        .join(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
        .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
        .join(_SOURCE, _SOURCE.c.id == DeliveryNote.depot_id)
        .outerjoin(Allocation, Allocation.id == AgencyOrderLine.allocation_id)
        .outerjoin(_CUSTOMERS_LINE, _CUSTOMERS_LINE.c.id == Allocation.sales_order_line_id)
        .outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _CUSTOMERS_LINE.c.sales_order_id)
        .outerjoin(GoodsReceiptLine, GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id)
    )


_NOTE: Final = (
    *(DeliveryNote.number, DeliveryNote.issue_date, _SOURCE.c.code.label("source")),
    *(PurchaseOrder.number.label("purchase_order"), PurchaseOrder.wanted_date),
)
_TO_COME: Final = (
    _of_pairs(
        *_NOTE,
        func.count(DeliveryNoteLine.id).label("lines"),
        type_coerce(func.sum(DeliveryNoteLine.quantity), Scaled(6)).label("quantity"),
    )
    .where(GoodsReceiptLine.id.is_(None))
    .group_by(DeliveryNote.id, *(getattr(each, "element", each) for each in _NOTE))
)
_LINES: Final = (
    _of_pairs(
        *_NOTE,
        *(DeliveryNoteLine.position, DeliveryNoteLine.product_code, DeliveryNoteLine.name, DeliveryNoteLine.unit),
        *(DeliveryNoteLine.quantity.label("sent"), GoodsReceiptLine.quantity.label("received")),
        *(GoodsReceipt.number.label("receipt"), _CUSTOMERS.c.number.label("customers_order")),
        *(_HERE.c.code.label("depot"), Establishment.number.label("establishment")),
    )
    .outerjoin(GoodsReceipt, GoodsReceipt.id == GoodsReceiptLine.goods_receipt_id)
    .join(_HERE, _HERE.c.id == _GOES_TO)
    .join(Establishment, Establishment.id == _HERE.c.establishment_id)
    .order_by(DeliveryNoteLine.position)
)
_RECEIPTS: Final = select(
    *(GoodsReceipt.id, GoodsReceipt.number, GoodsReceipt.issue_date, GoodsReceipt.created_by),
    *(GoodsReceipt.created_at, PurchaseOrder.number.label("purchase_order")),
    *(Depot.code.label("depot"), Establishment.number.label("establishment")),
    select(func.count())
    .where(GoodsReceiptLine.goods_receipt_id == GoodsReceipt.id)
    .correlate(GoodsReceipt.__table__)
    .scalar_subquery()
    .label("lines"),
    type_coerce(
        select(func.coalesce(func.sum(GoodsReceiptLine.quantity), 0))
        .where(GoodsReceiptLine.goods_receipt_id == GoodsReceipt.id)
        .correlate(GoodsReceipt.__table__)
        .scalar_subquery(),
        Scaled(6),
    ).label("quantity"),
).join(PurchaseOrder, PurchaseOrder.id == GoodsReceipt.purchase_order_id)
_RECEIPTS_HERE: Final = _RECEIPTS.join(Depot, Depot.id == GoodsReceipt.depot_id).join(
    Establishment, Establishment.id == GoodsReceipt.establishment_id
)
_NOTES_OF: Final = (
    select(GoodsReceiptLine.goods_receipt_id, DeliveryNote.number)
    .join(DeliveryNoteLine, DeliveryNoteLine.id == GoodsReceiptLine.delivery_note_line_id)
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .distinct()
)
_RECEIVED: Final = _of_pairs(
    *(GoodsReceiptLine.position, DeliveryNote.number.label("delivery_note"), DeliveryNoteLine.product_code),
    *(DeliveryNoteLine.name, DeliveryNoteLine.unit, DeliveryNoteLine.quantity.label("sent")),
    *(GoodsReceiptLine.quantity, GoodsReceiptLine.unit_cost, _CUSTOMERS.c.number.label("customers_order")),
).order_by(GoodsReceiptLine.position)


def list_arrivals(
    connection: Connection, depot_id: int, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ListedArrival]:
    """A page of the notes of other agencies of which something is to come into a depot, the oldest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _TO_COME.where(depot_id == _GOES_TO)
    return read_page(connection, query, [DeliveryNote.id], _arrival, size=size, after=after, before=before)


def show_arrival(connection: Connection, number: str, depot: str | None = None) -> Arrival | None:
    """A note of another agency, by its number; None: there is none.

    :param depot: as far as it goes to this one; else, and where nothing of it does, to the first that it goes to.
    """
    rows = connection.execute(_LINES.where(DeliveryNote.number == number)).all()
    if not rows:
        return None
    first = next((row for row in rows if row.depot == depot), rows[0])
    lines = tuple(
        ArrivalLine(
            *(row.position, row.product_code, row.name, row.unit, row.sent),
            *(row.customers_order, row.received, row.receipt),
        )
        for row in rows
        if row.depot == first.depot
    )
    return Arrival(
        *(first.number, first.issue_date, first.source, first.purchase_order, first.wanted_date),
        *(first.establishment, first.depot, lines),
    )


def list_receipts(
    connection: Connection, depot_id: int, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ListedReceipt]:
    """A page of what came into a depot, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _RECEIPTS_HERE.where(GoodsReceipt.depot_id == depot_id)
    place: Any = {"size": size, "after": after, "before": before}
    found = read_page(connection, query, [GoodsReceipt.id], lambda row: row, descending=True, **place)
    notes: dict[int, list[str]] = {}
    ids = [row.id for row in found.rows]
    for receipt_id, number in connection.execute(_NOTES_OF.where(GoodsReceiptLine.goods_receipt_id.in_(ids))):
        notes.setdefault(receipt_id, []).append(number)
    rows = (
        ListedReceipt(
            *(row.number, row.issue_date, row.purchase_order, tuple(sorted(notes.get(row.id, ())))),
            *(row.lines, row.quantity, row.created_by),
        )
        for row in found.rows
    )
    return Page(tuple(rows), found.after, found.before)


def show_receipt(connection: Connection, number: str) -> ShownReceipt | None:
    """A goods receipt by its number; None: there is none."""
    head = connection.execute(_RECEIPTS_HERE.where(GoodsReceipt.number == number)).one_or_none()
    if head is None:
        return None
    rows = connection.execute(_RECEIVED.where(GoodsReceiptLine.goods_receipt_id == head.id))
    return ShownReceipt(
        *(head.number, head.issue_date, head.establishment, head.depot, head.purchase_order),
        *(head.created_by, head.created_at, tuple(ReceiptLine(*row) for row in rows)),
    )


def _arrival(row: AnyRow) -> ListedArrival:
    return ListedArrival(
        *(row.number, row.issue_date, row.source, row.purchase_order, row.wanted_date, row.lines, row.quantity)
    )
