"""What of a delivery note's line came back, as a column of statements about such lines (D44)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, type_coerce

from intergestan_db.tables import DeliveryNoteLine, GoodsReturnLine
from intergestan_db.tables.types import Scaled

RETURNED: Final = (
    select(type_coerce(func.coalesce(func.sum(GoodsReturnLine.quantity), 0), Scaled(6)))
    .where(GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id)
    .correlate(DeliveryNoteLine.__table__)
    .scalar_subquery()
)
"""How much of it came back."""
KEPT: Final = type_coerce(DeliveryNoteLine.quantity - RETURNED, Scaled(6))
"""How much of it the customer kept: what an invoice takes, if none has."""
