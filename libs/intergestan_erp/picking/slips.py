"""Picking slips as acts find them: by their number, at the depot that prepares them (D62), in the state wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import SlipState
from intergestan_db.problem import Act, Problem, ProblemCode, Word, Words
from intergestan_db.tables import PickingSlip, PickingSlipLine, Product, SalesOrderLine
from intergestan_erp.agencies.places import Place, elsewhere

STATES: Final[Mapping[SlipState, Word]] = {
    SlipState.GENERATED: Word("generated"),
    SlipState.ENTERED: Word("entered"),
    SlipState.READY: Word("ready"),
    SlipState.EXPIRED: Word("expired (delivered)"),
    SlipState.ERROR: Word("in error"),
    SlipState.CANCELLED: Word("called off"),
}
"""What people call the states of a slip."""
_ACTS: Final[Mapping[str, Word]] = {
    "enter": Word("enter"),
    "finish": Word("finish"),
    "validate": Word("validate"),
    "reopen": Word("open again"),
    "cancel": Word("cancel"),
}
_CALLED: Final = select(PickingSlip.__table__).where(PickingSlip.number == bindparam("number"))
_NUMBERS: Final = (
    select(PickingSlip.number)
    .where(among(PickingSlip.number, "numbers"))
    .order_by(PickingSlip.sales_order_id, PickingSlip.id)
)
_LOCKED: Final = (
    select(PickingSlip.__table__).where(among(PickingSlip.id, "slips")).order_by(PickingSlip.id).with_for_update()
)
_LINES: Final = (
    select(
        *(PickingSlipLine.__table__, SalesOrderLine.line_id, SalesOrderLine.product_id, SalesOrderLine.product_code),
        *(SalesOrderLine.name, SalesOrderLine.unit, Product.supply, Product.gtin),
    )
    .outerjoin(SalesOrderLine, SalesOrderLine.id == PickingSlipLine.sales_order_line_id)
    .outerjoin(Product, Product.id == SalesOrderLine.product_id)
    .where(among(PickingSlipLine.slip_id, "slips"))
    .order_by(PickingSlipLine.slip_id, PickingSlipLine.position)
)


def in_lock_order(connection: Connection, numbers: Collection[str]) -> list[str]:
    """Numbers of slips in the order in which their orders and they are locked; those that are of none at the end."""
    known = list(connection.execute(_NUMBERS, {"numbers": list(numbers)}).scalars())
    return [*known, *(number for number in numbers if number not in known)]


def slip_called(connection: Connection, number: str, place: Place) -> AnyRow:
    """The slip of a number, read without a lock.

    :raises Problem: there is none, or it is of another depot than the place's.
    """
    slip = connection.execute(_CALLED, {"number": number}).one_or_none()
    if slip is None:
        raise no_slip(number)
    if slip.depot_id != place.depot_id:
        raise elsewhere(connection, number, slip.depot_id, place)
    return slip


def check_slip(connection: Connection, number: str, place: Place, event: str | None = None) -> None:
    """Refuse a slip that is not of a place, or an act that is not for slips in its state; read without a lock.

    :raises Problem: there is none, it is of another depot, or it is in another state.
    """
    slip = slip_called(connection, number, place)
    if event is not None:
        refuse_state(slip, event)


def no_slip(number: str) -> Problem:
    """There is none of this number."""
    return Problem(
        "There is no picking slip {number}. Nothing was changed.",
        ProblemCode.NO_SLIP,
        (Act.LIST_SLIPS,),
        number=number,
    )


def lock_slips(connection: Connection, slip_ids: Sequence[int]) -> list[AnyRow]:
    """The rows of these slips, which nobody else changes until the transaction ends; their orders are locked before."""
    return list(connection.execute(_LOCKED, {"slips": sorted(slip_ids)}).all())


def slip_lines(connection: Connection, slip_ids: Sequence[int]) -> list[AnyRow]:
    """Their lines, with what is prepared; a line that is gone from its order has nothing of it."""
    return list(connection.execute(_LINES, {"slips": sorted(slip_ids)}).all())


def refuse_state(slip: AnyRow, event: str) -> None:
    """Refuse an act that is not for slips in this state.

    :raises Problem: it is not.
    """
    wanted = states.PICKING_SLIP.moves[event][0]
    if slip.state not in wanted:
        values: dict[str, Any] = {"slip": slip.number, "state": STATES[SlipState(slip.state)], "act": _ACTS[event]}
        raise Problem(
            "{slip} is {state}: «{act}» is for slips in the state {wanted}.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_SLIPS,),
            **values,
            wanted=Words.any_of(STATES[SlipState(state)] for state in wanted),
        )
