"""What of a return is still to be credited, as columns of statements about lines of returns (D44).

A credit note of a return names it. But the same line of the invoice may be credited otherwise, before or after: what is
credited of it in all counts for all that came back of it, for the oldest return first.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, case, func, or_, select, type_coerce

from intergestan_db.tables import CreditNoteLine, GoodsReturnLine
from intergestan_db.tables.types import Scaled
from intergestan_msg.money import ZERO

_FINE: Final = Scaled(6)
_SAME: Final = GoodsReturnLine.__table__.alias("same")
_CAME_BACK: Final = (
    select(func.sum(_SAME.c.quantity))
    .where(
        _SAME.c.delivery_note_line_id == GoodsReturnLine.delivery_note_line_id,
        _SAME.c.invoice_line_id.is_not(None),
        or_(_SAME.c.credit_note_line_id.is_not(None), _SAME.c.id <= GoodsReturnLine.id),
    )
    .correlate(GoodsReturnLine.__table__)
    .scalar_subquery()
)
"""What came back of the same line of the invoice up to this return, and what others have their credit note for."""
_CREDITED: Final = (
    select(func.coalesce(func.sum(CreditNoteLine.quantity), 0))
    .where(CreditNoteLine.invoice_line_id == GoodsReturnLine.invoice_line_id)
    .correlate(GoodsReturnLine.__table__)
    .scalar_subquery()
)
_REST: Final = type_coerce(_CAME_BACK - _CREDITED, _FINE)
_NAMES_NONE: Final = and_(GoodsReturnLine.invoice_line_id.is_not(None), GoodsReturnLine.credit_note_line_id.is_(None))

IS_TO_CREDIT: Final = and_(_NAMES_NONE, _REST > ZERO)
"""Something of the line was invoiced and is not credited."""
TO_CREDIT: Final = type_coerce(
    case((~IS_TO_CREDIT, 0), (GoodsReturnLine.quantity > _REST, _REST), else_=GoodsReturnLine.quantity), _FINE
)
"""How much of it."""
