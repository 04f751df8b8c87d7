"""A sales order that was entered here is cancelled here, as long as nothing of it has left (D17)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db import states
from intergestan_db.enums import SalesState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import SalesOrder
from intergestan_erp.agencies.paired import refuse_sold
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.selling.deliveries import lock_order, open_lines
from intergestan_erp.stock.allocate import release_order


def cancel_order(connection: Connection, number: str, reason: str | None, *, by: str, at: datetime) -> Freed:
    """Cancel an order. Its customer is locked before it, and owes less by it; its goods are free for others.

    :raises Problem: it came from a partner, who cancels it by mail; goods have left; or it is not accepted.
    """
    customer_id = connection.execute(select(SalesOrder.customer_id).where(SalesOrder.number == number)).scalar()
    if customer_id is not None:
        lock_parties(connection, [customer_id])
    order = lock_order(connection, number)
    refuse_sold(connection, order.id, number)
    if order.partner_id is not None:
        raise Problem(
            "{number} came from a partner by mail, who has it as ordered. Nothing was cancelled: the partner cancels "
            "it, or its quantities are changed to what will be delivered.",
            ProblemCode.OF_A_PARTNER,
            (Act.CHANGE_SALES_ORDER,),
            number=number,
        )
    if order.state != SalesState.ACCEPTED:
        raise Problem(
            "Nothing was cancelled: {number} is in the state {state}, and only accepted orders are cancelled.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_SALES,),
            number=number,
            state=Word(order.state),
        )
    left = [line.row.line_id for line in open_lines(connection, order.id) if line.delivered or line.ready]
    if left:
        raise Problem(
            "Nothing was cancelled: of {number} goods have left (lines {lines}).",
            ProblemCode.GOODS_LEFT,
            (Act.CHANGE_SALES_ORDER,),
            number=number,
            lines=", ".join(left),
        )
    detail = {"words": reason} if reason else None
    states.move(
        connection, states.SALES_ORDER, [order.id], "cancel", by=by, at=at, event_detail=detail, exported_at=None
    )
    released = release_order(connection, order.id, by=by, at=at) if order.allocated_at is not None else Freed()
    return Freed((order.customer_id,), released.products)
