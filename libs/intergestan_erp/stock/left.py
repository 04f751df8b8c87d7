"""What of an order's line has left, and what is ready to, as columns of statements about lines of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, func, select, type_coerce

from intergestan_db.enums import SlipState, StockReason
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    PickingSlip,
    PickingSlipLine,
    SalesOrderLine,
    StockMove,
)
from intergestan_db.tables.types import Scaled

LEFT: Final = (
    select(type_coerce(func.sum(DeliveryNoteLine.quantity), Scaled(6)))
    .where(DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    .correlate(SalesOrderLine.__table__)
    .scalar_subquery()
)
"""How much of it left; NULL: nothing."""
READY: Final = (
    select(type_coerce(func.sum(PickingSlipLine.prepared), Scaled(6)))
    .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(PickingSlipLine.sales_order_line_id == SalesOrderLine.id, PickingSlip.state == SlipState.READY)
    .correlate(SalesOrderLine.__table__)
    .scalar_subquery()
)
"""How much of it is on picking slips that are ready; NULL: nothing."""


def cost_when_it_left(product_id: ColumnElement[Any]) -> ScalarSelect[Decimal]:
    """What a unit of a product cost when it left with the delivery note of the statement around it."""
    return (
        select(StockMove.unit_cost)
        .where(
            StockMove.depot_id == DeliveryNote.depot_id,
            StockMove.product_id == product_id,
            StockMove.document == DeliveryNote.number,
            StockMove.reason == StockReason.DELIVERY,
        )
        .order_by(StockMove.id)
        .limit(1)
        .correlate_except(StockMove.__table__)
        .scalar_subquery()
    )
