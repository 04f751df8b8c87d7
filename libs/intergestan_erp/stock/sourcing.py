"""From where an order of an establishment may be served: the rules of its dossier, and the depots with their ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, bindparam, func, select, type_coerce

from intergestan_db.enums import Arbitrate
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, DepotRank, Dossier, Establishment, Stock
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.stock.propose import UNRANKED, Invoicer, Shelf
from intergestan_msg.money import ZERO

_INVOICER: Final = Establishment.__table__.alias("invoicer")
_RULES: Final = (
    select(
        *(Dossier.id, Dossier.number, Dossier.manage_stock, Dossier.manage_reservations, Dossier.reserve_at_entry),
        Dossier.arbitrate,
        _INVOICER.c.number.label("invoicer"),
        func.coalesce(_INVOICER.c.accounting_folder_id, Dossier.accounting_folder_id).label("invoicer_folder"),
    )
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .outerjoin(_INVOICER, _INVOICER.c.id == Dossier.invoicing_establishment_id)
    .where(Establishment.id == bindparam("establishment"))
)
_DEPOTS: Final = (
    select(
        *(Depot.id, Depot.code, Depot.allow_negative, Depot.establishment_id, Establishment.number),
        and_(Depot.active, Depot.manage_reservations).label("reserves"),
        EFFECTIVE_FOLDER.label("folder_id"),
        func.coalesce(DepotRank.rank, UNRANKED).label("rank"),
    )
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .outerjoin(
        DepotRank, and_(DepotRank.depot_id == Depot.id, DepotRank.establishment_id == bindparam("establishment"))
    )
    .where(Dossier.id == bindparam("dossier"))
    .order_by(Depot.code)
)
AVAILABLE: Final = type_coerce(Stock.on_hand - Stock.reserved, Scaled(6)).label("available")
"""What of a product in a depot is not set aside."""
_STOCK: Final = select(Stock.product_id, Stock.depot_id, AVAILABLE).where(
    Stock.product_id.in_(bindparam("products", expanding=True)),
    Stock.depot_id.in_(bindparam("depots", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class StockRules:
    """What a dossier says of its stock.

    :ivar reserves: goods are set aside for orders (A10); `at_entry`: as soon as an order is entered or accepted (A11).
    """

    dossier: int
    manages: bool
    reserves: bool
    at_entry: bool
    arbitrate: Arbitrate


@dataclass(frozen=True, slots=True)
class Source:
    """A depot of the dossier. :ivar reserves: it is in use, and goods are set aside there (A10).

    :ivar allows_negative: more may be promised there than lies there. `establishment`: the number of its own.
    """

    id: int
    code: str
    establishment_id: int
    folder_id: int
    rank: int
    reserves: bool
    allows_negative: bool
    establishment: int = 0


Available = dict[tuple[int, int], Decimal]
"""What may be set aside, by product and depot."""


@dataclass(frozen=True, slots=True)
class Sourcing:
    """From where an order may be served. :ivar own: its own depot; `depots`: all of the dossier, by id."""

    rules: StockRules
    own: Source
    depots: Mapping[int, Source]
    invoicer: Invoicer | None

    def named(self, code: str) -> Source:
        """The depot of a code, however it is written.

        :raises Problem: the dossier has none, or nothing is set aside there.
        """
        found = next((each for each in self.depots.values() if each.code.casefold() == code.casefold()), None)
        if found is None:
            raise Problem(
                "There is no depot {depot} here; there are: {known}. Nothing was reserved.",
                ProblemCode.NO_DEPOT,
                (Act.LIST_DEPOTS,),
                depot=code,
                known=", ".join(each.code for each in self.depots.values()),
            )
        if not found.reserves:
            raise no_reservations(found.code)
        return found

    def within(self) -> Sourcing:
        """The same with the depots of the own establishment alone."""
        own = {place: each for place, each in self.depots.items() if each.establishment_id == self.own.establishment_id}
        return replace(self, depots=own)

    def shelf(self, source: Source, available: Decimal) -> Shelf:
        """A depot with what a product has there."""
        return Shelf(source.id, source.code, source.folder_id, available, source.rank)

    def shelves(self, product_id: int, available: Available) -> tuple[Shelf, list[Shelf]]:
        """The own depot, and the others that have something of a product."""
        own = available.get((product_id, self.own.id), ZERO) if self.own.reserves else ZERO
        others = (each for each in self.depots.values() if each.reserves and each.id != self.own.id)
        found = ((each, available.get((product_id, each.id), ZERO)) for each in others)
        return self.shelf(self.own, own), [self.shelf(each, amount) for each, amount in found if amount > 0]


def no_reservations(depot: str) -> Problem:
    """Why nothing is set aside in a depot (A10)."""
    return Problem(
        "{depot} does not manage reservations. Nothing was reserved.",
        ProblemCode.NO_RESERVATIONS,
        (Act.SET_DEPOT,),
        depot=depot,
    )


def read_sourcing(connection: Connection, establishment_id: int, depot_id: int) -> Sourcing:
    """From where an order of an establishment and a depot may be served."""
    row = connection.execute(_RULES, {"establishment": establishment_id}).one()
    rules = StockRules(
        *(row.number, row.manage_stock),
        reserves=row.manage_stock and row.manage_reservations,
        at_entry=row.manage_stock and row.manage_reservations and row.reserve_at_entry,
        arbitrate=Arbitrate(row.arbitrate),
    )
    invoicer = None if row.invoicer is None else Invoicer(row.invoicer, row.invoicer_folder)
    rows = connection.execute(_DEPOTS, {"establishment": establishment_id, "dossier": row.id})
    depots = {
        each.id: Source(
            *(each.id, each.code, each.establishment_id, each.folder_id, each.rank),
            reserves=rules.reserves and each.reserves,
            allows_negative=each.allow_negative,
            establishment=each.number,
        )
        for each in rows
    }
    return Sourcing(rules, depots[depot_id], depots, invoicer)


def read_available(connection: Connection, sourcing: Sourcing, product_ids: set[int]) -> Available:
    """What the depots of a dossier that set goods aside have of these products, in one query."""
    depots = [each.id for each in sourcing.depots.values() if each.reserves]
    if not product_ids or not depots:
        return {}
    rows = connection.execute(_STOCK, {"products": sorted(product_ids), "depots": depots})
    return {(row.product_id, row.depot_id): row.available for row in rows}


def read_in_all(connection: Connection, sourcing: Sourcing, product_ids: set[int]) -> dict[int, Decimal] | None:
    """What all depots of a dossier together have of these products and set aside for nobody; None where no stock is
    managed.
    """
    if not sourcing.rules.manages:
        return None
    found = dict.fromkeys(product_ids, ZERO)
    if product_ids:
        rows = connection.execute(_STOCK, {"products": sorted(product_ids), "depots": sorted(sourcing.depots)})
        for row in rows:
            found[row.product_id] += row.available
    return found
