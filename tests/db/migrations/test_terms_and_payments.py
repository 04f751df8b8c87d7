"""0026: invoices of before fall due, and what is frozen stays so, whatever a later migration does to its table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic import command, op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.migrations.frozen import thawed
from intergestan_db.tables import InvoiceDue, NumberSeries, PaymentTerm
from intergestan_msg.money import AllowanceCharge
from tests.db.migrations.test_migrations import run
from tests.erp.paying.till import Till
from tests.factories import VAT_20

PORT = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
FROZEN = (
    *("invoice", "invoice_line", "invoice_charge", "invoice_vat", "invoice_due"),
    *("credit_note", "credit_note_line", "credit_note_vat", "settlement"),
)


@pytest.mark.not_quick
def test_invoices_of_before(base: Database) -> None:
    """D20: one instalment, due 30 days after the invoice's day; series know their newest day; the usual terms."""
    till = Till(base)
    till.bill(("1", "100", "20"))
    till.bill(("1", "0", "20"))
    till.pay("5")
    with base.transaction() as connection:
        run(connection, command.downgrade, "0021")
        connection.execute(text("UPDATE invoice SET issue_date = '2026-01-31' WHERE number = 'FA1'"))
    migrate.upgrade(base)
    with base.read() as connection:
        (due,) = connection.execute(select(InvoiceDue.__table__)).all()
        assert (due.invoice_id, due.n, due.due_date, due.amount) == (1, 1, date(2026, 3, 2), Decimal("120.00"))
        series = {row.code: row for row in connection.execute(select(NumberSeries.__table__))}
        assert [series[code].last_date for code in ("delivery_note", "invoice")] == [date(2026, 11, 20)] * 2
        assert [(series[code].prefix, series[code].next_number) for code in ("credit_note", "payment")] == [
            ("AV", 1),
            ("RG", 1),
        ]
        terms = set(connection.execute(select(PaymentTerm.code)).scalars())
        assert terms == {"COMPTANT", "30J", "45JFDM", "60J", "30JFDM", "30JFDM10"}
    assert [(row.due_date, row.payment_term_id) for row in till.invoices()] == [
        (date(2026, 3, 2), None),
        (date(2026, 12, 20), None),
    ]
    assert till.shown("FA1").term is None
    till.pay("120")
    assert till.open() == {}
    assert till.bill(("1", "10", "20")) == "FA3"


def alter(connection: Connection, table: str) -> None:
    """What a later migration may do: a new column, filled; SQLite copies a table to which no other refers."""
    with Operations.context(MigrationContext.configure(connection)), thawed(table):
        op.add_column(table, sa.Column("later", sa.String(20), nullable=True))
        connection.execute(text(f"UPDATE {table} SET later = 'x'"))
        if table in {"invoice_vat", "credit_note_vat", "settlement"}:
            with op.batch_alter_table(table) as batch:
                batch.alter_column("later", nullable=False)


@pytest.mark.parametrize("table", FROZEN)
def test_a_later_migration_leaves_it_frozen(base: Database, table: str) -> None:
    """D39: each of the tables, with rows, altered and filled; afterwards an UPDATE and a DELETE fail as before."""
    till = Till(base)
    till.bill(("1", "100", "20"), charges=[PORT])
    till.credit("FA1", None, [1])
    with base.transaction() as connection:
        alter(connection, table)
    for statement in (f"UPDATE {table} SET later = 'y'", f"UPDATE {table} SET id = id + 9", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match=f"frozen in {table}"), base.transaction() as connection:
            connection.execute(text(statement))
    with base.read() as connection:
        assert set(connection.execute(text(f"SELECT later FROM {table}")).scalars()) == {"x"}


def test_a_column_that_is_frozen(base: Database) -> None:
    """D39: what migration 0018 froze is thawed and frozen in the same way."""
    till = Till(base)
    till.pay("5")
    with base.transaction() as connection, Operations.context(MigrationContext.configure(connection)):
        with thawed("payment", "event"):
            connection.execute(text("UPDATE payment SET created_by = 'x'"))
            connection.execute(text("UPDATE event SET who = 'x'"))
        with pytest.raises(RuntimeError, match="party is not frozen"), thawed("party"):
            pass
    for table, column in (("payment", "created_by"), ("event", "who")):
        with pytest.raises(IntegrityError, match=f"frozen in {table}"), base.transaction() as connection:
            connection.execute(text(f"UPDATE {table} SET {column} = 'y'"))
