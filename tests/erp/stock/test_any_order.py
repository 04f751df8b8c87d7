"""Acts in any order keep what is set aside true (I2, I3, I4), against plain sums of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, type_coerce, update

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Allocation, Product, Reservation, SalesOrder, SalesOrderLine, Stock, StockMove
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.stock.allocate import NewLine, allocate_order, let_remain, release_lines
from intergestan_erp.stock.order_lines import read_order_lines
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from tests.erp.stock.depots import CODES, Depots
from tests.examples import SPEED, share
from tests.site_factories import NOW, SiteToTest
from tests.statements import rolled_back

pytestmark = pytest.mark.mainly_on("postgresql")

QUANTITY = st.one_of(st.integers(0, 6).map(Decimal), st.decimals("0", "6", places=6))
PRODUCT = st.sampled_from(["VRAC", "TAS"])
ACTS = st.one_of(
    st.tuples(st.just("enter"), st.lists(st.tuples(PRODUCT, QUANTITY), min_size=1, max_size=3)),
    st.tuples(st.just("comes"), PRODUCT, st.sampled_from(CODES), QUANTITY),
    st.tuples(st.just("allocate"), st.integers(0, 4)),
    st.tuples(st.just("choose"), st.integers(0, 4), st.lists(st.tuples(st.sampled_from(CODES), QUANTITY), max_size=3)),
    st.tuples(st.just("change"), st.integers(0, 4), st.integers(1, 3), QUANTITY),
    st.tuples(st.just("by mail"), st.integers(0, 4), QUANTITY),
    st.tuples(st.just("deliver"), st.integers(0, 4), st.integers(1, 3), st.sampled_from(CODES), QUANTITY),
    st.tuples(st.just("cancel"), st.integers(0, 4)),
)


_CONSUMED = (
    select(Reservation.allocation_id, type_coerce(func.sum(Reservation.quantity), Scaled(6)))
    .where(Reservation.state == "consumed", Reservation.kind == "stock")
    .group_by(Reservation.allocation_id)
)
_MOVED = select(StockMove.product_id, type_coerce(func.sum(StockMove.quantity), Scaled(6))).group_by(
    StockMove.product_id
)


class People:
    """Acts of people and of the importer in one transaction, each undone if it is refused."""

    def __init__(self, connection: Connection, depots: Depots) -> None:
        self.connection = connection
        self.depots = depots
        self.orders: list[str] = []

    def act(self, name: str, *values: Any) -> None:
        with self.connection.begin_nested() as savepoint:
            try:
                getattr(self, name.replace(" ", "_"))(*values)
            except Problem:
                savepoint.rollback()

    def enter(self, lines: Sequence[tuple[str, Decimal]]) -> None:
        typed = Typed(customer_id=self.depots.customer_id, lines=tuple(TypedLine(*line) for line in lines))
        self.orders.append(enter_order(self.connection, typed, by="marie", at=NOW).number)

    def comes(self, product: str, depot: str, quantity: Decimal) -> None:
        of = select(Product.id).where(Product.code == product).scalar_subquery()
        where = (Stock.product_id == of, Stock.depot_id == self.depots.ids[depot])
        self.connection.execute(update(Stock).where(*where).values(on_hand=Stock.on_hand + quantity))

    def allocate(self, order: int) -> None:
        allocate_order(self.connection, self._number(order), by="marie", at=NOW)

    def choose(self, order: int, shares: Sequence[tuple[str, Decimal]]) -> None:
        chosen = tuple(TypedShare(depot, quantity) for depot, quantity in shares if quantity)
        allocate_order(self.connection, self._number(order), {"L1": chosen}, by="marie", at=NOW)

    def change(self, order: int, line: int, quantity: Decimal) -> None:
        wanted = OwnChanges(quantities={f"L{line}": quantity})
        change_sales_order(self.connection, self._number(order), wanted, by="marie", at=NOW)

    def by_mail(self, order: int, quantity: Decimal) -> None:
        """What the importer does of a change that alters the first line."""
        row = self._row(order)
        line = read_order_lines(self.connection, row.id)[0]
        release_lines(self.connection, {line.id: NewLine(line.product_id, quantity)}, by="importer", at=NOW)
        changed = update(SalesOrderLine).where(SalesOrderLine.id == line.id).values(quantity=quantity)
        self.connection.execute(changed)
        if row.allocated_at is not None:
            let_remain(self.connection, row.id, row.depot_id, at=NOW)

    def deliver(self, order: int, line: int, depot: str, quantity: Decimal) -> None:
        place = in_depot(self.connection, depot)
        wanted = {f"L{line}": quantity}
        deliver(self.connection, self._number(order), wanted, by="paul", at=NOW, place=place)

    def cancel(self, order: int) -> None:
        cancel_order(self.connection, self._number(order), None, by="marie", at=NOW)

    def _number(self, order: int) -> str:
        if not self.orders:
            raise Problem("There is no order yet.", ProblemCode.NO_ORDER)
        return self.orders[order % len(self.orders)]

    def _row(self, order: int) -> Any:
        query = select(SalesOrder.__table__).where(SalesOrder.number == self._number(order))
        row = self.connection.execute(query.where(SalesOrder.state == "accepted")).one_or_none()
        if row is None:
            raise Problem("It is cancelled.", ProblemCode.OTHER_STATE)
        return row

    def check(self) -> None:
        """I2, I3, I4 and I7, and that nothing is held for what is cancelled."""
        active = select(Reservation.product_id, Reservation.depot_id, func.sum(Reservation.quantity).label("quantity"))
        active = active.where(Reservation.state == "active").group_by(Reservation.product_id, Reservation.depot_id)
        held = {(row.product_id, row.depot_id): row.quantity for row in self.connection.execute(active)}
        for row in self.connection.execute(select(Stock.__table__)):
            assert row.reserved == held.pop((row.product_id, row.depot_id), 0)
            assert 0 <= row.reserved <= row.on_hand
        assert not held
        consumed = dict(self.connection.execute(_CONSUMED).all())
        left: dict[int, Decimal] = {}
        for order in self.connection.execute(select(SalesOrder.__table__)):
            for line in read_order_lines(self.connection, order.id):
                set_aside = sum(each.quantity for held_by in line.holdings for each in held_by.set_aside)
                remains = sum(each.remainder for each in line.holdings)
                gone = sum(consumed.get(each.id, Decimal(0)) for each in line.holdings)
                assert sum(each.quantity for each in line.holdings) == gone + set_aside + remains
                assert gone <= line.delivered
                left[line.product_id] = left.get(line.product_id, Decimal(0)) + line.delivered
                if order.state == "cancelled" or order.allocated_at is None:
                    assert not line.holdings
                else:
                    assert set_aside + remains == max(Decimal(0), line.quantity - line.delivered)
        moved = dict(self.connection.execute(_MOVED).all())
        assert moved == {product: -quantity for product, quantity in left.items() if quantity}
        orphans = select(func.count(Allocation.id)).where(Allocation.remainder > Allocation.quantity)
        assert self.connection.execute(orphans).scalar_one() == 0


@settings(max_examples=share(1), suppress_health_check=(*SPEED, HealthCheck.function_scoped_fixture))
@given(acts=st.lists(ACTS, min_size=3, max_size=14))
def test_what_is_set_aside_adds_up(busy_depots: Depots, acts: Sequence[tuple[Any, ...]]) -> None:
    """I2, I3, I4, I13: whatever people and mails do, in whatever order, with up to six decimals."""
    with rolled_back(busy_depots.site.database) as connection:
        people = People(connection, busy_depots)
        for act in acts:
            people.act(*act)
            people.check()


@pytest.fixture
def busy_depots(a_site: SiteToTest) -> Depots:
    """Two products in kilograms in all three depots."""
    depots = Depots(a_site, "0 0 0", {"reserve_at_entry": True})
    depots.sells("TAS")
    for product in ("VRAC", "TAS"):
        for depot, quantity in zip(CODES, ("2", "1.5", "3"), strict=True):
            depots.comes(depot, quantity, product)
    return depots
