"""How much of a product lies in a depot, locked for who is about to change it; what that does to its cost. Pure but for
the lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from sqlalchemy import Connection, func, literal_column, or_, select, text

from intergestan_db.among import row_among
from intergestan_db.tables import Depot, Stock
from intergestan_msg.money import MILLIONTH, ZERO

Key = tuple[int, int]
"""The ids of a depot and of a product."""

_EXACT = Context(prec=50, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Level:
    """A product in a depot. `average_cost` is of one unit; more than is available leaves only where `negative_ok`."""

    depot_id: int
    product_id: int
    on_hand: Decimal
    reserved: Decimal
    average_cost: Decimal
    negative_ok: bool

    @property
    def available(self) -> Decimal:
        """What is set aside for nobody."""
        return self.on_hand - self.reserved

    def allows(self, quantity: Decimal) -> bool:
        """Whether so much may come (or leave, below 0) that is set aside for nobody."""
        return quantity >= 0 or self.negative_ok or self.available + quantity >= 0


def average_after(on_hand: Decimal, average: Decimal, quantity: Decimal, cost: Decimal) -> Decimal:
    """What a unit costs on average once `quantity` more came at `cost` each, to six decimals, halves up.

    Where nothing lay before, or less than nothing, it is the cost of what came.
    """
    if on_hand <= 0:
        return cost
    value = _EXACT.add(_EXACT.multiply(on_hand, average), _EXACT.multiply(quantity, cost))
    return _EXACT.quantize(_EXACT.divide(value, on_hand + quantity), MILLIONTH)


_KEYS = row_among((Stock.depot_id, Stock.product_id), "keys")
_COLUMNS = (Stock.depot_id, Stock.product_id, Stock.on_hand, Stock.reserved, Stock.average_cost, Stock.negative_ok)
_THERE = select(Stock.depot_id, Stock.product_id).where(_KEYS)
_LOCK = select(*_COLUMNS).where(_KEYS).order_by(Stock.product_id, Stock.depot_id).with_for_update()
_ADD = text(
    "INSERT INTO stock (depot_id, product_id, on_hand, reserved, average_cost, negative_ok)"
    " SELECT id, :product, 0, 0, 0, allow_negative FROM depot WHERE id = :depot ON CONFLICT DO NOTHING"
)


def lock_levels(connection: Connection, keys: Iterable[Key]) -> dict[Key, Level]:
    """Let nobody else change what lies there until the transaction ends, and say what does: nothing, where none is.

    All that a transaction changes is locked by one call, in the order of product and depot, so that two never wait for
    each other. Rows of stock are the last lock but counters and number series (ADR 0048).
    """
    wanted = sorted(set(keys), key=_order)
    there = {(row.depot_id, row.product_id) for row in connection.execute(_THERE, {"keys": wanted})}
    if missing := [key for key in wanted if key not in there]:
        connection.execute(_ADD, [{"depot": depot, "product": product} for depot, product in missing])
    locked = (Level(*row) for row in connection.execute(_LOCK, {"keys": wanted}))
    return {(level.depot_id, level.product_id): level for level in locked}


def _order(key: Key) -> Key:
    depot, product = key
    return product, depot


_NEGATIVE = (
    select(func.count())
    .select_from(Stock)
    .join(Depot, Depot.id == Stock.depot_id)
    .where(
        literal_column("stock.negative_ok"),
        ~Depot.allow_negative,
        or_(Stock.on_hand < ZERO, Stock.reserved > Stock.on_hand),
    )
)
"""Other rows the table refuses. It is asked for again and again, and these rows are few: they have an index of their
own, by what changes with the depot's card alone. One by the quantities would have to be written whenever goods move.
"""


NEGATIVE = _NEGATIVE.scalar_subquery()
"""The same as a part of a statement."""


def count_negative(connection: Connection) -> int:
    """How many products lie below nothing, or are set aside beyond what lies there, in depots that do not allow it.

    The rules of the table hold that there is none: whoever finds one has found a fault.
    """
    return int(connection.execute(_NEGATIVE).scalar_one())
