"""What a customer owes is always what a plain list of units says, whatever happened in whatever order (T21, T22).

The machine enters, changes, delivers, invoices, pays, fails and credits, day after day. Its model keeps every piece of
every order as a unit, and adds all up from nothing after each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_db.tables import CreditNote, EntryLine, Invoice, InvoiceDue, Payment, Settlement
from intergestan_erp.books.check import check_books
from intergestan_erp.books.folders import folder_called
from intergestan_erp.credit.exposure import Exposure, read_delivered, read_exposure
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.paying import payments
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.selling import credit_notes
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from tests.examples import SPEED, share
from tests.site_factories import NOW, SiteToTest, a_product, add_party, make_site

PRICES = ("0.33", "1.00", "7.99", "123.45")
_CUSTOMERS = count(1)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def with_vat(base: Decimal) -> Decimal:
    return base + cents(base * 20 / 100)


def settled(day: date, allocations: Iterable[tuple[Any, ...]], *, by_payment: bool) -> Decimal:
    """What counts of (amount, entered, due date of the payment, due date of the document, day it came back unpaid)."""
    total = Decimal(0)
    for amount, entered, payment_due, document_due, failed in allocations:
        if max(entered, payment_due if by_payment else document_due) <= day and not (failed and failed <= day):
            total += amount
    return total


@dataclass
class Sale:
    """An order; each piece is a unit that is `ordered`, `delivered` or `invoiced`."""

    number: str
    price: Decimal
    units: list[str]

    def some(self, state: str) -> int:
        return self.units.count(state)

    def owed(self) -> Decimal:
        """With the VAT of what is left of the order."""
        return with_vat(self.price * (len(self.units) - self.some("invoiced")))

    def move(self, old: str, new: str, number: int) -> None:
        for _ in range(number):
            self.units[self.units.index(old)] = new


class Books(RuleBasedStateMachine):
    """One customer, by the acts that people have."""

    def __init__(self, site: SiteToTest) -> None:
        super().__init__()
        self.database: Database = site.database
        self.now = NOW
        self.sales: list[Sale] = []
        self.code = code = f"C{next(_CUSTOMERS)}"
        with self.database.transaction() as connection:
            self.customer = add_party(connection, NewParty(code=code, name=code, is_customer=True))

    def act(self, do: Callable[..., Any], *arguments: Any, **values: Any) -> Any:
        with self.database.transaction() as connection:
            return do(connection, *arguments, **values, by="marie", at=self.now)

    def exposure(self, *, by_payment: bool = False) -> Exposure:
        with self.database.read() as connection:
            return read_exposure(connection, self.customer, self.now.date(), by_payment_due=by_payment)

    def delivered(self) -> Decimal:
        with self.database.read() as connection:
            return read_delivered(connection, [self.customer])[self.customer]

    def rows(self, *columns: Any, where: Any, join: Any = ()) -> list[Any]:
        query = select(*columns).where(where)
        for target, on in join:
            query = query.outerjoin(target, on)
        with self.database.read() as connection:
            return list(connection.execute(query))

    @rule(pieces=st.integers(1, 9), price=st.sampled_from(PRICES))
    def enter(self, pieces: int, price: str) -> None:
        typed = Typed(customer_id=self.customer, lines=(TypedLine("CAS16", Decimal(pieces), Decimal(price)),))
        made = self.act(enter_order, typed)
        self.sales.append(Sale(made.number, Decimal(price), ["ordered"] * pieces))

    @precondition(lambda self: any(sale.some("ordered") for sale in self.sales))
    @rule(data=st.data())
    def deliver_part(self, data: st.DataObject) -> None:
        sale = data.draw(st.sampled_from([each for each in self.sales if each.some("ordered")]))
        pieces, before = data.draw(st.integers(1, sale.some("ordered"))), self.exposure().total
        self.act(deliver, sale.number, {"L1": Decimal(pieces)})
        sale.move("ordered", "delivered", pieces)
        assert self.exposure().total == before, "delivering changes nothing"

    @precondition(lambda self: any(sale.some("delivered") for sale in self.sales))
    @rule(data=st.data())
    def bill(self, data: st.DataObject) -> None:
        sale = data.draw(st.sampled_from([each for each in self.sales if each.some("delivered")]))
        before = self.exposure().total
        self.act(invoice, [sale.number])
        sale.move("delivered", "invoiced", sale.some("delivered"))
        assert abs(self.exposure().total - before) <= Decimal("0.01"), "invoicing: the rounding of VAT at most"

    @precondition(lambda self: any(sale.some("ordered") for sale in self.sales))
    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        """One piece less, or one more."""
        sale = data.draw(st.sampled_from([each for each in self.sales if each.some("ordered")]))
        more = data.draw(st.booleans()) or len(sale.units) == 1
        wanted = OwnChanges(quantities={"L1": Decimal(len(sale.units) + (1 if more else -1))})
        self.act(change_sales_order, sale.number, wanted)
        sale.units.append("ordered") if more else sale.units.remove("ordered")

    @rule(amount=st.sampled_from(("0.05", "3.00", "150.00", "2000.00")), days=st.integers(0, 70))
    def pay(self, amount: str, days: int) -> None:
        due = self.now.date() + timedelta(days)
        self.act(
            payments.add, self.customer, NewPayment(amount=Decimal(amount), method=PaymentMethod.BILL, due_date=due)
        )

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        stand = self.rows(Payment.number, where=(Payment.party_id == self.customer) & (Payment.state == "entered"))
        if stand:
            self.act(payments.fail, data.draw(st.sampled_from([row.number for row in stand])))

    @rule(data=st.data())
    def credit(self, data: st.DataObject) -> None:
        """All of an invoice is taken back, whatever was paid of it."""
        there = self.rows(Invoice.id, Invoice.number, where=Invoice.customer_id == self.customer)
        taken = {
            row.invoice_id for row in self.rows(CreditNote.invoice_id, where=CreditNote.customer_id == self.customer)
        }
        left = [row for row in there if row.id not in taken]
        if left:
            made = data.draw(st.sampled_from(left))
            before = self.exposure()
            total = self.rows(Invoice.total_ttc, where=Invoice.id == made.id)[0].total_ttc
            self.act(credit_notes.credit, made.number, "Taken back")
            assert self.exposure().total == before.total - total

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.now += timedelta(days)

    @invariant()
    def it_is_what_the_units_say(self) -> None:
        day = self.now.date()
        not_invoiced = sum((sale.owed() for sale in self.sales), Decimal(0))
        invoices = self.rows(Invoice.total_ttc, where=Invoice.customer_id == self.customer)
        asked = sum((row.total_ttc for row in invoices), Decimal(0))
        allocations = [
            (
                row.amount,
                row.settled_on,
                row.paid_due or row.settled_on,
                row.due if row.paid_due else row.settled_on,
                row.failed_on,
            )
            for row in self.rows(
                *(Settlement.amount, Settlement.settled_on, Payment.due_date.label("paid_due"), Payment.failed_on),
                InvoiceDue.due_date.label("due"),
                where=Invoice.customer_id == self.customer,
                join=(
                    (InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id),
                    (Invoice, Invoice.id == InvoiceDue.invoice_id),
                    (Payment, Payment.id == Settlement.payment_id),
                ),
            )
        ]
        on_account = self._on_account(day)
        for by_payment in (False, True):
            found = self.exposure(by_payment=by_payment)
            assert found.not_invoiced == not_invoiced
            assert found.invoices == asked - settled(day, allocations, by_payment=by_payment)
            assert found.on_account == on_account
        if not any(sale.some("delivered") for sale in self.sales):
            assert self.delivered() == 0

    def teardown(self) -> None:
        """The books are in order, and the customer's account says what is open less what lies on account (A04)."""
        with self.database.read() as connection:
            assert check_books(connection, folder_called(connection, None)) == []
        debited, credited = (
            sum((row[0] for row in self.rows(column, where=EntryLine.aux == f"411{self.code}")), Decimal(0))
            for column in (EntryLine.debit, EntryLine.credit)
        )
        owed = self.rows(Invoice.total_ttc, where=Invoice.customer_id == self.customer)
        noted = self.rows(CreditNote.total_ttc, where=CreditNote.customer_id == self.customer)
        paid = self.rows(Payment.amount, where=(Payment.party_id == self.customer) & (Payment.state == "entered"))
        assert debited - credited == sum(r[0] for r in owed) - sum(r[0] for r in noted) - sum(r[0] for r in paid)

    def _on_account(self, day: date) -> Decimal:
        """What of payments and credit notes settles nothing, once it counts."""
        used: dict[tuple[str, int], Decimal] = {}
        for row in self.rows(
            Settlement.payment_id, Settlement.credit_note_id, Settlement.amount, where=Settlement.id > 0
        ):
            key = ("payment", row.payment_id) if row.payment_id else ("note", row.credit_note_id)
            used[key] = used.get(key, Decimal(0)) + row.amount
        paid = self.rows(
            *(Payment.id, Payment.amount, Payment.received_on, Payment.due_date),
            where=(Payment.party_id == self.customer) & (Payment.state == "entered"),
        )
        notes = self.rows(CreditNote.id, CreditNote.total_ttc, where=CreditNote.customer_id == self.customer)
        left = (row.amount - used.get(("payment", row.id), Decimal(0)) for row in paid if row.due_date <= day)
        return sum(left, Decimal(0)) + sum(
            (row.total_ttc - used.get(("note", row.id), Decimal(0)) for row in notes), Decimal(0)
        )


def test_any_course_of_business(sqlite_base: Database) -> None:
    """T21, T22: 25 courses of business in `make test`, hundreds in `make campaign`."""
    site = make_site(sqlite_base)
    site.put_products(a_product("CAS16"))
    few = settings(
        max_examples=share(1),
        stateful_step_count=12,
        suppress_health_check=(*SPEED, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
    run_state_machine_as_test(lambda: Books(site), settings=few)  # type: ignore[arg-type]  # what makes one will do
