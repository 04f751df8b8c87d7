"""One dossier with three establishments, each with a depot (A19): 1 (the head office) has AB, 2 has RD, 3 has ABL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from intergestan_db.database import Database
from intergestan_db.tables import Depot, Party, Table
from intergestan_erp.agencies.depots import add_depot, rank_depots, set_depot
from intergestan_erp.agencies.dossiers import set_dossier
from intergestan_erp.agencies.establishments import add_establishment, add_folder, list_folders, set_establishment
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.stock.entry import Goods, receive
from intergestan_msg.seal import SigningKey
from tests.made_once import made_once
from tests.site_factories import SiteToTest, add_party, make_site, rows_of

Result = TypeVar("Result")
OTHERS = {2: "RD", 3: "ABL"}


class Agencies:
    """Stock is managed. Product ALB0002 is sold at 10,00 and bought at 6,00.

    :param opening: so much of it lies in each depot.
    :param parties: whether each depot has its two third parties, AG1 to AG3, each of which is both.
    """

    def __init__(self, base: Database, *, opening: int = 0, parties: bool = False) -> None:
        self.base = base
        key, code, user_id = made_once(base, ("three agencies", opening, parties), lambda: self._made(opening, parties))
        self.site = SiteToTest(base, key, code, user_id)

    def _made(self, opening: int, parties: bool) -> tuple[SigningKey, str, int]:  # noqa: FBT001
        site = self.site = make_site(self.base)
        row = ProductRow(
            code="ALB0002",
            name="Article ALB0002",
            unit="C62",
            sale_price=Decimal(10),
            purchase_price=Decimal(6),
            vat_category="S",
            vat_rate=Decimal(20),
        )
        self.site.put_products(row)
        self.set(manage_stock=True, manage_reservations=True)
        self.did(add_depot, "AB", 1, {"name": "Dépôt AB", "manage_reservations": True})
        for number, depot in OTHERS.items():
            self.did(add_establishment, number, {"name": f"Agence {number}"})
            self.did(add_depot, depot, number, {"name": f"Dépôt {depot}", "manage_reservations": True})
        self.did(rank_depots, 1, ["AB", "RD", "ABL"])
        if parties:
            for number, depot in {1: "AB", **OTHERS}.items():
                self.tie(depot, self.party(f"AG{number}"))
        if opening:
            goods = [Goods("ALB0002", Decimal(opening), Decimal(6))]
            for depot in ("AB", *OTHERS.values()):
                self.did(receive, self.at(depot), goods, opening=True)
        return site.key, site.code, site.user_id

    def did(self, act: Callable[..., Result], *values: Any, **named: Any) -> Result:
        """What an act in a transaction of its own returns."""
        with self.base.transaction() as connection:
            return act(connection, *values, by="marie", at=self.base.now(), **named)

    def asked(self, question: Callable[..., Result], *values: Any, **named: Any) -> Result:
        """What is read."""
        with self.base.read() as connection:
            return question(connection, *values, **named)

    def set(self, number: int | None = None, **changes: Any) -> tuple[str, ...]:
        """Change the dossier."""
        return self.did(set_dossier, number, changes)

    def at(self, depot: str) -> Place:
        """The place that a depot is."""
        return self.asked(in_depot, depot)

    def party(self, code: str, *, customer: bool = True, supplier: bool = True) -> int:
        """A third party that is both, or one of both."""
        with self.base.transaction() as connection:
            return add_party(connection, NewParty(code=code, name=code, is_customer=customer, is_supplier=supplier))

    def tie(self, depot: str, party_id: int) -> None:
        """Let a party stand for a depot on both sides (A16)."""
        self.did(set_depot, depot, {"customer_party_id": party_id, "supplier_party_id": party_id})

    def own_books(self, establishment: int, folder: int | None) -> None:
        """Give an establishment an accounting folder of its own; the folder is made where it is missing."""
        if folder is not None and folder not in {each.number for each in self.asked(list_folders)}:
            self.did(add_folder, folder, {"name": f"Société {folder}"})
        self.did(set_establishment, establishment, {"folder": folder})

    def rows(self, table: type[Table], **where: Any) -> Any:
        """All rows of a table with these values."""
        return rows_of(self.base, table, **where)

    def party_row(self, code: str) -> Any:
        """A third party's row."""
        (row,) = self.rows(Party, code=code)
        return row

    def depot_id(self, code: str) -> int:
        """A depot's id."""
        return self.asked(_depot_id, code)


def _depot_id(connection: Connection, code: str) -> int:
    return int(connection.execute(select(Depot.id).where(Depot.code == code)).scalar_one())
