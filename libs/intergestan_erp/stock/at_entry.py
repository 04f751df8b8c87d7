"""Goods are set aside for an order while it is entered (A11): its number is the last lock of that act, and stock comes
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.enums import Supply
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Product
from intergestan_erp.agencies.places import Place
from intergestan_erp.stock.allocate import Allocated, Choices, write_allocations
from intergestan_erp.stock.order_lines import read_order_lines
from intergestan_erp.stock.plan import Need
from intergestan_erp.stock.propose import Proposal
from intergestan_erp.stock.reserve import secure
from intergestan_erp.stock.sourcing import Sourcing, no_reservations, read_sourcing

_SERVICES: Final = select(Product.id).where(
    Product.id.in_(bindparam("products", expanding=True)), Product.supply == Supply.SERVICES
)


@dataclass(frozen=True, slots=True)
class Secured:
    """What was set aside for an order that is not written yet."""

    sourcing: Sourcing
    needs: tuple[Need, ...]
    plans: tuple[Proposal, ...]


def sourcing_at_entry(connection: Connection, place: Place) -> Sourcing:
    """From where an order that is entered at a place may be served."""
    return read_sourcing(connection, place.establishment_id, place.depot_id)


def goods_and_services(connection: Connection, needs: Sequence[Need]) -> list[Need]:
    """The same, each with whether it is goods."""
    services = set(connection.execute(_SERVICES, {"products": [need.product_id for need in needs]}).scalars())
    return [replace(need, is_goods=need.product_id not in services) for need in needs]


def secure_at_entry(connection: Connection, place: Place, needs: Sequence[Need], choices: Choices) -> Secured | None:
    """Set goods aside for lines that are about to be entered; None where that waits for `sales allocate` (A11).

    What a person chose is set aside in any case.

    :raises Problem: what a person chose cannot be had.
    """
    sourcing = sourcing_at_entry(connection, place)
    if choices and not sourcing.rules.reserves:
        raise no_reservations(sourcing.own.code)
    wanted = needs if sourcing.rules.at_entry else [need for need in needs if need.line in choices]
    strange = [line for line in choices if line not in {need.line for need in needs}]
    if strange:
        raise Problem(
            "There is no line {lines} to choose depots for; there are: {known}. Nothing was entered.",
            ProblemCode.NO_LINE,
            lines=", ".join(strange),
            known=", ".join(need.line for need in needs),
        )
    if not wanted:
        return None
    chosen = [replace(need, chosen=choices.get(need.line)) for need in goods_and_services(connection, wanted)]
    return Secured(sourcing, tuple(chosen), tuple(secure(connection, sourcing, chosen)))


def write_secured(
    connection: Connection, order_id: int, number: str, secured: Secured, *, by: str, at: datetime
) -> Allocated:
    """Write whose the goods are that were set aside for this order, the lines of which are entered now."""
    lines = read_order_lines(connection, order_id)
    by_line = {need.line: plan for need, plan in zip(secured.needs, secured.plans, strict=True)}
    plans = {line.id: by_line[line.line_id] for line in lines if line.line_id in by_line}
    kept = {line.id: line for line in lines}
    return write_allocations(connection, order_id, number, secured.sourcing, lines, kept, plans, by=by, at=at)
