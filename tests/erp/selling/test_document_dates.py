"""Delivery notes and invoices are dated by the site's day, whatever zone the machine is in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.tables import DeliveryNote, Invoice, Site
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from tests.clock import Clock
from tests.desk import Desk
from tests.factories import an_order
from tests.machine_zone import ELSEWHERE, machine_in

pytestmark = pytest.mark.mainly_on("sqlite")


@pytest.mark.parametrize("machine", [*ELSEWHERE, "Europe/Paris"])
@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        (datetime(2026, 7, 14, 22, 30, tzinfo=UTC), "Europe/Paris", date(2026, 7, 15)),
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "Europe/Paris", date(2026, 11, 20)),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), "Europe/Paris", date(2026, 11, 21)),
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "Indian/Reunion", date(2026, 11, 21)),
        (datetime(2026, 11, 20, 3, 30, tzinfo=UTC), "America/Martinique", date(2026, 11, 19)),
    ],
)
def test_a_delivery_and_its_invoice(base: Database, machine: str, instant: datetime, zone: str, day: date) -> None:
    """`deliver` at 22:30 UTC was dated a day earlier in a container than in the office."""
    desk = Desk(base)
    order = an_order("CFR1", 3)
    desk.know_products_of(order)
    desk.book(order)
    clock = base.now
    assert isinstance(clock, Clock)
    clock.now = instant
    with machine_in(machine), base.transaction() as connection:
        connection.execute(update(Site).values(timezone=zone))
        note = deliver(connection, "CCL1", None, by="marie", at=base.now())
        invoice(connection, [note], by="marie", at=base.now())
    assert [row.issue_date for row in (*desk.rows(DeliveryNote), *desk.rows(Invoice))] == [day, day]
