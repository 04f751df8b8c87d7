"""A sales order as it stands: what a change or a cancellation is measured against, and what it comes to after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import SalesState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Party, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.credit.invoiced import ALTERED
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine, sums_of
from intergestan_erp.selling.minimum import BelowMinimum, below
from intergestan_erp.stock.left import LEFT, READY
from intergestan_msg.money import CENT, ZERO, Sums, fits, without_zeros

HEAD = (
    *("note", "wanted_date", "delivery_name", "delivery_line1", "delivery_line2"),
    *("delivery_postcode", "delivery_city", "delivery_country"),
)
"""What a change of the buyer may say anew of the head."""


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A line with what has left of it, or is ready to on a picking slip.

    :ivar said: our own change of it (an `AnswerLine` as plain values), as long as the buyer has not agreed.
    """

    row_id: int
    booked: BookedLine
    delivered: Decimal
    promised: date | None
    said: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """A sales order, its lines in their order, and its charges.

    :ivar head: the columns `HEAD`, which a change of the buyer may alter.
    :ivar depot_id: its own depot. :ivar allocated_at: when it was first allocated; that somebody did so meanwhile is no
        other order.
    """

    id: int
    number: str
    customer_id: int
    total_ttc: Decimal
    state: str
    currency: str
    below_minimum: bool
    lines: tuple[StandingLine, ...]
    charges: tuple[BookedCharge, ...]
    depot_id: int
    head: Mapping[str, Any]
    allocated_at: datetime | None = field(default=None, compare=False)

    @property
    def goods_left(self) -> bool:
        """Whether anything of it was delivered, or is ready to leave."""
        return any(line.delivered for line in self.lines)

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing of it counts any more."""
        return self.state == SalesState.CANCELLED


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
    return {head.customer_order_number: order for head, order in zip(heads, _standing(connection, heads), strict=True)}


def standing_of(connection: Connection, head: AnyRow) -> StandingOrder:
    """The sales order that has this row, which the caller has locked."""
    (order,) = _standing(connection, [head])
    return order


def write_totals(
    connection: Connection,
    order: StandingOrder,
    lines: Sequence[BookedLine],
    charges: Sequence[BookedCharge],
    *,
    by: str,
    at: datetime,
) -> Sums:
    """Give an order the totals of the lines and charges that it has now, and note whether it is below the minimum.

    It is exported anew. :raises Problem: the columns do not hold what it comes to.
    """
    sums = sums_of(lines, charges)
    if not fits(sums.largest, CENT):
        raise Problem(
            "Nothing was changed: a total of {number} would be {amount}, and an amount has at most 16 digits before "
            "its decimals.",
            ProblemCode.TOO_LARGE,
            number=order.number,
            amount=without_zeros(sums.largest),
        )
    minimum = select(Party.minimum_order).join(SalesOrder, SalesOrder.customer_id == Party.id)
    found = below(connection.execute(minimum.where(SalesOrder.id == order.id)).scalar_one(), sums.totals.lines)
    totals = {
        "total_ht": sums.totals.tax_exclusive,
        "total_vat": sums.tax_amount,
        "total_ttc": sums.totals.payable,
        "below_minimum": found is not None,
        "invoiced": ALTERED,
        "exported_at": None,
    }
    connection.execute(update(SalesOrder).where(SalesOrder.id == order.id).values(**totals))
    note_small(connection, order, found, by=by, at=at)
    return sums


def note_small(
    connection: Connection, order: StandingOrder, found: BelowMinimum | None, *, by: str, at: datetime
) -> None:
    """Write down that an order fell below its customer's minimum; once, until it is above it again."""
    if found is not None and not order.below_minimum:
        own = [(order.id, None, None)]
        detail = found.as_detail()
        states.record(connection, states.SALES_ORDER.name, own, "below_minimum", by=by, at=at, detail=detail)


def _standing(connection: Connection, heads: Sequence[AnyRow]) -> list[StandingOrder]:
    ids = [head.id for head in heads]
    lines, charges = _lines(connection, ids), _charges(connection, ids)
    return [
        StandingOrder(
            head.id,
            head.number,
            head.customer_id,
            head.total_ttc,
            head.state,
            head.currency,
            head.below_minimum,
            tuple(lines.get(head.id, ())),
            tuple(charges.get(head.id, ())),
            head.depot_id,
            {name: getattr(head, name) for name in HEAD},
            head.allocated_at,
        )
        for head in heads
    ]


def _lines(connection: Connection, ids: Sequence[int]) -> dict[int, list[StandingLine]]:
    rows = connection.execute(_LINES, {"ids": ids})
    found: dict[int, list[StandingLine]] = {}
    for row in rows:
        booked = BookedLine(**{name: getattr(row, name) for name in BookedLine.__dataclass_fields__})
        line = StandingLine(row.id, booked, (row.delivered or ZERO) + (row.ready or ZERO), row.promised_date, row.said)
        found.setdefault(row.sales_order_id, []).append(line)
    return found


_LINES: Final = (
    select(SalesOrderLine.__table__, LEFT.label("delivered"), READY.label("ready"))
    .where(among(SalesOrderLine.sales_order_id, "ids"))
    .order_by(SalesOrderLine.position)
)


def _charges(connection: Connection, ids: Sequence[int]) -> dict[int, list[BookedCharge]]:
    query = select(SalesOrderCharge.__table__).where(SalesOrderCharge.sales_order_id.in_(ids))
    found: dict[int, list[BookedCharge]] = {}
    for row in connection.execute(query.order_by(SalesOrderCharge.id)):
        charge = BookedCharge(row.reason, row.amount, row.vat_category, row.vat_rate, row.fee_id)
        found.setdefault(row.sales_order_id, []).append(charge)
    return found
