"""How goods leave and come back: picking slips (BP, A34, A35) and returns (RT, D44)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.enums import SlipFault, SlipState
from intergestan_db.tables.order import PlaceColumns
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

_WAITS = "state NOT IN ('expired', 'cancelled')"


class PickingSlip(PlaceColumns, Table):
    """What is to be prepared of a sales order in a depot. Several of one customer may become one delivery note (A53).

    `version` rises with all that changes it, and `changed_at` says when it came into its state. `fault` is why it could
    not be delivered (A52), and `fault_values` what its sentence names.
    """

    __tablename__ = "picking_slip"
    __table_args__ = (
        one_of("state", SlipState),
        one_of("fault", SlipFault),
        holds("fault_of_error", "(state = 'error') = (fault IS NOT NULL)"),
        holds("note_of_expired", "(state = 'expired') = (delivery_note_id IS NOT NULL)"),
        index_where(_WAITS, "depot_id", "id", name="ix_picking_slip_open"),
        index_where(_WAITS, "id", name="ix_picking_slip_waiting"),
    )

    id: Typed[RowId]
    number: Typed[str] = column(String(60), unique=True)
    depot_id: Typed[int] = column(references="depot.id")
    establishment_id: Typed[int] = column(references="establishment.id")
    sales_order_id: Typed[int] = column(references="sales_order.id", index=True)
    customer_id: Typed[int] = column(references="party.id")
    state: Typed[str] = column(String(9))
    version: Typed[int] = column(default=1)
    fault: Typed[str | None] = column(String(12))
    fault_values: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    delivery_note_id: Typed[int | None] = column(references="delivery_note.id", index=True)
    changed_at: Typed[Instant]
    created_at: Typed[Instant]
    created_by: Typed[str] = column(String(80))


class PickingSlipLine(Table):
    """So much of an order's line, out of one of its allocations; `prepared` is what a person found.

    Goods of it are set aside: their reservations name the line. Of services, and where nothing is set aside, there are
    none. The order's line and its allocation may go; the slip cannot be delivered then.
    """

    __tablename__ = "picking_slip_line"
    __table_args__ = (
        unique("slip_id", "position"),
        unique("allocation_id", "slip_id"),
        holds("proposed", "proposed > 0"),
        holds("prepared", "prepared >= 0 AND prepared <= proposed"),
    )

    id: Typed[RowId]
    slip_id: Typed[int] = column(references="picking_slip.id")
    position: Typed[int]
    sales_order_line_id: Typed[int | None] = column(references="sales_order_line.id", ondelete="SET NULL", index=True)
    allocation_id: Typed[int | None] = column(references="allocation.id", ondelete="SET NULL")
    proposed: Typed[Fine]
    prepared: Typed[Fine | None]


class GoodsReturn(Table):
    """Goods of a delivery note that came back into a depot; written once, as a delivery note is."""

    __tablename__ = "goods_return"

    id: Typed[RowId]
    number: Typed[str] = column(String(60), unique=True)
    issue_date: Typed[date]
    delivery_note_id: Typed[int] = column(references="delivery_note.id", index=True)
    depot_id: Typed[int] = column(references="depot.id")
    establishment_id: Typed[int] = column(references="establishment.id")
    reason: Typed[str] = column(Text())
    created_at: Typed[Instant]
    created_by: Typed[str] = column(String(80))


class GoodsReturnLine(Table):
    """So much of a delivery note's line came back.

    `invoice_line_id`: it was invoiced by then, and is to be credited, which `credit_note_line_id` does; NULL: the
    invoice takes what did not come back.
    """

    __tablename__ = "goods_return_line"
    __table_args__ = (
        holds("quantity", "quantity > 0"),
        holds("credited", "credit_note_line_id IS NULL OR invoice_line_id IS NOT NULL"),
        unique("goods_return_id", "delivery_note_line_id"),
        index_where(
            "invoice_line_id IS NOT NULL AND credit_note_line_id IS NULL",
            "goods_return_id",
            name="ix_goods_return_line_uncredited",
        ),
    )

    id: Typed[RowId]
    goods_return_id: Typed[int] = column(references="goods_return.id")
    delivery_note_line_id: Typed[int] = column(references="delivery_note_line.id", index=True)
    quantity: Typed[Fine]
    invoice_line_id: Typed[int | None] = column(references="invoice_line.id")
    credit_note_line_id: Typed[int | None] = column(references="credit_note_line.id")
