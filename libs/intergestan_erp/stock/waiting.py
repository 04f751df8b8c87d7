"""Which orders are to get goods at once: said in SQL, once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, and_, bindparam, select

from intergestan_db.enums import SalesState
from intergestan_db.tables import Dossier, Establishment, SalesOrder

RESERVES_AT_ENTRY: Final = (
    select(Dossier.id)
    .where(Dossier.manage_stock, Dossier.manage_reservations, Dossier.reserve_at_entry)
    .limit(1)
    .scalar_subquery()
)
"""A dossier that sets goods aside as soon as an order is accepted (A11), as a part of a statement; NULL: none does."""
_RESERVES: Final = and_(Dossier.manage_stock, Dossier.manage_reservations)
_OF_ITS_DOSSIER: Final = (
    select(Dossier.id)
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .where(Establishment.id == SalesOrder.establishment_id, _RESERVES)
)
IS_UNALLOCATED: Final = and_(
    SalesOrder.state == SalesState.ACCEPTED,
    SalesOrder.allocated_at.is_(None),
    _OF_ITS_DOSSIER.where(Dossier.reserve_at_entry).exists(),
)
"""An accepted order that nobody has allocated, where that is done at once (A11)."""

_ONE_UNALLOCATED: Final = select(SalesOrder.id).where(SalesOrder.id == bindparam("order"), IS_UNALLOCATED)


def is_unallocated(connection: Connection, order_id: int) -> bool:
    """Whether an order is to be allocated at once, and was not yet."""
    return connection.execute(_ONE_UNALLOCATED, {"order": order_id}).first() is not None
