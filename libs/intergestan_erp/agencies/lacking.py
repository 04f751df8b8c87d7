"""What is missing for orders between agencies, before anybody makes one (A13, A16 to A18)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from intergestan_db.tables import Depot, Dossier, Establishment
from intergestan_erp.agencies.settings_rules import missing_sides


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a dossier lacks whose establishments order of each other; all empty: nothing.

    :ivar depots: codes of depots with the sides, `customer` or `supplier`, of which they have no third party.
    :ivar categories: of what the dossier names none, `party` or `document`.
    """

    dossier: int
    depots: tuple[tuple[str, tuple[str, ...]], ...]
    categories: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not (self.depots or self.categories)


def lacking(connection: Connection) -> tuple[Lacking, ...]:
    """What each dossier lacks that has several establishments in use and sets goods aside: they order of each other."""
    several = (
        select(Establishment.dossier_id)
        .where(Establishment.active)
        .group_by(Establishment.dossier_id)
        .having(func.count() > 1)
    )
    columns = (Dossier.id, Dossier.number, Dossier.party_category_id, Dossier.document_category_id)
    ordering = Dossier.manage_reservations, Dossier.id.in_(several)
    dossiers = connection.execute(select(*columns).where(*ordering).order_by(Dossier.number)).all()
    found = []
    for dossier in dossiers:
        depots = (
            select(Depot.code, Depot.customer_party_id, Depot.supplier_party_id)
            .join(Establishment, Establishment.id == Depot.establishment_id)
            .where(Establishment.dossier_id == dossier.id, Establishment.active, Depot.active)
            .order_by(Depot.code)
        )
        sides = (
            (row.code, tuple(missing_sides(row.customer_party_id, row.supplier_party_id)))
            for row in connection.execute(depots)
        )
        categories = {"party": dossier.party_category_id, "document": dossier.document_category_id}
        missing = tuple(name for name, category in categories.items() if category is None)
        found.append(Lacking(dossier.number, tuple(each for each in sides if each[1]), missing))
    return tuple(found)
