"""How a site's goods stand: what nobody may leave as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from intergestan_db.tables import SalesOrder
from intergestan_erp.stock.levels import NEGATIVE
from intergestan_erp.stock.waiting import IS_UNALLOCATED, RESERVES_AT_ENTRY

_UNALLOCATED: Final = select(func.count(), func.min(SalesOrder.created_at)).where(IS_UNALLOCATED)
_GOODS: Final = select(NEGATIVE.label("negative"), RESERVES_AT_ENTRY.is_not(None).label("reserves"))


@dataclass(frozen=True, slots=True)
class GoodsHealth:
    """How goods stand.

    :ivar negative: products of which less than nothing lies in a depot, or than is set aside, where it may not.
    :ivar reserves: whether goods are set aside as soon as an order is accepted (A11).
    :ivar unallocated: accepted orders that wait for it, `since` when the oldest of them is there.
    """

    negative: int
    reserves: bool
    unallocated: int
    since: datetime | None


def read_goods(connection: Connection) -> GoodsHealth:
    """How goods stand. Where nothing is set aside at once, no orders are looked through."""
    row = connection.execute(_GOODS).one()
    if not row.reserves:
        return GoodsHealth(row.negative, reserves=False, unallocated=0, since=None)
    waiting, since = connection.execute(_UNALLOCATED).one()
    return GoodsHealth(row.negative, reserves=True, unallocated=waiting, since=since)
