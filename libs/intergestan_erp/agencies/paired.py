"""Which orders are of a pair between agencies: they follow what they are for, and are not changed on one side (A43)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import AgencyOrder, PurchaseOrder, SalesOrder

_PAIRS: Final = select(AgencyOrder.id)
IS_BOUGHT: Final = _PAIRS.where(AgencyOrder.purchase_order_id == PurchaseOrder.id).exists()
"""A purchase order to another agency."""
IS_SOLD: Final = _PAIRS.where(AgencyOrder.sales_order_id == SalesOrder.id).exists()
"""A sales order of another agency."""

_SOLD: Final = _PAIRS.where(AgencyOrder.sales_order_id == bindparam("order"))
_BOUGHT: Final = _PAIRS.where(AgencyOrder.purchase_order_id == bindparam("order"))


def is_sold(connection: Connection, order_id: int) -> bool:
    """Whether a sales order is of another agency."""
    return connection.execute(_SOLD, {"order": order_id}).first() is not None


def refuse_sold(connection: Connection, order_id: int, number: str) -> None:
    """Refuse to change a sales order that is of a pair.

    :raises Problem: it is.
    """
    if is_sold(connection, order_id):
        raise _one_side(number)


def refuse_bought(connection: Connection, order_id: int, number: str) -> None:
    """Refuse to change a purchase order that is of a pair.

    :raises Problem: it is.
    """
    if connection.execute(_BOUGHT, {"order": order_id}).first() is not None:
        raise _one_side(number)


def _one_side(number: str) -> Problem:
    return Problem(
        "{number} is of a pair of orders between agencies, which are equal on both sides. Nothing was changed: choose "
        "depots for the customer's order again, or cancel the pair.",
        ProblemCode.OF_A_PAIR,
        (Act.ALLOCATE_AGAIN, Act.CANCEL_PAIR),
        number=number,
    )
