"""What a site has of agencies, stock and books: by it pages know which of them are of use, and where people may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from intergestan_db.tables import Dossier, Entry, Establishment
from intergestan_erp.agencies.places import Place, places_in_use


@dataclass(frozen=True, slots=True)
class Standing:
    """How a site is set up.

    :ivar places: all in use, in the order in which they are offered; `usual`: where the site does what nobody does at a
        place of their own.
    :ivar establishments: how many are in use; `manages_stock`: a dossier does; `has_entries`: books were begun.
    """

    places: Sequence[Place] = ()
    usual: Place | None = None
    establishments: int = 0
    manages_stock: bool = False
    has_entries: bool = False

    def of_depot(self, depot_id: int | None) -> Place | None:
        """The place that a depot is; None: it is not in use."""
        return next((place for place in self.places if place.depot_id == depot_id), None)


_FACTS: Final = select(
    select(func.count())
    .select_from(Establishment)
    .where(Establishment.active)
    .scalar_subquery()
    .label("establishments"),
    select(Dossier.id).where(Dossier.manage_stock).exists().label("manages_stock"),
    select(Entry.id).exists().label("has_entries"),
)


def read_standing(connection: Connection) -> Standing:
    """How the site is set up now, in two statements."""
    found, usual = places_in_use(connection)
    facts = connection.execute(_FACTS).one()
    return Standing(found, usual, facts.establishments, facts.manages_stock, facts.has_entries)
