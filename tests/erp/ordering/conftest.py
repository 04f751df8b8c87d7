"""A shop with a supplier and products, whose orders people type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.database import Database
from intergestan_db.problem import EntryProblems
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.ordering.drafts import SavedOrder, enter_order
from intergestan_erp.ordering.typed_order import TypedLine, TypedOrder
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order
from tests.site_factories import SiteToTest, a_product, add_party, make_site


@dataclass
class Desk:
    """Where Marie types."""

    site: SiteToTest

    @property
    def database(self) -> Database:
        return self.site.database

    def enter(self, *lines: TypedLine, **head: Any) -> SavedOrder:
        options = {name: head.pop(name) for name in ("confirm", "any_dates") if name in head}
        typed = replace(an_order(*lines), **head)
        return enter_order(self.database, typed, by="marie", **options)

    def show(self, number: str) -> Any:
        with self.database.read() as connection:
            return show_order(connection, number)


def a_line(product: str, quantity: str = "1", **others: Any) -> TypedLine:
    return TypedLine(product=product, quantity=Decimal(quantity), **others)


def an_order(*lines: TypedLine) -> TypedOrder:
    return TypedOrder(supplier="STAUBER", lines=lines or (a_line("CAS16", "3"),))


def faults_of(attempt: Callable[[], object]) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(EntryProblems) as caught:
        attempt()
    return [(fault.row, fault.column, str(fault.args[0])) for fault in caught.value.faults]


@pytest.fixture
def desk(database: Database) -> Desk:
    site = make_site(database)
    with database.transaction() as connection:
        for code, name in (("F001", "STAUBER"), ("F002", "Muller")):
            add_party(connection, NewParty(code=code, name=name, is_supplier=True))
        put_products(connection, [a_product("CAS16", "12.5"), a_product("CAS18"), a_product("CAS20", unit="KGM")])
    return Desk(site)
