"""A person frees what is set aside for lines of a sales order: it is allocated nowhere until somebody does (A05)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import Route
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, PickingSlip, PickingSlipLine
from intergestan_erp.parties.freed import Freed
from intergestan_erp.stock.allocate import give_back, read_accepted
from intergestan_erp.stock.holdings import Holding
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_msg.money import ZERO, plain


@dataclass(frozen=True, slots=True)
class SeenPart:
    """A line of an order, a depot and a way, with what was set aside and what remained when somebody looked."""

    line: str
    depot: str
    route: Route
    reserved: Decimal
    remainder: Decimal


def free_lines(connection: Connection, number: str, seen: Collection[SeenPart], *, by: str, at: datetime) -> Freed:
    """Give back what these hold, and let them wait no more: they are to be allocated anew.

    :raises Problem: there is no such order, or it is not accepted; somebody chose otherwise meanwhile; or some of it
        stands on a picking slip that is ready. Nothing may be written then.
    """
    order = read_accepted(connection, number, lock=True)
    depots = {row.code: row.id for row in connection.execute(select(Depot.id, Depot.code))}
    before = read_order_lines(connection, order.id)
    lines = {line.line_id: line for line in before}
    freed: dict[int, set[int]] = {}
    for each in seen:
        held = _holding(lines.get(each.line), depots.get(each.depot), each.route)
        if held is None or _figures(held) != (each.reserved, each.remainder):
            raise Problem(
                "{number}, line {line}: somebody chose otherwise meanwhile, and that stands. Nothing was freed.",
                ProblemCode.CHANGED_MEANWHILE,
                (Act.SHOW_SALES_ORDER,),
                number=number,
                line=each.line,
            )
        _refuse_ready(connection, number, each.line, held)
        freed.setdefault(lines[each.line].id, set()).add(held.id)
    after = [_without(line, freed) for line in before]
    return give_back(connection, before, after, by, at)


def _holding(line: HeldLine | None, depot_id: int | None, route: Route) -> Holding | None:
    holdings = () if line is None else line.holdings
    return next((each for each in holdings if (each.depot_id, each.route) == (depot_id, route)), None)


def _figures(held: Holding) -> tuple[Decimal, Decimal]:
    return sum((each.quantity for each in held.set_aside), ZERO), held.remainder


def _refuse_ready(connection: Connection, number: str, line: str, held: Holding) -> None:
    ready = [each for each in held.set_aside if each.is_ready]
    if ready:
        slip = connection.execute(
            select(PickingSlip.number)
            .join(PickingSlipLine, PickingSlipLine.slip_id == PickingSlip.id)
            .where(PickingSlipLine.id == ready[0].slip_line_id)
        ).scalar_one()
        raise Problem(
            "{number}, line {line}: {quantity} stand on {slip}, which is ready and counts as left. Nothing was freed.",
            ProblemCode.OTHER_STATE,
            (Act.SHOW_SLIP,),
            number=number,
            line=line,
            quantity=plain(sum((each.quantity for each in ready), ZERO)),
            slip=slip,
        )


def _without(line: HeldLine, freed: Mapping[int, set[int]]) -> HeldLine:
    gone = freed.get(line.id, set())
    return replace(line, holdings=tuple(_emptied(each) if each.id in gone else each for each in line.holdings))


def _emptied(held: Holding) -> Holding:
    return replace(held, quantity=held.quantity - held.open, remainder=ZERO, set_aside=())
