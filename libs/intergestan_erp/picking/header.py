"""What the head of an order says of its slips: the last word of the cascade (A38, A39)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from intergestan_db import states
from intergestan_db.enums import Incomplete, SalesState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import SalesOrder
from intergestan_erp.picking.cascade import Counting
from intergestan_erp.picking.making import read_counting
from intergestan_erp.selling.deliveries import lock_order


def set_incomplete(
    connection: Connection, number: str, incomplete: Incomplete | None, *, by: str, at: datetime
) -> Counting:
    """Let an order say what becomes of it when not all of it is there; None: as its address, customer and dossier say.

    :returns: what counts now.
    :raises Problem: there is no such order, it is cancelled, or no stock is managed where it is.
    """
    order = lock_order(connection, number)
    if order.state == SalesState.CANCELLED:
        raise Problem(
            "{number} is in the state {state}. Nothing was changed.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_SALES,),
            number=number,
            state=Word(order.state),
        )
    if order.incomplete != incomplete:
        connection.execute(update(SalesOrder).where(SalesOrder.id == order.id).values(incomplete=incomplete))
        detail = {"incomplete": incomplete}
        own = [(order.id, None, None)]
        states.record(connection, states.SALES_ORDER.name, own, "set", by=by, at=at, detail=detail)
    found = read_counting(connection, order.id)
    if found is None:
        raise Problem(
            "No stock is managed where {number} is, so none of it is prepared on slips. Nothing was changed.",
            ProblemCode.STOCK_NOT_MANAGED,
            (Act.SET_DOSSIER,),
            number=number,
        )
    return found
