"""What customers owe: the parts (T22), both due dates (T21), and that it is always what a plain list of units says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Party, Payment, SalesOrder, Settlement
from intergestan_erp.credit.exposure import Exposure, next_changes, read_delivered, read_exposure
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.site.first_dossier import Company, add_first_dossier
from intergestan_msg.money import AllowanceCharge
from tests.desk import Desk
from tests.factories import VAT_20, a_line, an_order

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

OF_INVOICE = {"establishment_id": 1, "accounting_folder_id": 1}


@dataclass
class Books:
    """Invoices and payments, written as plain rows: the days are the subject here, not who writes them."""

    connection: Connection
    customer: int
    n: int = 0

    def invoice(self, amount: str, issued: date, due: date) -> int:
        self.n += 1
        head = {"number": f"FA{self.n}", "issue_date": issued, "created_at": NOW, "created_by": "marie"}
        sums = {"total_ht": Decimal(amount), "total_vat": Decimal(0), "total_ttc": Decimal(amount)}
        row = insert(Invoice).values(
            **head, **sums, customer_id=self.customer, currency="EUR", due_date=due, **OF_INVOICE
        )
        invoice_id = self.connection.execute(row.returning(Invoice.id)).scalar_one()
        dues = insert(InvoiceDue).values(invoice_id=invoice_id, n=1, due_date=due, amount=Decimal(amount))
        return int(self.connection.execute(dues.returning(InvoiceDue.id)).scalar_one())

    def pay(
        self, amount: str, received: date, due: date | None = None, of: int | None = None, failed: date | None = None
    ) -> None:
        self.n += 1
        values = {"number": f"RG{self.n}", "received_on": received, "due_date": due or received, "created_at": NOW}
        state = PaymentState.FAILED if failed else PaymentState.ENTERED
        row = insert(Payment).values(
            **values,
            party_id=self.customer,
            establishment_id=1,
            amount=Decimal(amount),
            method=PaymentMethod.BILL,
            state=state,
            failed_on=failed,
            created_by="marie",
        )
        payment_id = self.connection.execute(row.returning(Payment.id)).scalar_one()
        if of is not None:
            self.settle(amount, received, of, payment_id=payment_id)

    def credit(self, amount: str, on: date, of: int, settles: str | None = None) -> None:
        self.n += 1
        invoice_id = self.connection.execute(select(InvoiceDue.invoice_id).where(InvoiceDue.id == of)).scalar_one()
        head = {"number": f"AV{self.n}", "issue_date": on, "created_at": NOW, "created_by": "marie", "reason": "…"}
        sums = {"total_ht": Decimal(amount), "total_vat": Decimal(0), "total_ttc": Decimal(amount)}
        row = insert(CreditNote).values(
            **head, **sums, customer_id=self.customer, currency="EUR", invoice_id=invoice_id, **OF_INVOICE
        )
        note_id = self.connection.execute(row.returning(CreditNote.id)).scalar_one()
        self.settle(settles or amount, on, of, credit_note_id=note_id)

    def settle(self, amount: str, on: date, of: int, **source: int) -> None:
        values = {"invoice_due_id": of, "amount": Decimal(amount), "settled_on": on, "created_at": NOW}
        self.connection.execute(insert(Settlement).values(**values, **source))

    def owed(self, day: date, *, ticked: bool) -> str:
        return str(read_exposure(self.connection, self.customer, day, by_payment_due=ticked).total)


@pytest.fixture
def books(database: Database) -> Any:
    with database.transaction() as connection:
        add_first_dossier(connection, Company("Arts de la Table"), "fr")
        party = insert(Party).values(code="DUP", name="Dupont", is_customer=True).returning(Party.id)
        yield Books(connection, connection.execute(party).scalar_one())


def june(day: int) -> date:
    return date(2026, 6, day)


def july(day: int) -> date:
    return date(2026, 7, day)


ISSUED, DUE = june(1), june(30)


@pytest.mark.parametrize(
    ("day", "ticked", "unticked"),
    [
        (june(19), 1200, 1200),
        (june(20), 1200, 1200),
        (june(29), 1200, 1200),
        (june(30), 1200, 0),
        (july(30), 1200, 0),
        (july(31), 0, 0),
    ],
)
def test_a_bill_counts_by_either_due_date(books: Books, day: date, ticked: int, unticked: int) -> None:
    """T21: a bill of exchange that falls due a month after the invoice."""
    due = books.invoice("1200", ISSUED, DUE)
    books.pay("1200", june(20), july(31), of=due)
    assert Decimal(books.owed(day, ticked=True)) == ticked
    assert Decimal(books.owed(day, ticked=False)) == unticked


@pytest.mark.parametrize(
    ("day", "ticked", "unticked"),
    [
        (june(9), 1200, 1200),
        (june(10), 700, 1200),
        (june(30), 700, 700),
        (july(14), 700, 700),
        (july(15), 0, 0),
    ],
)
def test_an_early_and_a_late_transfer(books: Books, day: date, ticked: int, unticked: int) -> None:
    """T21: what is paid early counts from the invoice's due date on, unless payments count by their own."""
    due = books.invoice("1200", ISSUED, DUE)
    books.pay("500", june(10), of=due)
    books.pay("700", july(15), of=due)
    assert Decimal(books.owed(day, ticked=True)) == ticked
    assert Decimal(books.owed(day, ticked=False)) == unticked


@pytest.mark.parametrize("ticked", [True, False])
def test_a_bill_that_comes_back_unpaid(books: Books, *, ticked: bool) -> None:
    """T21: it settles nothing from that day on, both ways; until then it did."""
    due = books.invoice("1200", ISSUED, DUE)
    books.pay("1200", june(20), july(31), of=due, failed=date(2026, 8, 2))
    assert Decimal(books.owed(date(2026, 8, 1), ticked=ticked)) == 0
    assert Decimal(books.owed(date(2026, 8, 2), ticked=ticked)) == 1200


@pytest.mark.parametrize("ticked", [True, False])
def test_a_credit_note_counts_from_its_date(books: Books, *, ticked: bool) -> None:
    """T21: both ways, whatever falls due; what is left of it lies on account (T22)."""
    due = books.invoice("1200", ISSUED, DUE)
    books.credit("200", june(15), due, settles="150")
    assert Decimal(books.owed(june(14), ticked=ticked)) == 1200
    assert Decimal(books.owed(june(15), ticked=ticked)) == 1000
    exposure = read_exposure(books.connection, books.customer, june(15), by_payment_due=ticked)
    assert exposure == Exposure(invoices=Decimal(1050), on_account=Decimal(50))


@pytest.mark.parametrize("ticked", [True, False])
def test_nothing_leaves_unpaid(books: Books, *, ticked: bool) -> None:
    """T21, D25: an invoice that fell due long ago counts."""
    books.invoice("1200", ISSUED, DUE)
    assert Decimal(books.owed(date(2030, 1, 1), ticked=ticked)) == 1200


def test_money_on_account_counts_once_it_is_there(books: Books) -> None:
    """T22: a bill that settles nothing counts from its due date on, and owes may be negative."""
    books.pay("300", june(10), july(10))
    assert Decimal(books.owed(july(9), ticked=True)) == 0
    assert Decimal(books.owed(july(10), ticked=True)) == -300
    days = next_changes(books.connection, [books.customer], june(10), by_payment_due=True)
    assert days == {books.customer: july(10)}
    assert next_changes(books.connection, [books.customer], july(10), by_payment_due=True) == {}


def test_the_next_day_on_which_it_changes_by_itself(books: Books) -> None:
    """D29: the earliest future due date of what is settled, of the payment or of the invoice as chosen."""
    due = books.invoice("1200", ISSUED, DUE)
    books.pay("500", june(10), july(31), of=due)
    books.pay("100", june(10), july(15), of=due)
    ids = [books.customer]
    assert next_changes(books.connection, ids, june(20), by_payment_due=True) == {books.customer: july(15)}
    assert next_changes(books.connection, ids, july(15), by_payment_due=True) == {books.customer: july(31)}
    assert next_changes(books.connection, ids, june(20), by_payment_due=False) == {books.customer: DUE}
    assert next_changes(books.connection, ids, DUE, by_payment_due=False) == {}


def test_an_order_on_its_way(base: Database) -> None:
    """T22: delivering changes nothing, and what was invoiced leaves the order, with the VAT of the order's rest."""
    port = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
    desk = Desk(base)
    order = an_order("CFR1", (a_line(1, "3", "0.33"), a_line(2, "10", "7.99")), charges=(port,))
    desk.know_products_of(order)
    desk.book(order)
    day = date(2030, 1, 1)
    with base.transaction() as connection:
        row = connection.execute(select(SalesOrder.customer_id, SalesOrder.total_ttc)).one()

        def owed() -> Exposure:
            return read_exposure(connection, row.customer_id, day, by_payment_due=False)

        def received() -> Decimal:
            return read_delivered(connection, [row.customer_id])[row.customer_id]

        assert (owed(), received()) == (Exposure(not_invoiced=row.total_ttc), Decimal(0))
        at = base.now()
        for wanted in ({"L1": Decimal(1)}, {"L1": Decimal(1), "L2": Decimal(4)}):
            note = deliver(connection, "CCL1", wanted, by="marie", at=at)
            before = owed()
            assert before.total == row.total_ttc
            assert 0 < received() < before.not_invoiced
            at += timedelta(minutes=1)
        number = invoice(connection, [note], by="marie", at=at)
        total, invoice_id = connection.execute(select(Invoice.total_ttc, Invoice.id)).one()
        add_due(connection, invoice_id, total)
        after = owed()
        assert (number, after.invoices) == ("FA1", total)
        assert abs(after.total - row.total_ttc) <= Decimal("0.01")
        deliver(connection, "CCL1", None, by="marie", at=at)
        invoice(connection, ["CCL1"], by="marie", at=at)
        last = connection.execute(select(Invoice.total_ttc, Invoice.id).order_by(Invoice.id.desc()).limit(1)).one()
        add_due(connection, last.id, last.total_ttc)
        done = owed()
        assert done.not_invoiced == received() == 0, "an order that was invoiced as a whole leaves nothing"
        assert done.invoices == total + last.total_ttc


def add_due(connection: Connection, invoice_id: int, amount: Decimal) -> None:
    """The instalment that invoicing writes; no statement where it did."""
    has = connection.execute(select(InvoiceDue.id).where(InvoiceDue.invoice_id == invoice_id)).first()
    if has is None:
        values = {"invoice_id": invoice_id, "n": 1, "due_date": DUE, "amount": amount}
        connection.execute(insert(InvoiceDue).values(**values))
