"""The allocator: orders that came by mail get their goods, and who waits is served as goods come (A11)."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from intergestan_db import leases
from intergestan_db.tables import Product, Reservation, SalesOrder
from intergestan_runtime.crashpoint import ENVIRONMENT
from intergestan_runtime.metrics import Metrics
from services.allocator.worker import Allocator
from services.dispatcher.due import DUE_IN_STOCK, is_any_due, take_due
from services.dispatcher.remainders import Remainders
from tests import warm
from tests.databases import as_service
from tests.erp.stock.depots import Depots
from tests.site_factories import NOW, SiteToTest

pytestmark = pytest.mark.mainly_on("postgresql")

AGAIN = timedelta(seconds=20)


class Works:
    """An allocator with the rights of its role, and what the dispatcher would ring for."""

    def __init__(self, depots: Depots) -> None:
        self.depots = depots
        self.base = depots.site.database
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.allocator = Allocator(as_service(self.base, "allocator"), self.metrics)

    def due(self) -> list[int]:
        """The orders that a dispatcher rings for now, each once; it has the rights of its role."""
        found = []
        for due in DUE_IN_STOCK:
            with as_service(self.base, "dispatcher").read() as connection:
                there = is_any_due(connection, due, self.base.now(), AGAIN)
            with as_service(self.base, "dispatcher").transaction() as connection:
                rung = take_due(connection, due, self.base.now(), AGAIN)
            assert there == bool(rung)
            found += rung
        return found

    def forget_bells(self) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(SalesOrder).values(rung_at=None))

    def looked(self, remainders: Remainders) -> tuple[bool, float | None]:
        """What a dispatcher finds: whether remainders are counted, and how many there are."""
        with as_service(self.base, "dispatcher").read() as connection:
            remainders.look(connection, self.metrics)
        return remainders.are_counted, self.registry.get_sample_value("intergestan_remainders")

    def counted(self, outcome: str) -> float:
        found = self.registry.get_sample_value("intergestan_allocations_total", {"outcome": outcome})
        return found or 0.0


@pytest.fixture
def works(a_site: SiteToTest) -> Works:
    depots = Depots(a_site, "2 0 0")
    with a_site.database.transaction() as connection:
        leases.beat(connection, "allocator-1", "allocator", NOW)
    return Works(depots)


def test_orders_are_allocated_as_they_are_rung_for(works: Works) -> None:
    """A11: an order that nobody has allocated is due where that is done at once, and once; more bells do nothing."""
    first, second = (works.depots.enter(f"ALB0002={quantity}") for quantity in (1, 3))
    assert works.due() == []  # the dossier waits for `sales allocate`
    works.depots.sets(reserve_at_entry=True)
    assert works.due() == [first.id, second.id]
    assert works.due() == []
    for order in (first.id, second.id, first.id, second.id):
        works.allocator.allocate(order)
    assert works.depots.shown(first.number) == "L1: AB 1/1 direct"
    assert works.depots.shown(second.number) == "L1: AB 3/1 direct, rest 2"
    assert [works.counted(outcome) for outcome in ("full", "short", "refused")] == [1, 1, 0]
    works.forget_bells()
    assert works.due() == []  # nothing came for the second one


def test_who_waits_is_served_the_oldest_first(works: Works) -> None:
    """A11: freed goods are of the oldest order, however it was rung for."""
    numbers = [works.depots.enter("ALB0002=2").number for _ in range(3)]
    for number in numbers:
        works.depots.allocate(number)
    assert works.due() == []
    works.depots.comes("RD", "3")
    ids = [works.depots.order(number).id for number in numbers]
    assert works.due() == ids[1:]
    works.allocator.allocate(ids[2])
    assert [works.depots.shown(number) for number in numbers] == [
        "L1: AB 2/2 direct",
        "L1: RD 2/2 direct",
        "L1: AB 1/0 direct, RD 1/1 direct, rest 1",
    ]
    works.depots.cancel(numbers[0])
    works.allocator.serve(works.depots.site.row(Product, code="ALB0002").id)
    assert works.depots.shown(numbers[2]) == "L1: AB 1/1 direct, RD 1/1 direct"
    assert works.depots.stand() == "AB 2/1, RD 3/3, ABL 0/0"


def test_an_order_that_was_cancelled_meanwhile_gets_nothing(works: Works) -> None:
    """A11: its bell comes too late, and nothing is set aside."""
    order = works.depots.enter("ALB0002=1")
    works.depots.sets(reserve_at_entry=True)
    works.depots.cancel(order.number)
    works.allocator.allocate(order.id)
    assert not works.depots.site.rows(Reservation)


def test_what_is_there_for_others_is_not_counted(works: Works) -> None:
    """A11: a bell that changes nothing is no order that was allocated."""
    order = works.depots.enter("ALB0002=3")
    works.depots.sets(reserve_at_entry=True)
    for _ in range(3):
        works.allocator.allocate(order.id)
    works.allocator.serve(works.depots.site.row(Product, code="ALB0002").id)
    assert (works.counted("short"), works.counted("full")) == (1, 0)


@pytest.mark.parametrize(("point", "before"), [("commit:1", 0), ("commit:1:after", 1)])
def test_an_allocator_that_dies(works: Works, point: str, before: int) -> None:
    """A11, D38: killed around its commit, it set aside all of an order's goods or none."""
    order = works.depots.enter("ALB0002=1", "VRAC=1")
    works.depots.sets(reserve_at_entry=True)
    url = works.base.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.services.allocator.allocate_once", url, str(order.id)]
    assert warm.run(command, env=os.environ | {ENVIRONMENT: point}, check=False).returncode == -9
    assert len(works.depots.site.rows(Reservation)) == before
    works.allocator.allocate(order.id)
    assert works.depots.shown(order.number) == "L1: AB 1/1 direct; L2: AB 1/0 direct, rest 1"
    assert len(works.depots.site.rows(Reservation)) == 1
    assert works.depots.stand() == "AB 2/1, RD 0/0, ABL 0/0"


def test_nobody_is_rung_for_where_nobody_allocates(works: Works) -> None:
    """D38: a site that sets nothing aside is not searched, and no bell is rung for an allocator that does not live."""
    works.depots.enter("ALB0002=1")
    works.depots.sets(reserve_at_entry=True)
    remainders = Remainders()
    assert works.looked(remainders) == (True, 0)
    with works.base.transaction() as connection:
        leases.beat(connection, "allocator-1", "allocator", NOW - timedelta(days=1))
    assert works.due() == []
    works.depots.sets(manage_stock=False)
    assert works.looked(remainders) == (False, None)
