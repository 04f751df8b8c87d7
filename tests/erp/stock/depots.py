"""A site that counts its stock in three depots, AB, RD and ABL, of three establishments: what tests of it share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from intergestan_db.enums import Arbitrate
from intergestan_db.tables import (
    AccountingFolder,
    Depot,
    DepotRank,
    Dossier,
    Establishment,
    Product,
    Reservation,
    SalesOrder,
    Stock,
)
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import EnteredOrder, enter_order
from intergestan_erp.stock.allocate import Allocated, allocate_order
from intergestan_erp.stock.allocations import show_allocations
from intergestan_erp.stock.typed_shares import read_shares
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_msg.money import plain
from tests.made_once import made_once
from tests.site_factories import NOW, SiteToTest, a_product, add_party

CODES = ("AB", "RD", "ABL")


@dataclass
class Depots:
    """`stock`: what lies in AB, RD and ABL of ALB0002. AB is the depot of the orders, RD has rank 1, ABL rank 2.

    :ivar rules: of the dossier, besides that it counts its stock and sets goods aside.
    """

    site: SiteToTest
    stock: str = "10 10 10"
    rules: Mapping[str, Any] = field(default_factory=dict)
    customer_id: int = 0
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        what = ("depots", self.stock, tuple(sorted(self.rules.items())))
        self.customer_id, ids = made_once(self.site.database, what, self._made)
        self.ids = dict(ids)

    def _made(self) -> tuple[int, dict[str, int]]:
        with self.site.database.transaction() as connection:
            self.customer_id = add_party(connection, NewParty(code="C0000004", name="Stauber", is_customer=True))
            products = [a_product("ALB0002", unit="C62"), a_product("VRAC", unit="KGM"), a_product("POSE", unit="HUR")]
            put_products(connection, products)
            connection.execute(update(Product).where(Product.code == "POSE").values(supply="services"))
            rules = {"reserve_at_entry": False, "arbitrate": Arbitrate.NEVER, **self.rules}
            connection.execute(update(Dossier).values(manage_stock=True, manage_reservations=True, **rules))
            dossier = connection.execute(select(Dossier.id)).scalar_one()
            first = connection.execute(select(Establishment.id)).scalar_one()
            connection.execute(update(Depot).values(code="AB", manage_reservations=True))
            self.ids["AB"] = connection.execute(select(Depot.id)).scalar_one()
            for number, code in enumerate(CODES[1:], start=2):
                own = {"dossier_id": dossier, "number": number, "name": f"Agence {number}"}
                place = connection.execute(insert(Establishment).values(**own).returning(Establishment.id))
                values = {
                    "code": code,
                    "name": code,
                    "manage_reservations": True,
                    "establishment_id": place.scalar_one(),
                }
                made = connection.execute(insert(Depot).values(**values).returning(Depot.id))
                self.ids[code] = made.scalar_one()
                rank = {"establishment_id": first, "depot_id": self.ids[code], "rank": number - 1}
                connection.execute(insert(DepotRank).values(**rank))
            for code, quantity in zip(CODES, self.stock.split(), strict=True):
                self.put(connection, "ALB0002", code, quantity)
        return self.customer_id, self.ids

    def put(self, connection: Any, product: str, depot: str, quantity: str) -> None:
        """Let so much of a product lie in a depot."""
        product_id = connection.execute(select(Product.id).where(Product.code == product)).scalar_one()
        key = {"product_id": product_id, "depot_id": self.ids[depot]}
        where = (Stock.product_id == product_id, Stock.depot_id == self.ids[depot])
        if connection.execute(update(Stock).where(*where).values(on_hand=Decimal(quantity))).rowcount == 0:
            connection.execute(insert(Stock).values(**key, on_hand=Decimal(quantity)))

    def comes(self, depot: str, quantity: str, product: str = "ALB0002") -> None:
        with self.site.database.transaction() as connection:
            self.put(connection, product, depot, quantity)

    def allow_negative(self, connection: Any, depot: str) -> None:
        """Let more leave a depot than lies there."""
        connection.execute(update(Depot).where(Depot.code == depot).values(allow_negative=True))
        connection.execute(update(Stock).where(Stock.depot_id == self.ids[depot]).values(negative_ok=True))

    def gives_company(self, depot: str) -> None:
        """Make the establishment of a depot a company of its own, and let establishment 1 invoice for all."""
        with self.site.database.transaction() as connection:
            folder = insert(AccountingFolder).values(number=2, name="Agence").returning(AccountingFolder.id)
            folder_id = connection.execute(folder).scalar_one()
            owner = select(Depot.establishment_id).where(Depot.code == depot).scalar_subquery()
            connection.execute(
                update(Establishment).where(Establishment.id == owner).values(accounting_folder_id=folder_id)
            )
            first = select(Establishment.id).where(Establishment.number == 1).scalar_subquery()
            connection.execute(update(Dossier).values(invoicing_establishment_id=first))

    def sells(self, product: str) -> None:
        """Another product, by the kilogram."""
        with self.site.database.transaction() as connection:
            put_products(connection, [a_product(product, unit="KGM")])

    def sets(self, **rules: Any) -> None:
        """Other rules of the dossier."""
        with self.site.database.transaction() as connection:
            connection.execute(update(Dossier).values(**rules))

    def enter(self, *lines: str, **choices: str) -> EnteredOrder:
        """Enter an order of lines such as `ALB0002=6`; choices by line, such as `L1="AB=1 RD=2"`."""
        chosen = {line: read_shares(text) for line, text in choices.items()}
        typed = [TypedLine(code, Decimal(quantity)) for code, _, quantity in (line.partition("=") for line in lines)]
        with self.site.database.transaction() as connection:
            wanted = Typed(customer_id=self.customer_id, lines=tuple(typed))
            return enter_order(connection, wanted, choices=chosen, by="marie", at=NOW)

    def allocate(self, number: str, **choices: str) -> Allocated:
        """Allocate an order; choices by line, such as `L1="AB=1 RD=2"`."""
        chosen = {line: read_shares(text) for line, text in choices.items()}
        with self.site.database.transaction() as connection:
            return allocate_order(connection, number, chosen, by="marie", at=NOW)

    def change(self, number: str, **quantities: str) -> None:
        """Change an order ourselves."""
        wanted = OwnChanges(quantities={line: Decimal(quantity) for line, quantity in quantities.items()})
        with self.site.database.transaction() as connection:
            change_sales_order(connection, number, wanted, by="marie", at=NOW)

    def replace(self, number: str, line: str, product: str) -> None:
        """Let another product take the place of a line's."""
        with self.site.database.transaction() as connection:
            change_sales_order(connection, number, OwnChanges(products={line: product}), by="marie", at=NOW)

    def cancel(self, number: str) -> Freed:
        with self.site.database.transaction() as connection:
            return cancel_order(connection, number, None, by="marie", at=NOW)

    def stand(self, product: str = "ALB0002") -> str:
        """`AB 10/1, RD 10/2, ABL 10/3`: on hand and reserved."""
        with self.site.database.read() as connection:
            query = select(Stock.depot_id, Stock.on_hand, Stock.reserved).join(Product, Product.id == Stock.product_id)
            rows = {row.depot_id: row for row in connection.execute(query.where(Product.code == product))}
        shown = ((code, rows[place]) for code, place in self.ids.items() if place in rows)
        return ", ".join(f"{code} {plain(row.on_hand)}/{plain(row.reserved)}" for code, row in shown)

    def shown(self, number: str) -> str:
        """`L1: AB 1/1 direct, RD 2/2 direct; L2: …; rest 3`: quantity and what is set aside, by line."""
        with self.site.database.read() as connection:
            order = show_allocations(connection, number)
        lines = []
        for line in order.lines:
            parts = [
                f"{each.depot} {plain(each.quantity)}/{plain(each.reserved)} {each.route}" for each in line.allocations
            ]
            parts += [f"rest {plain(line.remainder)}"] if line.remainder else []
            lines.append(f"{line.line}: {', '.join(parts)}")
        return "; ".join(lines)

    def reserved(self) -> dict[tuple[int, int], Decimal]:
        """What the active reservations add up to, by product and depot."""
        found: dict[tuple[int, int], Decimal] = {}
        for row in self.site.rows(Reservation, state="active", kind="stock"):
            key = (row.product_id, row.depot_id)
            found[key] = found.get(key, Decimal(0)) + row.quantity
        return found

    def order(self, number: str) -> Any:
        return self.site.row(SalesOrder, number=number)
