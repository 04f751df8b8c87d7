"""What of an order's line has left, and what is ready to, as columns of statements about lines of orders."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, type_coerce

from intergestan_db.enums import SlipState
from intergestan_db.tables import DeliveryNoteLine, PickingSlip, PickingSlipLine, SalesOrderLine
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
