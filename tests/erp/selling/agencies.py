"""The three agencies of the inter-agency examples: 1 with the depot PRINCIPAL, 2 with RD, 3 with ABL (A19)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.tables import (
    Depot,
    Dossier,
    Establishment,
    Party,
)
from intergestan_erp.agencies.establishments import add_folder, folder_called
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from tests.made_once import made_once
from tests.site_factories import NOW, SiteToTest, a_product, add_party

DEPOTS = {2: "RD", 3: "ABL"}


@dataclass
class Agencies:
    """A site with establishments 1, 2 and 3, the customer C4, and ALB0002 at 10,00 with 20 % VAT.

    :ivar ids: of the establishments by their numbers; `depots`: of a depot of each.
    """

    site: SiteToTest
    now: datetime = NOW
    customer_id: int = 0
    ids: dict[int, int] = field(default_factory=dict)
    depots: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.customer_id, ids, depots = made_once(self.database, "agencies that sell", self._made)
        self.ids, self.depots = dict(ids), dict(depots)

    def _made(self) -> tuple[int, dict[int, int], dict[int, int]]:
        with self.database.transaction() as connection:
            own: dict[str, Any] = {"line1": "1 rue Haute", "postcode": "69001", "city": "Lyon", "country": "FR"}
            self.customer_id = add_party(connection, NewParty(code="C4", name="Client 4", is_customer=True, **own))
            put_products(connection, [a_product("ALB0002")])
            dossier = connection.execute(select(Dossier.id, Dossier.default_establishment_id)).one()
            self.ids[1] = dossier.default_establishment_id
            self.depots[1] = connection.execute(select(Depot.id)).scalar_one()
            for number, depot in DEPOTS.items():
                place = insert(Establishment).values(dossier_id=dossier.id, number=number, name=f"Agence {number}")
                self.ids[number] = connection.execute(place.returning(Establishment.id)).scalar_one()
                lies = insert(Depot).values(code=depot, name=depot, establishment_id=self.ids[number])
                self.depots[number] = connection.execute(lies.returning(Depot.id)).scalar_one()
        return self.customer_id, self.ids, self.depots

    @property
    def database(self) -> Database:
        return self.site.database

    def invoicing(self, number: int | None) -> None:
        """Which establishment invoices for all; None: each its own."""
        with self.database.transaction() as connection:
            values = {"invoicing_establishment_id": None if number is None else self.ids[number]}
            connection.execute(update(Dossier).values(**values))

    def grouping(self, word: str, customer_id: int | None = None) -> None:
        with self.database.transaction() as connection:
            mine = Party.id == (customer_id or self.customer_id)
            connection.execute(update(Party).where(mine).values(invoice_grouping=word))

    def a_customer(self, code: str, grouping: str = "customer") -> int:
        with self.database.transaction() as connection:
            party = add_party(connection, NewParty(code=code, name=f"Client {code}", is_customer=True))
        self.grouping(grouping, party)
        return party

    def folder(self, number: int, name: str) -> None:
        """Establishment `number` gets books of its own, in the folder with the same number."""
        with self.database.transaction() as connection:
            add_folder(connection, number, {"name": name}, by="marie", at=self.now)
            folder = folder_called(connection, number).id
            mine = Establishment.id == self.ids[number]
            connection.execute(update(Establishment).where(mine).values(accounting_folder_id=folder))

    def order(self, *lines: TypedLine, establishment: int = 1, customer_id: int | None = None, **values: Any) -> str:
        """An order of an establishment, by default of 6 ALB0002."""
        with self.database.transaction() as connection:
            typed = Typed(
                customer_id=customer_id or self.customer_id,
                lines=lines or (TypedLine("ALB0002", Decimal(6)),),
                **values,
            )
            place = in_depot(connection, DEPOTS.get(establishment, "PRINCIPAL"))
            return enter_order(connection, typed, place=place, by="marie", at=self.now).number

    def deliver(
        self, order: str, quantity: Any = None, *, at: int = 1, on: datetime | None = None, line: str = "L1"
    ) -> str:
        """So much of a line leaves an establishment; all of the order by default."""
        with self.database.transaction() as connection:
            wanted = None if quantity is None else {line: Decimal(str(quantity))}
            place = in_depot(connection, DEPOTS.get(at, "PRINCIPAL"))
            return deliver(connection, order, wanted, place=place, by="marie", at=on or self.now)

    def delivered_from_all(self) -> str:
        """Case 1 and 2 of the examples: 1, 2 and 3 of six, from the depots of 1, 2 and 3; the order."""
        number = self.order()
        for place in (1, 2, 3):
            self.deliver(number, place, at=place)
        return number

    def scalar(self, query: Any) -> Any:
        with self.database.read() as connection:
            return connection.execute(query).scalar_one()
