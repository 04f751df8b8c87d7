"""The allocator's shell: an order gets its goods, a product goes to the orders that wait for it. Each order is a short
transaction of its own.
"""

from __future__ import annotations

import structlog

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.stock.allocate import Allocated, allocate_order
from intergestan_erp.stock.waiting import ShortOrder, next_short, products_short_of, unallocated_number
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import ALLOCATE, SERVE

BY = "allocator"
_log = structlog.get_logger(__name__)


class Allocator:
    """Sets goods aside. Several may run: each order is locked, and what is done already is not done again."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics

    def allocate(self, order_id: int) -> None:
        """Allocate an order that nobody has allocated (A11); else serve those that wait for what it waits for."""
        with self._database.read() as connection:
            number = unallocated_number(connection, order_id)
            products = [] if number is not None else products_short_of(connection, order_id)
        if number is not None:
            self._allocate(number)
        for product_id in products:
            self.serve(product_id)

    def serve(self, product_id: int) -> None:
        """Set aside what is available of a product for the orders that wait for it, the oldest first."""
        order: ShortOrder | None = None
        while True:
            with self._database.read() as connection:
                order = next_short(connection, product_id, order)
            if order is None:
                return
            self._allocate(order.number)

    def _allocate(self, number: str) -> None:
        try:
            with self._database.transaction() as connection:
                found = allocate_order(connection, number, by=BY, at=self._database.now())
        except Problem as problem:  # it was cancelled meanwhile, say
            self._metrics.inc("allocations_total", outcome="refused")
            _log.info("An order was not allocated.", order=number, why=str(problem))
            return
        self._tell(found)

    def _tell(self, found: Allocated) -> None:
        if not found.changed:  # somebody else was faster, or what is there is not for this order
            return
        self._metrics.inc("allocations_total", outcome="short" if found.short else "full")
        _log.info("Allocated.", order=found.number, lines=found.lines, remainders=found.short)


def declare(broker: BellBroker, allocator: Allocator) -> None:
    """Make the allocator the actor of its steps."""
    ALLOCATE.work_with(broker, postponing(allocator.allocate))
    SERVE.work_with(broker, postponing(allocator.serve))
