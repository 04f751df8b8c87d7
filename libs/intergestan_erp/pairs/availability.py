"""What there is of a product in each depot, what will come in there and what is on its way to it (A32 DISPONIBLE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, type_coerce

from intergestan_db.enums import ReservationKind, ReservationState, Supply
from intergestan_db.tables import Depot, Establishment, Product, Reservation, Stock, StockMove
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.pairs.transit import transit_of
from intergestan_erp.site.day import begin_of
from intergestan_erp.site.zone import read_zone
from intergestan_msg.money import ZERO

_PRODUCT: Final = select(Product.id, Product.code, Product.name, Product.unit, Product.supply).where(
    Product.code == bindparam("code")
)
_DEPOTS: Final = (
    select(
        *(Depot.id, Depot.code, Establishment.number, Depot.active),
        *(Stock.on_hand, Stock.reserved, Stock.average_cost),
    )
    .select_from(Depot)
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .outerjoin(Stock, and_(Stock.depot_id == Depot.id, Stock.product_id == bindparam("product")))
    .where(or_(Depot.active, Stock.on_hand != ZERO))
    .order_by(Establishment.number, Depot.code)
)
_INBOUND: Final = (
    select(Reservation.depot_id, type_coerce(func.sum(Reservation.quantity), Scaled(6)).label("inbound"))
    .where(
        Reservation.product_id == bindparam("product"),
        Reservation.kind == ReservationKind.INBOUND,
        Reservation.state == ReservationState.ACTIVE,
    )
    .group_by(Reservation.depot_id)
)
_ON_DAY: Final = (
    select(StockMove.depot_id, type_coerce(func.sum(StockMove.quantity), Scaled(6)).label("on_hand"))
    .where(StockMove.product_id == bindparam("product"), StockMove.at < bindparam("ends", type_=UtcDateTime()))
    .group_by(StockMove.depot_id)
)


@dataclass(frozen=True, slots=True)
class InDepot:
    """A product in a depot. What was set aside on a day of the past, nor what was to come, nobody knows: it is None.

    :ivar inbound: what other agencies are to send there for orders; `transit`: what left them and is not in yet.
    """

    depot: str
    establishment: int
    on_hand: Decimal
    reserved: Decimal | None = None
    inbound: Decimal | None = None
    transit: Decimal | None = None
    average_cost: Decimal | None = None

    @property
    def available(self) -> Decimal | None:
        """What may be set aside."""
        return None if self.reserved is None else self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Availability:
    """A product with its depots; of a service, which is always available, there are none."""

    product: str
    name: str
    unit: str
    is_goods: bool
    rows: tuple[InDepot, ...]

    @property
    def total(self) -> InDepot:
        """All depots together; their average cost by what lies in each."""
        now = [row for row in self.rows if row.reserved is not None]
        known = len(now) == len(self.rows)
        on_hand = sum((row.on_hand for row in self.rows), ZERO)
        value = sum((row.on_hand * (row.average_cost or ZERO) for row in now), ZERO)
        return InDepot(
            *("", 0, on_hand),
            reserved=_sum(now, "reserved") if known else None,
            inbound=_sum(now, "inbound") if known else None,
            transit=_sum(now, "transit") if known else None,
            average_cost=value / on_hand if known and on_hand > 0 else None,
        )


def _sum(rows: Sequence[InDepot], name: str) -> Decimal:
    return sum((getattr(row, name) or ZERO for row in rows), ZERO)


def show_availability(
    connection: Connection, product: str, *, first: str | None = None, day: date | None = None
) -> Availability | None:
    """What there is of a product; None: there is no such product.

    :param first: the code of the depot that stands first: where somebody is.
    :param day: as it lay at the end of this day of the site; None: as it is now.
    """
    code = as_stored(connection, product, Product.code)
    row = connection.execute(_PRODUCT, {"code": code}).one_or_none()
    if row is None:
        return None
    head = (row.code, row.name, row.unit)
    if row.supply != Supply.GOODS:
        return Availability(*head, is_goods=False, rows=())
    rows = _on(connection, row.id, day) if day is not None else _now(connection, row.id, row.code)
    return Availability(*head, is_goods=True, rows=tuple(sorted(rows, key=lambda each: each.depot != first)))


def _now(connection: Connection, product_id: int, code: str) -> list[InDepot]:
    inbound = {row.depot_id: row.inbound for row in connection.execute(_INBOUND, {"product": product_id})}
    transit = transit_of(connection, code)
    return [
        InDepot(
            *(row.code, row.number, row.on_hand or ZERO, row.reserved or ZERO),
            inbound=inbound.get(row.id, ZERO),
            transit=transit.get(row.code, ZERO),
            average_cost=row.average_cost,
        )
        for row in connection.execute(_DEPOTS, {"product": product_id})
    ]


def _on(connection: Connection, product_id: int, day: date) -> list[InDepot]:
    ends = begin_of(read_zone(connection), day + timedelta(days=1))
    lay = {row.depot_id: row.on_hand for row in connection.execute(_ON_DAY, {"product": product_id, "ends": ends})}
    rows = connection.execute(_DEPOTS, {"product": product_id})
    return [InDepot(row.code, row.number, lay.get(row.id) or ZERO) for row in rows]
