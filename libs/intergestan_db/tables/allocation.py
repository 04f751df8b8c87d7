"""From which depots the goods of sales orders come, and what is set aside for them (A05, A11)."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.enums import ReservationKind, ReservationState, Route
from intergestan_db.tables.types import (
    Fine,
    Instant,
    RowId,
    Table,
    Typed,
    column,
    holds,
    index_where,
    one_of,
    unique,
)


class Allocation(Table):
    """So much of a sales order's line comes from a depot, what has left already included.

    `remainder` is how much of that nothing is set aside for: it is served as goods come. Of services nothing is set
    aside and nothing remains.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        one_of("route", Route),
        holds("quantity", "quantity > 0"),
        holds("remainder", "remainder >= 0 AND remainder <= quantity"),
        unique("sales_order_line_id", "depot_id", "route"),
        index_where("remainder > 0", "sales_order_line_id", name="ix_allocation_with_remainder"),
    )

    id: Typed[RowId]
    sales_order_line_id: Typed[int] = column(references="sales_order_line.id")
    depot_id: Typed[int] = column(references="depot.id")
    route: Typed[str] = column(String(8))
    quantity: Typed[Fine]
    remainder: Typed[Fine]


class Reservation(Table):
    """Goods set aside for an allocation: they lie in the depot, or a line of a purchase order will bring them.

    What is active of those that lie there adds up to `stock.reserved`. One is consumed when the goods leave, by the
    line of a picking slip on which it stands: nobody else takes it from there.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        one_of("kind", ReservationKind),
        one_of("state", ReservationState),
        holds("quantity", "quantity > 0"),
        holds("inbound", "(kind = 'inbound') = (purchase_order_line_id IS NOT NULL)"),
        holds("ended", "(state = 'active') = (ended_at IS NULL)"),
        index_where("state = 'active'", "depot_id", "product_id", name="ix_reservation_active"),
        index_where(
            "state = 'active' AND purchase_order_line_id IS NOT NULL",
            "purchase_order_line_id",
            name="ix_reservation_inbound",
        ),
        index_where("picking_slip_line_id IS NOT NULL", "picking_slip_line_id", name="ix_reservation_on_slip"),
    )

    id: Typed[RowId]
    allocation_id: Typed[int] = column(references="allocation.id", index=True)
    depot_id: Typed[int] = column(references="depot.id")
    product_id: Typed[int] = column(references="product.id")
    kind: Typed[str] = column(String(8))
    quantity: Typed[Fine]
    purchase_order_line_id: Typed[int | None] = column(references="purchase_order_line.id")
    picking_slip_line_id: Typed[int | None] = column(references="picking_slip_line.id")
    state: Typed[str] = column(String(8))
    created_at: Typed[Instant]
    ended_at: Typed[Instant | None]
