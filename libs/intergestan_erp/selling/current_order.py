"""A sales order as it stands: what a change or a cancellation is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.tables import SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine
from intergestan_erp.selling.deliveries import delivered_by_line
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A line with what has left of it.

    :ivar said: our own change of it (an `AnswerLine` as plain values), as long as the buyer has not agreed.
    """

    row_id: int
    booked: BookedLine
    delivered: Decimal
    promised: date | None
    said: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """A sales order, its lines in their order, and its charges."""

    id: int
    number: str
    customer_id: int
    total_ttc: Decimal
    state: str
    currency: str
    lines: tuple[StandingLine, ...]
    charges: tuple[BookedCharge, ...]

    @property
    def goods_left(self) -> bool:
        """Whether anything of it was delivered."""
        return any(line.delivered for line in self.lines)


def read_standing(
    connection: Connection, partner_id: int, numbers: Sequence[str], *, lock: bool = False
) -> dict[str, StandingOrder]:
    """The sales orders of a partner's orders, by the partner's numbers.

    :param lock: so that nobody delivers, invoices or changes them until the transaction ends.
    """
    if not numbers:
        return {}
    own = SalesOrder.partner_id == partner_id, SalesOrder.customer_order_number.in_(sorted(set(numbers)))
    query = select(SalesOrder.__table__).where(*own).order_by(SalesOrder.id)
    heads = connection.execute(query.with_for_update() if lock else query).all()
    ids = [head.id for head in heads]
    lines, charges = _lines(connection, ids), _charges(connection, ids)
    return {
        head.customer_order_number: StandingOrder(
            head.id,
            head.number,
            head.customer_id,
            head.total_ttc,
            head.state,
            head.currency,
            tuple(lines.get(head.id, ())),
            tuple(charges.get(head.id, ())),
        )
        for head in heads
    }


def _lines(connection: Connection, ids: Sequence[int]) -> dict[int, list[StandingLine]]:
    left = delivered_by_line()
    rows = connection.execute(
        select(SalesOrderLine.__table__, left.c.quantity.label("delivered"))
        .outerjoin(left, left.c.line_id == SalesOrderLine.id)
        .where(SalesOrderLine.sales_order_id.in_(ids))
        .order_by(SalesOrderLine.position)
    )
    found: dict[int, list[StandingLine]] = {}
    for row in rows:
        booked = BookedLine(**{name: getattr(row, name) for name in BookedLine.__dataclass_fields__})
        line = StandingLine(row.id, booked, row.delivered or ZERO, row.promised_date, row.said)
        found.setdefault(row.sales_order_id, []).append(line)
    return found


def _charges(connection: Connection, ids: Sequence[int]) -> dict[int, list[BookedCharge]]:
    query = select(SalesOrderCharge.__table__).where(SalesOrderCharge.sales_order_id.in_(ids))
    found: dict[int, list[BookedCharge]] = {}
    for row in connection.execute(query.order_by(SalesOrderCharge.id)):
        charge = BookedCharge(row.reason, row.amount, row.vat_category, row.vat_rate)
        found.setdefault(row.sales_order_id, []).append(charge)
    return found
