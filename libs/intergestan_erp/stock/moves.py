"""Goods come and leave: every change of what lies in a depot is a move that nobody alters (A03, A05).

The moves of a product in a depot add up to what lies there. What is decided, is decided under the lock of its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.bulk import insert_rows, update_rows
from intergestan_db.enums import StockReason
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, Product, Stock, StockMove
from intergestan_erp.stock.levels import Key, Level, average_after
from intergestan_msg.money import MILLIONTH, fits, plain


@dataclass(frozen=True, slots=True)
class Move:
    """So much of a product comes into a depot, or leaves it where `quantity` is below 0.

    :ivar unit_cost: what a unit cost that comes; None: as much as those that lie there. What leaves, leaves at that.
    :ivar document: the number of the document that moves it, or what a person said of it.
    """

    depot_id: int
    product_id: int
    quantity: Decimal
    reason: StockReason
    unit_cost: Decimal | None = None
    document: str | None = None

    @property
    def key(self) -> Key:
        """Which level it changes."""
        return self.depot_id, self.product_id


@dataclass(frozen=True, slots=True)
class Short:
    """What cannot leave: less than that is available. `level` is what lies there."""

    move: Move
    level: Level


@dataclass(frozen=True, slots=True)
class Moved:
    """What lies where after some moves, and what a unit of each of these costs."""

    levels: Mapping[Key, Level]
    costs: tuple[Decimal, ...]


def moved(levels: Mapping[Key, Level], moves: Iterable[Move]) -> Moved | Short:
    """What these moves, one after the other, make of it; or the first of them that takes what is not there. Pure."""
    after, costs = dict(levels), []
    for move in moves:
        level = after[move.key]
        if not level.allows(move.quantity):
            return Short(move, level)
        cost = average = level.average_cost
        if move.quantity > 0 and move.unit_cost is not None:
            cost, average = move.unit_cost, average_after(level.on_hand, average, move.quantity, move.unit_cost)
        after[move.key] = replace(level, on_hand=level.on_hand + move.quantity, average_cost=average)
        costs.append(cost)
    return Moved(after, tuple(costs))


def write_moves(
    connection: Connection, levels: Mapping[Key, Level], moves: Sequence[Move], *, by: str, at: datetime
) -> Mapping[Key, Level]:
    """Make these moves; those of nothing are left out.

    :param levels: of all that they change, locked in this transaction (`lock_levels`); what is set aside of it is
        written as it stands here.
    :returns: what lies where afterwards.
    :raises Problem: more would leave than is available, or more would lie there than can be written down. Nothing may
        be written then.
    """
    made = [move for move in moves if move.quantity]
    result = moved(levels, made)
    if isinstance(result, Short):
        raise _short(connection, result)
    changed = [level for key, level in result.levels.items() if level != levels[key]]
    for level in changed:
        if not fits(level.on_hand, MILLIONTH):
            raise _too_much(connection, level)
    update_rows(connection, Stock, ("depot_id", "product_id"), list(map(_level_row, changed)))
    written = {"at": at, "created_by": by}
    rows = [{**_move_row(move), "unit_cost": cost, **written} for move, cost in zip(made, result.costs, strict=True)]
    insert_rows(connection, StockMove, rows)
    return result.levels


def _level_row(level: Level) -> dict[str, object]:
    return {
        "depot_id": level.depot_id,
        "product_id": level.product_id,
        "on_hand": level.on_hand,
        "reserved": level.reserved,
        "average_cost": level.average_cost,
    }


def _move_row(move: Move) -> dict[str, object]:
    return {
        "depot_id": move.depot_id,
        "product_id": move.product_id,
        "quantity": move.quantity,
        "reason": move.reason,
        "document": move.document,
    }


def _short(connection: Connection, short: Short) -> Problem:
    depot, product = _names(connection, short.level)
    return Problem(
        "Only {left} of {product} are available in {depot}, {wanted} were asked. Nothing was changed.",
        ProblemCode.NOT_IN_STOCK,
        (Act.SHOW_STOCK,),
        left=plain(short.level.available),
        product=product,
        depot=depot,
        wanted=plain(-short.move.quantity),
    )


def _too_much(connection: Connection, level: Level) -> Problem:
    depot, product = _names(connection, level)
    return Problem(
        "{quantity} of {product} in {depot} is more than can be written down. Nothing was changed.",
        ProblemCode.TOO_LARGE,
        quantity=plain(level.on_hand),
        product=product,
        depot=depot,
    )


def _names(connection: Connection, level: Level) -> tuple[str, str]:
    depot = connection.execute(select(Depot.code).where(Depot.id == level.depot_id)).scalar_one()
    product = connection.execute(select(Product.code).where(Product.id == level.product_id)).scalar_one()
    return depot, product
