"""Invoices: when they fall due, what day they bear, and charges whose VAT nobody stated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from intergestan_db.database import Database
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    DeliveryNote,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceVat,
    NumberSeries,
    Party,
    PaymentTerm,
    SalesOrder,
    SalesOrderCharge,
    Site,
)
from intergestan_erp.selling.sales import show_sales_order
from intergestan_erp.site.preferences import set_preference
from intergestan_erp.terms.due import TermLine
from intergestan_erp.terms.stored import add_term
from intergestan_msg.money import AllowanceCharge
from tests.clock import Clock
from tests.erp.paying.till import Till
from tests.site_factories import NOW

UNSTATED = AllowanceCharge(is_charge=True, amount=Decimal("7.50"), reason="Emballage")


@pytest.fixture
def till(base: Database) -> Till:
    """The day is 20/11/2026, a Friday."""
    return Till(base)


def term(till: Till, code: str) -> int:
    with till.base.read() as connection:
        return connection.execute(select(PaymentTerm.id).where(PaymentTerm.code == code)).scalar_one()


def due(till: Till, number: str) -> list[tuple[date, str]]:
    return [(row.due_date, str(row.amount)) for row in till.shown(number).due]


def test_whose_term_counts(till: Till) -> None:
    """D20: the order's, else the customer's, else the site's; the invoice keeps which it was."""
    line = ("1", "60", "20")
    till.bill(line)
    with till.base.transaction() as connection:
        set_preference(connection, "terms.default", "60J", by="m", at=NOW)
    till.bill(line)
    with till.base.transaction() as connection:
        parts = [TermLine(Decimal(30), 0), TermLine(Decimal(70), 30)]
        add_term(connection, "2X", "Deux fois", parts, by="m", at=NOW)
        connection.execute(update(Party).values(payment_term_id=term(till, "45JFDM")))
    till.bill(line)
    till.invoice(till.order(line, payment_term_id=term(till, "2X")))
    assert [due(till, f"FA{n}") for n in range(1, 5)] == [
        [(date(2026, 12, 20), "72.00")],
        [(date(2027, 1, 19), "72.00")],
        [(date(2027, 1, 31), "72.00")],
        [(date(2026, 11, 20), "21.60"), (date(2026, 12, 20), "50.40")],
    ]
    assert [(row.due_date, row.payment_term_id) for row in till.invoices()] == [
        (date(2026, 12, 20), term(till, "30J")),
        (date(2027, 1, 19), term(till, "60J")),
        (date(2027, 1, 31), term(till, "45JFDM")),
        (date(2026, 12, 20), term(till, "2X")),
    ]


def test_orders_of_several_terms(till: Till) -> None:
    """D20: an invoice has one term; orders whose terms come to the same may be on one."""
    first, second = (till.order(("1", "10", "20"), payment_term_id=each) for each in (None, term(till, "60J")))
    with till.base.read() as connection:
        shown = [show_sales_order(connection, number) for number in (first, second)]
    assert [None if each is None else each.term for each in shown] == [None, "60J"]
    with pytest.raises(Problem, match="several payment terms") as raised:
        till.invoice(first, second)
    assert raised.value.code is ProblemCode.NOT_ONE_TERM
    assert till.invoices() == []
    with till.base.transaction() as connection:
        connection.execute(update(Party).values(payment_term_id=term(till, "60J")))
    assert till.invoice(first, second) == "FA1"


def test_working_days_only(till: Till) -> None:
    """D20: an instalment that falls on a Sunday is due on Monday, where the site chose that."""
    with till.base.transaction() as connection:
        connection.execute(update(Site).values(country="FR"))
        set_preference(connection, "terms.shift", "next_working_day", by="m", at=NOW)
    till.bill(("1", "10", "20"))
    assert due(till, "FA1") == [(date(2026, 12, 21), "12.00")]
    assert till.invoices()[0].due_date == date(2026, 12, 21)


def test_nothing_to_pay(till: Till) -> None:
    """D20: an invoice of nothing has a date and no instalment."""
    till.bill(("1", "0", "20"))
    assert due(till, "FA1") == []
    assert till.invoices()[0].due_date == date(2026, 12, 20)


def test_a_clock_that_goes_back(till: Till) -> None:
    """D21: delivery notes and invoices bear the day of the number before, and fall due from that day on."""
    clock = till.base.now
    assert isinstance(clock, Clock)
    till.bill(("1", "10", "20"))
    clock.move(days=-1)
    till.bill(("1", "10", "20"))
    clock.move(days=3)
    till.bill(("1", "10", "20"))
    days = [date(2026, 11, 20), date(2026, 11, 20), date(2026, 11, 22)]
    assert [row.issue_date for row in till.rows(Invoice)] == days
    assert [row.issue_date for row in till.rows(DeliveryNote)] == days
    assert due(till, "FA2") == [(date(2026, 12, 20), "12.00")]
    assert [row.last_date for row in till.rows(NumberSeries, code="invoice")] == [days[-1]]


def test_a_charge_whose_vat_nobody_stated(till: Till) -> None:
    """D33: where anything else bears VAT nobody can tell whether it is to; the order and the charge are named."""
    order = till.order(("1", "10", "20"), charges=[UNSTATED])
    with pytest.raises(Problem, match=f"the charge «Emballage» of {order} has no VAT category") as raised:
        till.invoice(order)
    assert (raised.value.code, raised.value.next) == (ProblemCode.CHARGE_WITHOUT_VAT, (Act.CHARGE_VAT,))
    assert (till.invoices(), till.rows(DeliveryNote)) == ([], [])
    with till.base.transaction() as connection:
        connection.execute(update(SalesOrderCharge).values(vat_category="S", vat_rate=Decimal(20)))
    till.invoice(order)
    assert till.invoices()[0].total_ttc == Decimal("21.00")


def test_where_nothing_bears_vat(till: Till) -> None:
    """D33: then such a charge does not either, and its category says so."""
    till.bill(("1", "10", "0"), charges=[UNSTATED])
    (charge,) = till.rows(InvoiceCharge)
    assert (charge.vat_category, charge.vat_rate) == ("O", 0)
    assert {(row.vat_category, row.base, row.amount) for row in till.rows(InvoiceVat)} == {
        ("E", 10, 0),
        ("O", Decimal("7.50"), 0),
    }
    assert till.invoices()[0].total_ttc == Decimal("17.50")
    till.credit("FA1")
    assert till.open() == {}


def test_instalments_are_of_their_invoice(till: Till) -> None:
    """D20: numbered from 1 in each."""
    till.owe("40", "60")
    till.owe("10", "20", "70")
    assert [(row.invoice_id, row.n) for row in till.rows(InvoiceDue)] == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
    assert len(till.rows(SalesOrder)) == 2
