"""What is left of orders is read from their heads and marks, and is what all their rows come to (D23)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from intergestan_db.database import Database
from intergestan_db.tables import SalesOrder
from intergestan_erp.credit.exposure import read_exposure, read_exposures_by_establishment
from intergestan_erp.credit.invoiced import wrong_marks
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_msg.money import AllowanceCharge, TaxCategory
from tests.erp.credit.slow import not_invoiced
from tests.erp.pairs.agencies import Agencies
from tests.erp.paying.till import Till
from tests.examples import SPEED, share
from tests.factories import VAT_20
from tests.site_factories import SiteToTest
from tests.statements import noted

CHARGES = (VAT_20, TaxCategory("S", Decimal("5.5")), TaxCategory("Z", Decimal(0)), None)
RATES = ("20", "5.5", "2.1", "0")
LINES = st.tuples(st.integers(1, 3), st.sampled_from(("0.33", "1", "7.99", "0")), st.sampled_from(RATES))


def mark(till: Till, number: str) -> str:
    with till.base.read() as connection:
        return connection.execute(select(SalesOrder.invoiced).where(SalesOrder.number == number)).scalar_one()


def owed(database: Database, customer_id: int) -> Decimal:
    """What is not invoiced, once it was compared with what all rows come to, and with the sum over establishments."""
    with database.read() as connection:
        day = database.now().date()
        found = read_exposure(connection, customer_id, day, by_payment_due=False).not_invoiced
        places = read_exposures_by_establishment(connection, [customer_id], day, by_payment_due=False)
        assert found == not_invoiced(connection, customer_id)
        assert found == sum((each.not_invoiced for each in places.values()), Decimal(0))
        assert wrong_marks(connection) == []
    return found


def test_any_orders(sqlite_base: Database) -> None:
    """T22: several rates, charges with VAT and without, goods that leave and are invoiced piece by piece."""
    till = Till(sqlite_base)

    @settings(max_examples=share(1), suppress_health_check=SPEED, deadline=None)
    @given(
        lines=st.lists(LINES, min_size=1, max_size=3),
        taxes=st.lists(st.sampled_from(CHARGES), max_size=2),
        acts=st.lists(st.sampled_from(("piece", "rest", "invoice")), max_size=5),
    )
    def check(lines: Sequence[tuple[int, str, str]], taxes: Sequence[TaxCategory | None], acts: Sequence[str]) -> None:
        charges = [AllowanceCharge(is_charge=True, amount=Decimal("0.07"), reason="Port", tax=tax) for tax in taxes]
        number = till.order(*((str(count), price, rate) for count, price, rate in lines), charges=charges)
        here = {f"L{place}": count for place, (count, _price, _rate) in enumerate(lines, start=1)}
        waiting, before = 0, owed(sqlite_base, till.customer)
        for act in acts:
            going = {line: 1 if act == "piece" else count for line, count in here.items() if count}
            if act == "invoice" and waiting and None not in taxes:
                till.act(invoice, [number])
                waiting = 0
                assert (mark(till, number) == "all") == (not any(here.values()))
                before = owed(sqlite_base, till.customer)
            elif act != "invoice" and going:
                till.act(deliver, number, {line: Decimal(count) for line, count in going.items()})
                here |= {line: here[line] - count for line, count in going.items()}
                waiting += 1
                assert owed(sqlite_base, till.customer) == before, "delivering changes nothing"

    check()


def test_an_order_that_is_invoiced_grows(base: Database) -> None:
    """T22: what is added to it is left of it, and is nothing again once that is invoiced, too."""
    till = Till(base)
    number = till.order(("2", "10", "20"), unit="C62")
    assert (mark(till, number), owed(base, till.customer)) == ("none", Decimal(24))
    till.act(deliver, number, {"L1": Decimal(1)})
    till.act(invoice, [number])
    assert (mark(till, number), owed(base, till.customer)) == ("part", Decimal(12))
    till.invoice(number)
    assert (mark(till, number), owed(base, till.customer)) == ("all", Decimal(0))
    till.act(change_sales_order, number, OwnChanges(quantities={"L1": Decimal(5)}))
    assert (mark(till, number), owed(base, till.customer)) == ("part", Decimal(36))
    till.invoice(number)
    assert (mark(till, number), owed(base, till.customer)) == ("all", Decimal(0))


def test_what_is_invoiced_is_not_read_again(sqlite_base: Database) -> None:
    """T22: of all years' orders those alone are read of which something is left, in one statement."""
    base, till = sqlite_base, Till(sqlite_base)
    for _ in range(3):
        till.bill(("1", "10", "20"))
    till.order(("1", "10", "20"))
    with base.read() as connection:
        with noted(connection) as said:
            read_exposure(connection, till.customer, base.now().date(), by_payment_due=False)
        (only,) = said
        plan = "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {only[0]}", only[1]))
    index = "ix_sales_order_customer_id_state_invoiced_total_ttc (customer_id=? AND state=? AND invoiced=?)"
    assert plan.count(f"SEARCH sales_order USING COVERING INDEX {index}") == 2, "heads: of whole orders, of returns"
    assert plan.count("SEARCH sales_order USING") == plan.count(index), "and those that are partly invoiced"


def test_marks_that_are_wrong_are_named(base: Database) -> None:
    """G03: something wrote into the base beside the program."""
    till = Till(base)
    till.bill(("1", "10", "20"))
    till.order(("1", "10", "20"))
    with base.transaction() as connection:
        for number, word in (("CCL1", "none"), ("CCL2", "all")):
            connection.execute(update(SalesOrder).where(SalesOrder.number == number).values(invoiced=word))
    with base.read() as connection:
        assert wrong_marks(connection) == ["CCL1", "CCL2"]


def test_what_stays_in_the_company_counts_never(a_site: SiteToTest) -> None:
    """T22, A14: an order between two agencies of one company is never invoiced, so its party owes nothing for it."""
    agencies = Agencies(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    assert [pair.billable for pair in agencies.order_pairs(order=number)] == [False]
    with a_site.database.read() as connection:
        query = select(SalesOrder.customer_id, SalesOrder.total_ttc).where(SalesOrder.number == "CCL2")
        (order,) = connection.execute(query).all()
    assert order.total_ttc > 0
    assert owed(a_site.database, order.customer_id) == 0
