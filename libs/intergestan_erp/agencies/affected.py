"""How many open documents and cards a change of a dossier's settings touches, told before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from intergestan_db.enums import Invoiced, SalesState
from intergestan_db.tables import Depot, Establishment, Party, SalesOrder
from intergestan_erp.agencies.dossiers import moved
from intergestan_erp.agencies.establishments import dossier_row


@dataclass(frozen=True, slots=True)
class Affected:
    """What a dossier has.

    :ivar open_orders: sales orders that are accepted and not wholly invoiced; `inheriting` of these: whose customer and
        who themselves say nothing of incomplete orders; `agency_parties`: third parties that stand for its depots.
    :ivar has_moves: goods came, left or were counted: stock stays managed from then on.
    """

    open_orders: int
    inheriting: int
    agency_parties: int
    has_moves: bool


def affected(connection: Connection, number: int | None = None) -> Affected:
    """What a dossier has, in one statement."""
    dossier = dossier_row(connection, number)
    own = select(Establishment.id).where(Establishment.dossier_id == dossier.id)
    is_open = (
        SalesOrder.state == SalesState.ACCEPTED,
        SalesOrder.invoiced.in_([Invoiced.NONE, Invoiced.PART]),
        SalesOrder.establishment_id.in_(own),
    )
    orders = select(func.count()).select_from(SalesOrder).where(*is_open)
    silent = (
        select(func.count())
        .select_from(SalesOrder)
        .join(Party, Party.id == SalesOrder.customer_id)
        .where(*is_open, SalesOrder.incomplete.is_(None), Party.incomplete.is_(None))
    )
    tied = select(Depot.customer_party_id).where(Depot.establishment_id.in_(own), Depot.customer_party_id.is_not(None))
    sold = select(Depot.supplier_party_id).where(Depot.establishment_id.in_(own), Depot.supplier_party_id.is_not(None))
    parties = select(func.count()).select_from(tied.union(sold).subquery())
    counts = (orders.scalar_subquery(), silent.scalar_subquery(), parties.scalar_subquery(), moved(dossier.id))
    return Affected(*connection.execute(select(*counts)).one())
