"""Orders by mail on a site that sets goods aside: allocated beside their way, and changed by mail (A11)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, event, insert, select, update

from intergestan_db.tables import Depot, Dossier, Product, SalesOrder, Stock
from intergestan_erp.stock.allocations import show_allocations
from intergestan_runtime.metrics import Metrics
from services.allocator.worker import Allocator
from tests.databases import as_service
from tests.factories import a_line, an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_changes import answer, cancel, edit, sent
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")


def manage(site: SiteUnderTest, **lies: int) -> None:
    """Let a site set goods aside as orders come, of which so many pieces lie in its depot, by product."""
    with site.database.transaction() as connection:
        rules = {"manage_stock": True, "manage_reservations": True, "reserve_at_entry": True}
        connection.execute(update(Dossier).values(**rules))
        depot = connection.execute(update(Depot).values(manage_reservations=True).returning(Depot.id)).scalar_one()
        ids = {row.code: row.id for row in connection.execute(select(Product.code, Product.id))}
        rows = [{"product_id": ids[code], "depot_id": depot, "on_hand": Decimal(there)} for code, there in lies.items()]
        connection.execute(insert(Stock), rows)


def allocator_of(site: SiteUnderTest) -> Allocator:
    """With the rights of its role."""
    return Allocator(as_service(site.database, "allocator"), Metrics(CollectorRegistry()))


def held(site: SiteUnderTest) -> dict[str, tuple[int, int, int]]:
    """By line of CCL1: allocated, set aside, remaining."""
    with site.database.read() as connection:
        lines = show_allocations(connection, "CCL1").lines
    return {
        line.line: (
            int(sum(each.quantity for each in line.allocations)),
            int(sum(each.reserved for each in line.allocations)),
            int(line.remainder),
        )
        for line in lines
    }


def reserved(site: SiteUnderTest) -> dict[str, int]:
    """What is set aside in the depot, by product."""
    codes = {row.id: row.code for row in site.rows(Product)}
    return {codes[row.product_id]: int(row.reserved) for row in site.rows(Stock)}


def product_id(site: SiteUnderTest, code: str) -> int:
    found: int = site.row(Product, code=code).id
    return found


def test_a_change_by_mail_to_an_allocated_order(sites: Pair) -> None:
    """A11: what it takes back is free with it, what it adds is served beside it; then it is cancelled by mail."""
    seller = sites.seller
    mail = sent(sites)
    manage(seller, FAI01=3, LOU02=4)
    seller.receive(mail)
    answer(sites)
    order, allocator = seller.row(SalesOrder), allocator_of(seller)
    assert reserved(seller) == {"FAI01": 0, "LOU02": 0}, "nothing lies between mail and answer"
    allocator.allocate(order.id)
    assert held(seller) == {"L1": (2, 2, 0), "L2": (6, 4, 2)}
    seller.receive(edit(sites, quantities={"L1": Decimal(5), "L2": Decimal(1)}))
    answer(sites)
    assert held(seller) == {"L1": (5, 2, 3), "L2": (1, 1, 0)}
    assert reserved(seller) == {"FAI01": 2, "LOU02": 1}
    allocator.allocate(order.id)
    assert held(seller) == {"L1": (5, 3, 2), "L2": (1, 1, 0)}
    with seller.database.transaction() as connection:
        connection.execute(update(Stock).values(on_hand=Decimal(9)))
    allocator.serve(product_id(seller, "FAI01"))
    assert held(seller) == {"L1": (5, 5, 0), "L2": (1, 1, 0)}
    seller.receive(cancel(sites))
    assert seller.row(SalesOrder).state == "cancelled"
    assert reserved(seller) == {"FAI01": 0, "LOU02": 0}
    allocator.allocate(order.id)
    assert reserved(seller) == {"FAI01": 0, "LOU02": 0}


@contextmanager
def noting(engine: Engine) -> Iterator[list[str]]:
    """The statements that are run on it meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_an_order_by_mail_costs_no_statement_more(sites: Pair) -> None:
    """A11, D38: where no stock is managed, one column of a statement that was there asks for it; where it is, the way
    of an order has as many statements, because the allocator works beside it.
    """
    seller = sites.seller
    forge = Forge(sites.buyer.key, sites.buyer.code, seller.code, sites.clock)
    engine = seller.importer._parts.database.engine
    said: dict[str, list[str]] = {}
    for number in ("CFR1", "CFR2", "CFR3"):  # the first one also reads what is kept from then on
        order = an_order(number, (a_line(1, "1", "10.00", code="FAI01"),))
        seller.put_products(*products_of(order))
        if number == "CFR3":
            manage(seller, FAI01=10)
        mail = forge.orders(order)
        with noting(engine) as said[number]:
            seller.receive(mail)
    assert [row.state for row in seller.rows(SalesOrder)] == ["accepted"] * 3
    assert len(said["CFR3"]) == len(said["CFR2"])
    assert sum("manage_stock" in statement for statement in said["CFR2"]) == 1
    for table in ("allocation", " reservation", " stock"):
        assert not any(table in statement for statements in said.values() for statement in statements), table
