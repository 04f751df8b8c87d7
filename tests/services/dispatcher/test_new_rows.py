"""How many settlements and invoices were entered: each is counted once, whatever its transaction's place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update

from intergestan_db.database import Database
from intergestan_db.tables import Party, SalesOrder, Settlement
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_exchange.health.vitals import Waiting, read_vitals
from intergestan_runtime.metrics import Metrics
from services.dispatcher import new_rows
from services.dispatcher.remainders import Remainders
from services.dispatcher.uninvoiced import Uninvoiced
from tests.databases import as_service
from tests.erp.pairs.agencies import Agencies
from tests.erp.paying.till import Till
from tests.erp.stock.depots import Depots
from tests.site_factories import NOW, SiteToTest


def counted(metrics: Metrics) -> dict[str, float]:
    registry = metrics.registry
    found = {
        by: registry.get_sample_value("intergestan_settlements_total", {"by": by}) for by in ("payment", "credit_note")
    }
    return {by: value or 0 for by, value in found.items()}


@pytest.mark.mainly_on("postgresql")
def test_each_is_counted_once(base: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """D32: those that were there before are not, and one that comes late still is."""
    monkeypatch.setattr(new_rows, "LATE", 3)
    till, metrics, counter = Till(base), Metrics(CollectorRegistry()), new_rows.settlements()
    till.owe("100")
    till.pay("1")

    def look() -> dict[str, float]:
        with base.read() as connection:
            counter.look(connection, metrics)
        return counted(metrics)

    assert look() == {"payment": 0, "credit_note": 0}
    for n in range(1, 12):
        till.pay("1")
        assert look() == {"payment": n, "credit_note": 0}
    till.credit("FA1")
    assert look() == look() == {"payment": 11, "credit_note": 1}
    (newest, *_others) = till.rows(Settlement)[::-1]
    row = {**newest._mapping, "id": newest.id + 2}
    with base.transaction() as connection:
        connection.execute(insert(Settlement).values(**row))
    assert look() == {"payment": 11, "credit_note": 2}
    with base.transaction() as connection:
        connection.execute(insert(Settlement).values(**row | {"id": newest.id + 1}))
    assert look() == {"payment": 11, "credit_note": 3}


@pytest.mark.mainly_on("postgresql")
def test_invoices_by_kind(base: Database) -> None:
    """A36: those that are made after the first look."""
    till, metrics, counter = Till(base), Metrics(CollectorRegistry()), new_rows.invoices()
    number = till.order(("4", "10", "20"), unit="C62")
    for _ in range(2):
        with as_service(base, "dispatcher").read() as connection:
            counter.look(connection, metrics)
        till.act(invoice, [till.act(deliver, number, {"L1": Decimal(1)})])
    with as_service(base, "dispatcher").read() as connection:
        counter.look(connection, metrics)
    value = metrics.registry.get_sample_value("intergestan_invoices_total", {"kind": "customer"})
    assert value == 2


@pytest.mark.mainly_on("postgresql")
def test_delivery_notes_that_wait(base: Database) -> None:
    """D52: by how their customers are invoiced; counted again after ten minutes, not before."""
    till, metrics, waiting = Till(base), Metrics(CollectorRegistry()), Uninvoiced()
    number = till.order(("4", "10", "20"), unit="C62")

    def look(at: datetime) -> tuple[float | None, ...]:
        with as_service(base, "dispatcher").read() as connection:
            waiting.look(connection, metrics, at)
        name = "intergestan_delivery_notes_uninvoiced"
        return tuple(metrics.registry.get_sample_value(name, {"grouping": word}) for word in ("note", "customer"))

    assert look(NOW) == (0, 0)
    till.act(deliver, number, {"L1": Decimal(1)})
    till.act(deliver, number, {"L1": Decimal(2)})
    assert look(NOW + timedelta(minutes=9)) == (0, 0)
    assert look(NOW + timedelta(minutes=10)) == (2, 0)
    till.act(invoice, ["BL1"])
    with base.transaction() as connection:
        connection.execute(update(Party).values(invoice_grouping="customer"))
    assert look(NOW) == (0, 1), "a clock that was set back"


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2020, 11, 28, 12, tzinfo=UTC), 0),
        (datetime(2020, 11, 28, 23, 30, tzinfo=UTC), 1),  # the 29th in Paris
        (datetime(2020, 11, 30, 22, 59, tzinfo=UTC), 1),
        (datetime(2020, 11, 30, 23, 0, tzinfo=UTC), 0),
        (datetime(2120, 12, 31, 12, tzinfo=UTC), 0),
    ],
)
def test_the_month_ends(base: Database, now: datetime, due: int) -> None:
    """D52: on the last two days of the site's month, those since it began; the clock of the base is anywhere."""
    till = Till(base)
    till.act(deliver, till.order(("4", "10", "20"), unit="C62"), None)
    with base.transaction() as connection:
        connection.execute(update(Party).values(invoice_grouping="customer"))
    with as_service(base, "dispatcher").read() as connection:
        assert read_vitals(connection, now, 24).uninvoiced == due


@pytest.mark.mainly_on("postgresql")
def test_pairs_of_orders_and_what_waits_for_one(a_site: SiteToTest) -> None:
    """A40, A43: a pair is counted once, whatever its lines; what nobody ordered yet is shown."""
    agencies, metrics = Agencies(a_site), Metrics(CollectorRegistry())
    counter, goods = new_rows.agency_orders(), Remainders()

    def look() -> tuple[float | None, ...]:
        with as_service(a_site.database, "dispatcher").read() as connection:
            counter.look(connection, metrics)
            goods.look(connection, metrics)
        found = metrics.registry.get_sample_value
        of_kinds = [found("intergestan_agency_orders_total", {"kind": kind}) for kind in ("local", "mail")]
        return (*(count or 0 for count in of_kinds), found("intergestan_agency_pending"))

    assert look() == (0, 0, 0)
    agencies.for_customer("ALB0002=6", L1="AB=1 RD=2:indirect ABL=3:indirect")
    agencies.for_customer("ALB0002=1", L1="RD=1")
    assert look() == (0, 0, 2)
    agencies.order_pairs()
    assert look() == look() == (2, 0, 0)
    agencies.sets(manage_reservations=False)
    assert look() == (2, 0, None)


@pytest.mark.mainly_on("postgresql")
def test_orders_for_which_nothing_is_set_aside(a_site: SiteToTest) -> None:
    """A11: since when the oldest waits, where that is done at once; nothing is looked through elsewhere."""
    depots = Depots(a_site)
    depots.enter("ALB0002=1")
    with a_site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(allocated_at=None))

    def since() -> Waiting:
        with as_service(a_site.database, "dispatcher").read() as connection:
            return read_vitals(connection, NOW, 24).unallocated

    assert since() == Waiting(0)
    depots.sets(reserve_at_entry=True)
    assert since() == Waiting(1, NOW)
    depots.allocate("CCL1")
    assert since() == Waiting(0)
