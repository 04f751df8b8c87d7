"""A site that sells by hand: what tests of orders and quotes have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from intergestan_db.enums import FeeKind
from intergestan_db.tables import Party
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.parties.fees import FeeValues, add_fee, set_party_fees
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import EnteredOrder, enter_order
from intergestan_erp.selling.quotes import EnteredQuote, accept_quote, enter_quote
from intergestan_erp.site.preferences import set_preference
from tests.site_factories import NOW, SiteToTest, a_product, add_party


@dataclass
class Counter:
    """A site with the customer DUP, CAS16 at 10,00 and CAS20 at 0,333333 with 5,5 % VAT, the fees PORT and PETITE."""

    site: SiteToTest
    customer_id: int = 0
    now: datetime = NOW

    def __post_init__(self) -> None:
        with self.site.database.transaction() as connection:
            own: dict[str, Any] = {"line1": "1 rue Haute", "postcode": "69001", "city": "Lyon", "country": "FR"}
            self.customer_id = add_party(connection, NewParty(code="DUP", name="Dupont", is_customer=True, **own))
            cheap = a_product("CAS20", "0.333333", unit="KGM")
            put_products(connection, [a_product("CAS16"), cheap])
            for code, amount, percent in (("PORT", "7.50", "0"), ("GESTION", "0", "2.5"), ("PETITE", "15", "0")):
                fee = FeeValues(code, code.title(), FeeKind.OTHER, Decimal(amount), Decimal(percent), "S", Decimal(20))
                add_fee(connection, fee, by="marie", at=self.now)
            set_preference(connection, "orders.minimum_fee", "PETITE", by="marie", at=self.now)

    def bears(self, fees: Mapping[str, Decimal | None], minimum: str | None = None) -> None:
        """What the customer bears, and its minimum."""
        with self.site.database.transaction() as connection:
            set_party_fees(connection, self.customer_id, fees, only_these=True)
            values = {"minimum_order": None if minimum is None else Decimal(minimum)}
            connection.execute(update(Party).where(Party.id == self.customer_id).values(**values))

    def typed(self, *lines: TypedLine, **values: Any) -> Typed:
        return Typed(customer_id=self.customer_id, lines=lines or (a_line("CAS16", 2),), **values)

    def enter(self, *lines: TypedLine, add_fee: bool = False, **values: Any) -> EnteredOrder:
        with self.site.database.transaction() as connection:
            return enter_order(connection, self.typed(*lines, **values), add_fee=add_fee, by="marie", at=self.now)

    def quote(self, *lines: TypedLine, days: int | None = None, **values: Any) -> EnteredQuote:
        """A quote that is valid for so many days."""
        until = None if days is None else self.now.date() + timedelta(days)
        with self.site.database.transaction() as connection:
            return enter_quote(connection, self.typed(*lines, **values), valid_until=until, by="marie", at=self.now)

    def accept(self, number: str, **values: Any) -> EnteredOrder:
        with self.site.database.transaction() as connection:
            return accept_quote(connection, number, by="marie", at=self.now, **values)

    def rows(self, table: Any, **where: Any) -> Any:
        return self.site.rows(table, **where)


def a_line(product: str, quantity: Any, price: str | None = None) -> TypedLine:
    return TypedLine(product, Decimal(quantity), None if price is None else Decimal(price))
