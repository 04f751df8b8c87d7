"""The seed's three agencies AB, RD and ABL with their third parties, and what tests of their orders share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update

from intergestan_db.tables import Allocation, Depot, PurchaseOrder, Reservation, SalesOrder, SalesOrderLine, Stock
from intergestan_erp.agencies.places import in_depot, place_called
from intergestan_erp.books.folders import Folder, folder_called
from intergestan_erp.pairs.cancelling import CancelledPair, cancel_pair
from intergestan_erp.pairs.ordering import OrderedPair, order_pairs
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.pairs.receiving import Received, receive
from intergestan_erp.pairs.transit import list_transit
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.stock import entry
from intergestan_erp.stock.entry import Goods
from intergestan_msg.money import plain
from tests.erp.stock.depots import CODES, Depots
from tests.site_factories import NOW, add_party


class Agencies(Depots):
    """Depots whose third parties AG1, AG2 and AG3 bear the orders between them (A16); goods cost 6.00 everywhere."""

    def __post_init__(self) -> None:
        super().__post_init__()
        with self.site.database.transaction() as connection:
            for number, code in enumerate(CODES, start=1):
                card = NewParty(code=f"AG{number}", name=f"Agence {number}", is_customer=True, is_supplier=True)
                party_id = add_party(connection, card)
                both = {"customer_party_id": party_id, "supplier_party_id": party_id}
                connection.execute(update(Depot).where(Depot.code == code).values(**both, delivery_name=code))
            connection.execute(update(Stock).values(average_cost=Decimal(6)))

    def open(self, quantity: str, *products: str) -> None:
        """Let so much of each product (ALB0002) lie in each depot, with the moves that say so."""
        goods = [Goods(product, Decimal(quantity), Decimal(6)) for product in products or ("ALB0002",)]
        for code in self.ids:
            with self.site.database.transaction() as connection:
                entry.receive(connection, in_depot(connection, code), goods, opening=True, by="marie", at=NOW)

    def folder(self, number: int = 1) -> Folder:
        """An accounting folder."""
        with self.site.database.read() as connection:
            return folder_called(connection, number)

    def for_customer(self, *lines: str, **choices: str) -> str:
        """Enter and allocate a customer's order; its number."""
        number = self.enter(*lines).number
        self.allocate(number, **choices)
        return number

    def order_pairs(self, **wanted: Any) -> list[OrderedPair]:
        """Order what waits."""
        return list(order_pairs(self.site.database, Wanted(**wanted), by="marie", at=NOW))

    def set_aside(self) -> set[str]:
        """What is active: `CCL1 RD stock 2`, by sales order."""
        return set(self._set_aside())

    def _set_aside(self) -> Iterator[str]:
        codes = {place: code for code, place in self.ids.items()}
        for row in self.site.rows(Reservation, state="active"):
            with self.site.database.read() as connection:
                number = connection.execute(_ORDER_OF, {"allocation": row.allocation_id}).scalar_one()
            yield f"{number} {codes[row.depot_id]} {row.kind} {plain(row.quantity)}"

    def orders(self) -> tuple[int, int]:
        """How many purchase and sales orders there are."""
        return len(self.site.rows(PurchaseOrder)), len(self.site.rows(SalesOrder))


class Arrivals(Agencies):
    """What the supplying agency delivers, and what comes in."""

    def send(self, number: str = "CCL2", here: str | None = None, lines: Mapping[str, int] | None = None) -> str:
        """The delivery note of a pair's sales order; all that remains, where the order is, unless something is said."""
        wanted = None if lines is None else {line: Decimal(quantity) for line, quantity in lines.items()}
        with self.site.database.transaction() as connection:
            place = None if here is None else place_called(connection, here)
            return deliver(connection, number, wanted, by="paul", at=NOW, place=place)

    def receive(self, note: str, wanted: dict[int, Decimal] | None = None, here: str = "1/AB") -> Received:
        with self.site.database.transaction() as connection:
            return receive(connection, place_called(connection, here), note, wanted, by="marie", at=NOW)

    def transit(self) -> list[str]:
        with self.site.database.read() as connection:
            rows = list_transit(connection).rows
        return [f"{each.delivery_note} {each.source}>{each.destination} {plain(each.quantity)}" for each in rows]

    def cost(self, depot: str) -> Decimal:
        return Decimal(self.site.row(Stock, depot_id=self.ids[depot]).average_cost)

    def cancel_pair(self, number: str) -> CancelledPair:
        """Cancel both orders of a pair."""
        with self.site.database.transaction() as connection:
            return cancel_pair(connection, number, by="marie", at=NOW)


_ORDER_OF = (
    select(SalesOrder.number)
    .join(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
    .join(Allocation, Allocation.sales_order_line_id == SalesOrderLine.id)
    .where(Allocation.id == bindparam("allocation"))
)
