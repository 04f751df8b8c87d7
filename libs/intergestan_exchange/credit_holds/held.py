"""The orders of a customer that wait for room, as the customer's card shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import HoldReason
from intergestan_db.tables import Hold
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """One of them. :ivar ref: as people call it, such as `order-17`. :ivar number: the customer's own."""

    ref: str
    number: str
    opened_at: datetime
    total_ttc: Decimal


def held_of(connection: Connection, customer_id: int) -> list[HeldOrder]:
    """Those of a customer, the oldest first."""
    query = (
        select(Hold.id, Hold.number, Hold.opened_at, Hold.total_ttc)
        .where(Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT, Hold.party_id == customer_id)
        .order_by(Hold.id)
    )
    return [
        HeldOrder(f"order-{row.id}", row.number, row.opened_at, row.total_ttc or ZERO)
        for row in connection.execute(query)
    ]
