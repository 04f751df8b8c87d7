"""The dispatcher rings for customers whose debt may leave room; an importer looks and counts (D29)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.published import OVER_LIMIT, publish, read_published
from intergestan_db.tables import Hold, Party, Setting
from intergestan_exchange.credit_holds import due
from services.dispatcher.credit import AGAIN
from tests.desk import Desk
from tests.factories import a_line, an_order

TODAY = date(2030, 1, 1)


@pytest.fixture
def desk(sqlite_base: Database) -> Desk:
    """A seller with an order that waits for room: its customer may owe 10."""
    desk = Desk(sqlite_base)
    with desk.base.transaction() as connection:
        connection.execute(insert(Setting).values(name="credit.block_from", value="order"))
        connection.execute(update(Party).where(Party.is_customer).values(credit_max=Decimal(10)))
    desk.credit_on = TODAY
    order = an_order("CFR1", (a_line(1, "1", "100"),))
    desk.know_products_of(order)
    desk.book(order)
    return desk


def seen(desk: Desk) -> bool:
    with desk.base.read() as connection:
        return due.is_any_due(connection, TODAY, desk.base.now(), AGAIN)


def test_it_rings_when_the_debt_changed_or_the_day_has_come(desk: Desk) -> None:
    """D29: not before; and once within five minutes, whoever rings."""
    with desk.base.transaction() as connection:
        (hold,) = connection.execute(select(Hold.__table__)).all()
        version = connection.execute(select(Party.exposure_version).where(Party.id == hold.party_id)).scalar_one()
        assert (hold.total_ttc, hold.seen_version, hold.look_again_on) == (Decimal(120), version, None)
    assert not seen(desk)
    for change in ({"look_again_on": TODAY}, {"look_again_on": None, "seen_version": version - 1}):
        with desk.base.transaction() as connection:
            connection.execute(update(Hold).values(**change, rung_at=None))
        assert seen(desk)
        with desk.base.transaction() as connection:
            assert due.take_due(connection, TODAY, desk.base.now(), AGAIN) == [hold.party_id]
            assert due.take_due(connection, TODAY, desk.base.now(), AGAIN) == []
        assert not seen(desk)
    with desk.base.read() as connection:
        assert due.is_any_due(connection, TODAY, desk.base.now() + AGAIN + timedelta(seconds=1), AGAIN)


def test_customers_above_their_maximum_are_counted_once_a_day(desk: Desk) -> None:
    """T22: the figure is kept, and told as long as the site uses credit."""
    with desk.base.transaction() as connection:
        assert due.read_count(connection) is None
        assert not due.is_counted(connection, TODAY)
        assert due.count(connection, TODAY) == 0
        assert due.is_counted(connection, TODAY)
        assert not due.is_counted(connection, TODAY + timedelta(days=1))
        connection.execute(update(Party).where(Party.is_customer).values(credit_max=None))
    other = an_order("CFR2", (a_line(1, "1", "100"),))
    desk.book(other)
    with desk.base.transaction() as connection:
        connection.execute(update(Party).where(Party.is_customer).values(credit_max=Decimal(10)))
        assert due.count(connection, TODAY) == 1
        assert due.read_count(connection) == 1
        publish(connection, OVER_LIMIT, f"{TODAY} 7")
        assert read_published(connection, OVER_LIMIT) == f"{TODAY} 7"
        connection.execute(update(Setting).values(value="off"))
        assert due.read_count(connection) is None
