"""Goods leave a depot for who ordered them (D38): first what was set aside for them there, then what is available.

For what has left nothing is set aside any more, wherever that was (I4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, insert, literal, select, update

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationState, StockReason
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, Reservation
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.stock.allocate import freed_by, write_held
from intergestan_erp.stock.holdings import Taken
from intergestan_erp.stock.levels import Key, Level, lock_levels
from intergestan_erp.stock.moves import Move, write_moves
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_erp.stock.ordered_elsewhere import shrink_pairs, untie, write_shrunk
from intergestan_erp.stock.reserve import change_reserved
from intergestan_msg.money import ZERO, plain

_NOW: Final = bindparam("now", type_=UtcDateTime())
_CONSUME: Final = (
    update(Reservation)
    .where(among(Reservation.id, "reservations"))
    .values(state=ReservationState.CONSUMED, ended_at=_NOW)
)
_SHRINK: Final = (
    update(Reservation)
    .where(Reservation.id == bindparam("reservation"))
    .values(quantity=bindparam("left", type_=Scaled(6)))
)
_SAME: Final = ("allocation_id", "depot_id", "product_id", "kind", "created_at")
_SPLIT: Final = insert(Reservation).from_select(
    [*_SAME, "quantity", "state", "ended_at"],
    select(
        *(getattr(Reservation, name) for name in _SAME),
        *(bindparam("part", type_=Scaled(6)), literal(ReservationState.CONSUMED.value), _NOW),
    ).where(Reservation.id == bindparam("reservation")),
)
"""What left of a reservation is a row of its own."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Goods that leave, by depot and product. :ivar levels: what lies there, without what was set aside for them."""

    quantities: Mapping[Key, Decimal]
    levels: Mapping[Key, Level]


def let_leave(
    connection: Connection, order: AnyRow, depot_id: int, wanted: Mapping[int, Decimal], *, by: str, at: datetime
) -> Leaving:
    """Lock what lies in a depot of what leaves it for a locked order, and give up what the order holds for that.

    :param wanted: by line of the order. Services lie nowhere, and are passed over.
    :raises Problem: less is there that is set aside for nobody else; nothing may be written then.
    """
    before = [line for line in read_order_lines(connection, order.id) if line.id in wanted and line.is_goods]
    parts = [line.delivered_from(depot_id, wanted[line.id]) for line in before]
    left = [line for line, _taken in parts]
    after = [line.fitted() for line in left]
    pairs = shrink_pairs(connection, left, after)
    kept = [*after, *pairs.after]
    freed = freed_by([*before, *pairs.before], kept)
    quantities = _by_product(before, depot_id, wanted)
    locked = lock_levels(connection, [*quantities, *((depot, product) for product, depot in freed)])
    levels = {
        key: replace(level, reserved=level.reserved + freed.get((level.product_id, level.depot_id), ZERO))
        for key, level in locked.items()
    }
    _check(connection, order.number, before, quantities, levels)
    change_reserved(connection, freed)
    untie(connection, pairs)
    _consume(connection, [each for _line, taken in parts for each in taken], at)
    write_held(connection, [*left, *pairs.before], {line.id: line for line in kept}, {}, None, at)
    write_shrunk(connection, pairs, by=by, at=at)
    return Leaving(quantities, levels)


def write_left(connection: Connection, leaving: Leaving, document: str, *, by: str, at: datetime) -> None:
    """Write that these goods left. :param document: the number of their delivery note."""
    moves = [
        Move(depot, product, -quantity, StockReason.DELIVERY, document=document)
        for (depot, product), quantity in leaving.quantities.items()
    ]
    write_moves(connection, leaving.levels, moves, by=by, at=at)


def _by_product(lines: Sequence[HeldLine], depot_id: int, wanted: Mapping[int, Decimal]) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for line in lines:
        key = (depot_id, line.product_id)
        found[key] = found.get(key, ZERO) + wanted[line.id]
    return found


def _check(
    connection: Connection,
    number: str,
    lines: Sequence[HeldLine],
    quantities: Mapping[Key, Decimal],
    levels: Mapping[Key, Level],
) -> None:
    """Refuse that more leaves than is there."""
    names = {line.product_id: line.product for line in lines}
    for (depot_id, product_id), quantity in quantities.items():
        level = levels[depot_id, product_id]
        if not level.allows(-quantity):
            raise Problem(
                "Only {left} of {product} are left in {depot} for {number}, and {wanted} were to leave. Nothing was "
                "delivered.",
                ProblemCode.NOT_IN_STOCK,
                (Act.SHOW_STOCK, Act.ALLOCATE_AGAIN),
                left=plain(level.available),
                product=names[product_id],
                depot=connection.execute(select(Depot.code).where(Depot.id == depot_id)).scalar_one(),
                number=number,
                wanted=plain(quantity),
            )


def _consume(connection: Connection, taken: Sequence[Taken], at: datetime) -> None:
    whole = [each.reservation_id for each in taken if not each.left]
    if whole:
        connection.execute(_CONSUME, {"reservations": whole, "now": at})
    for each in taken:
        if each.left:
            connection.execute(_SPLIT, {"reservation": each.reservation_id, "part": each.quantity, "now": at})
            connection.execute(_SHRINK, {"reservation": each.reservation_id, "left": each.left})
