"""What left one agency for another and did not come in there yet, in pages (A46)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, exists, func, or_, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationState
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    GoodsReceiptLine,
    PurchaseOrder,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class InTransit:
    """A line of a delivery note between agencies, on its way. `day` is the note's, `source` and `destination` depots.

    :ivar quantity: what is on its way; of a line that came in, what did not come and somebody still waits for.
    :ivar received: so much came in.
    """

    delivery_note: str
    day: date
    line: int
    product: str
    quantity: Decimal
    received: Decimal | None
    source: str
    destination: str
    purchase_order: str


_SOURCE: Final = Depot.__table__.alias("source")
_DESTINATION: Final = Depot.__table__.alias("destination")
_CUSTOMERS: Final = SalesOrder.__table__.alias("customers")
_CUSTOMERS_LINE: Final = SalesOrderLine.__table__.alias("customers_line")
_IS_AWAITED: Final = exists(Reservation.id).where(
    Reservation.purchase_order_line_id == AgencyOrderLine.purchase_order_line_id,
    Reservation.state == ReservationState.ACTIVE,
)
"""Something is still on its way for a customer's order: a line comes in once, so nobody gets the rest of one that did.
It is given up by choosing depots anew, or as the order ends."""
_TRANSIT: Final = (
    select(
        *(DeliveryNote.number, DeliveryNote.issue_date, DeliveryNoteLine.position, DeliveryNoteLine.product_code),
        *(DeliveryNoteLine.quantity, GoodsReceiptLine.quantity.label("received")),
        *(_SOURCE.c.code.label("source"), _DESTINATION.c.code.label("destination")),
        PurchaseOrder.number.label("purchase_order"),
    )
    .select_from(DeliveryNoteLine)
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .join(AgencyOrderLine, AgencyOrderLine.sales_order_line_id == DeliveryNoteLine.sales_order_line_id)
    .join(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .outerjoin(Allocation, Allocation.id == AgencyOrderLine.allocation_id)
    .outerjoin(_CUSTOMERS_LINE, _CUSTOMERS_LINE.c.id == Allocation.sales_order_line_id)
    .outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _CUSTOMERS_LINE.c.sales_order_id)
    .join(_SOURCE, _SOURCE.c.id == DeliveryNote.depot_id)
    .join(_DESTINATION, _DESTINATION.c.id == func.coalesce(_CUSTOMERS.c.depot_id, PurchaseOrder.depot_id))
    .outerjoin(GoodsReceiptLine, GoodsReceiptLine.delivery_note_line_id == DeliveryNoteLine.id)
    .where(
        or_(
            GoodsReceiptLine.id.is_(None),
            and_(GoodsReceiptLine.quantity < DeliveryNoteLine.quantity, _IS_AWAITED),
        )
    )
)


def pairs_in_transit(connection: Connection, pair_ids: Sequence[int]) -> set[int]:
    """Those of these pairs of which something is on its way, by id."""
    query = _TRANSIT.with_only_columns(AgencyOrder.id).where(among(AgencyOrder.id, "pairs")).distinct()
    return set(connection.execute(query, {"pairs": list(pair_ids)}).scalars())


def list_transit(connection: Connection, *, size: int = USUAL, after: str | None = None) -> Page[InTransit]:
    """A page of what is on its way between agencies, oldest first.

    :raises Problem: `after` is of no such page.
    """
    return read_page(connection, _TRANSIT, [DeliveryNoteLine.id], _line, size=size, after=after)


def transit_of(connection: Connection, product: str) -> dict[str, Decimal]:
    """How much of a product is on its way to each depot, by the depot's code."""
    found: dict[str, Decimal] = {}
    for row in connection.execute(_TRANSIT.where(DeliveryNoteLine.product_code == product)):
        line = _line(row)
        found[line.destination] = found.get(line.destination, Decimal(0)) + line.quantity
    return found


def _line(row: AnyRow) -> InTransit:
    return InTransit(
        *(row.number, row.issue_date, row.position, row.product_code, row.quantity - (row.received or Decimal(0))),
        *(row.received, row.source, row.destination, row.purchase_order),
    )
