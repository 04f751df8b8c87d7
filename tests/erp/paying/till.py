"""A seller whose goods leave and are invoiced at once, and whose customers pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import func, select, update

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_db.tables import Invoice, Partner, Party, SalesOrder, Table
from intergestan_erp.paying import payments
from intergestan_erp.paying.open_amounts import open_instalments
from intergestan_erp.paying.settling import Settled
from intergestan_erp.paying.shares import Share
from intergestan_erp.selling import credit_notes
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.sales import show_invoice
from intergestan_erp.terms.due import TermLine
from intergestan_erp.terms.stored import add_term
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, line_total
from tests.desk import Desk
from tests.factories import a_line, an_order

PLAIN = TaxCategory("E", Decimal(0))


class Till(Desk):
    """The customer is the partner's party, whose prices are taken as they are."""

    def __init__(self, base: Database) -> None:
        super().__init__(base)
        self._orders, self._terms = count(1), count(1)
        with base.transaction() as connection:
            connection.execute(update(Partner).values(price_policy="take_theirs", unknown_product="park_line"))

    @property
    def customer(self) -> int:
        with self.base.read() as connection:
            return connection.execute(select(Partner.party_id)).scalar_one()

    def order(
        self,
        *lines: tuple[str, str, str],
        charges: Sequence[AllowanceCharge] = (),
        unit: str = "KGM",
        **columns: Any,
    ) -> str:
        """Book an order of lines (quantity, price, rate of VAT in percent); its number here."""
        made = []
        for number, (quantity, price, rate) in enumerate(lines, start=1):
            line = a_line(number)
            tax = TaxCategory("S", Decimal(rate)) if Decimal(rate) else PLAIN
            total = line_total(Decimal(quantity), Decimal(price))
            made.append(
                replace(
                    line,
                    quantity=Decimal(quantity),
                    unit=unit,
                    price=Price(Decimal(price)),
                    item=replace(line.item, tax=tax),
                    line_total=total,
                )
            )
        theirs = f"CFR{next(self._orders)}"
        self.book(an_order(theirs, tuple(made), charges=tuple(charges)))
        with self.base.transaction() as connection:
            where = SalesOrder.customer_order_number == theirs
            connection.execute(update(SalesOrder).where(where).values(state="accepted", **columns))
            return connection.execute(select(SalesOrder.number).where(where)).scalar_one()

    def bill(self, *lines: tuple[str, str, str], charges: Sequence[AllowanceCharge] = ()) -> str:
        """Deliver and invoice an order of such lines; the invoice's number."""
        return self.invoice(self.order(*lines, charges=charges))

    def invoice(self, *orders: str) -> str:
        with self.base.transaction() as connection:
            for order in orders:
                deliver(connection, order, None, by="marie", at=self.base.now())
            return invoice(connection, orders, by="marie", at=self.base.now())

    def owe(self, *parts: str) -> str:
        """An invoice with instalments of these amounts, in percent of 100, due at once and then every 30 days."""
        with self.base.transaction() as connection:
            lines = [TermLine(Decimal(part), 30 * place) for place, part in enumerate(parts)]
            term = add_term(connection, f"T{next(self._terms)}", "Test", lines, by="marie", at=self.base.now())
            connection.execute(update(Party).values(payment_term_id=term.id))
        return self.bill(("1", "100", "0"))

    def pay(self, amount: str, *shares: Share, method: PaymentMethod = PaymentMethod.TRANSFER, **said: Any) -> Settled:
        new = payments.NewPayment(amount=Decimal(amount), method=method, **said)
        with self.base.transaction() as connection:
            at = self.base.now()
            return payments.add(connection, self.customer, new, shares or None, by="marie", at=at)

    def act(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """Any act, in a transaction of its own."""
        with self.base.transaction() as connection:
            return act(connection, *arguments, by="marie", at=self.base.now(), **named)

    def credit(
        self, number: str, lines: Mapping[int, Decimal] | None = None, charges: Sequence[int] = ()
    ) -> credit_notes.Credited:
        made: credit_notes.Credited = self.act(credit_notes.credit, number, "Damaged", lines, charges)
        return made

    def shown(self, number: str) -> Any:
        with self.base.read() as connection:
            found = show_invoice(connection, number)
        assert found is not None
        return found

    def open(self) -> dict[str, str]:
        """What is open, by instalment, the oldest due first."""
        with self.base.read() as connection:
            found = open_instalments(connection, self.customer)
        return {f"{each.invoice}/{each.n}": str(each.open) for each in found}

    def count(self, table: str) -> int:
        with self.base.read() as connection:
            found = connection.execute(select(func.count()).select_from(Table.metadata.tables[table]))
            return found.scalar_one()

    def invoices(self) -> Sequence[Any]:
        return self.rows(Invoice)
