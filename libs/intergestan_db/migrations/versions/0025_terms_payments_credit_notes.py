"""Payment terms, instalments, payments, credit notes, settlements (D20, D32); invoices that nobody changes (D39)

Revision ID: 0026
Revises: 0025

An invoice of before has one instalment: its total, due 30 days after its day, which is what the law gives where nothing
was agreed (C. com. L441-10) and what the usual term 30J says. It names no term, because nobody chose one.
The dates of delivery notes and invoices rise with their numbers from the newest one on (D21).
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import forbid_null
from intergestan_db.migrations.frozen import freeze_columns, freeze_rows, thaw

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITH_TERM = ("party", "sales_order", "invoice")
_PAID = ("number", "party_id", "received_on", "due_date", "amount", "method", "reference", "created_at", "created_by")
_OF_INVOICES = ("invoice", "invoice_line", "invoice_charge", "invoice_vat", "invoice_due")
_OF_CREDIT_NOTES = ("credit_note", "credit_note_line", "credit_note_vat")
_ROWS = (*_OF_INVOICES, *_OF_CREDIT_NOTES, "settlement")
"""The tables whose rows are frozen."""
_SERIES = {"credit_note": "AV", "payment": "RG"}
_DATED = {"delivery_note": "delivery_note", "invoice": "invoice"}
"""The series whose documents' dates rise, and the tables of these documents."""
_TERMS = (
    ("COMPTANT", "Comptant", "Due at once", 0, "no", None),
    ("30J", "30 jours", "30 days", 30, "no", None),
    ("45JFDM", "45 jours fin de mois", "45 days, end of month", 45, "after", None),
    ("60J", "60 jours", "60 days", 60, "no", None),
    ("30JFDM", "30 jours fin de mois", "30 days, end of month", 30, "after", None),
    ("30JFDM10", "30 jours fin de mois, le 10", "30 days, end of month, on the 10th", 30, "after", 10),
)
"""Code, French and English name, days, end of month, day."""
_WHOLE = 100_000_000
"""100 %, as a column with six decimals holds it."""


def upgrade() -> None:
    _create_terms()
    type_of_id = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table in _WITH_TERM:  # not by alembic's batches: SQLite would copy a table that others refer to, and refuse
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN payment_term_id {type_of_id} "
            f"CONSTRAINT fk_{table}_payment_term_id REFERENCES payment_term (id)"
        )
    op.execute("ALTER TABLE number_series ADD COLUMN last_date DATE")
    op.execute("ALTER TABLE invoice ADD COLUMN due_date DATE")
    _create_settling()
    _fill()
    forbid_null("invoice", "due_date", "DATE")
    for table in _ROWS:
        freeze_rows(table)
    freeze_columns("payment", _PAID)


def downgrade() -> None:
    """What invoices fell due and what was paid is forgotten."""
    for table in (*_ROWS, "payment"):
        thaw(table)
    for table in ("settlement", "credit_note_vat", "credit_note_line", "credit_note", "payment", "invoice_due"):
        op.drop_table(table)
    op.execute(f"DELETE FROM number_series WHERE code IN ({', '.join(repr(code) for code in _SERIES)})")  # noqa: S608
    op.drop_column("number_series", "last_date")
    op.drop_column("invoice", "due_date")
    for table in _WITH_TERM:
        op.execute(f"ALTER TABLE {table} DROP COLUMN payment_term_id")
    op.drop_table("payment_term_line")
    op.drop_table("payment_term")


def _create_terms() -> None:
    op.create_table(
        "payment_term",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_term")),
        sa.UniqueConstraint("code", name=op.f("uq_payment_term_code")),
    )
    op.create_table(
        "payment_term_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("term_id", _ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("end_of_month", sa.String(6), nullable=False),
        sa.Column("on_day", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "end_of_month IN ('no', 'after', 'before')", name=op.f("ck_payment_term_line_end_of_month")
        ),
        sa.CheckConstraint("percent > 0", name=op.f("ck_payment_term_line_percent")),
        sa.CheckConstraint("days >= 0", name=op.f("ck_payment_term_line_days")),
        sa.CheckConstraint("on_day BETWEEN 1 AND 31", name=op.f("ck_payment_term_line_on_day")),
        sa.ForeignKeyConstraint(["term_id"], ["payment_term.id"], name=op.f("fk_payment_term_line_term_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_term_line")),
        sa.UniqueConstraint("term_id", "position", name=op.f("uq_payment_term_line_term_id_position")),
    )


def _create_settling() -> None:
    op.create_table(
        "invoice_due",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("invoice_id", _ID, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_invoice_due_amount")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_due_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_due")),
        sa.UniqueConstraint("invoice_id", "n", name=op.f("uq_invoice_due_invoice_id_n")),
    )
    op.create_index(op.f("ix_invoice_due_due_date"), "invoice_due", ["due_date"])
    op.create_table(
        "payment",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("party_id", _ID, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("reference", sa.String(60), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.CheckConstraint(
            "method IN ('transfer', 'cheque', 'bill', 'card', 'cash', 'set_off')", name=op.f("ck_payment_method")
        ),
        sa.CheckConstraint("state IN ('entered', 'failed', 'cancelled')", name=op.f("ck_payment_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_payment_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_number")),
    )
    op.create_index(op.f("ix_payment_party_id_state"), "payment", ["party_id", "state"])
    standing = sa.text("reference IS NOT NULL AND state <> 'cancelled'")
    op.create_index(
        "uq_payment_reference",
        "payment",
        ["party_id", "method", "reference"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    _create_credit_notes()
    op.create_table(
        "settlement",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("payment_id", _ID, nullable=True),
        sa.Column("credit_note_id", _ID, nullable=True),
        sa.Column("invoice_due_id", _ID, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name=op.f("ck_settlement_of_one")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_settlement_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_settlement_payment_id")),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_note.id"], name=op.f("fk_settlement_credit_note_id")),
        sa.ForeignKeyConstraint(["invoice_due_id"], ["invoice_due.id"], name=op.f("fk_settlement_invoice_due_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
    )
    for column in ("payment_id", "credit_note_id", "invoice_due_id"):
        op.create_index(op.f(f"ix_settlement_{column}"), "settlement", [column])


def _create_credit_notes() -> None:
    op.create_table(
        "credit_note",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("invoice_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total_ht", sa.BigInteger(), nullable=False),
        sa.Column("total_vat", sa.BigInteger(), nullable=False),
        sa.Column("total_ttc", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.CheckConstraint(
            "total_ht >= 0 AND total_vat >= 0 AND total_ttc > 0 AND total_ttc = total_ht + total_vat",
            name=op.f("ck_credit_note_totals"),
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["party.id"], name=op.f("fk_credit_note_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
    )
    for column in ("invoice_id", "customer_id"):
        op.create_index(op.f(f"ix_credit_note_{column}"), "credit_note", [column])
    op.create_table(
        "credit_note_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("credit_note_id", _ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("invoice_line_id", _ID, nullable=True),
        sa.Column("invoice_charge_id", _ID, nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(invoice_line_id IS NULL) <> (invoice_charge_id IS NULL)", name=op.f("ck_credit_note_line_of_one")
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_credit_note_line_credit_note_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_line_id"], ["invoice_line.id"], name=op.f("fk_credit_note_line_invoice_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_charge_id"], ["invoice_charge.id"], name=op.f("fk_credit_note_line_invoice_charge_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        sa.UniqueConstraint("credit_note_id", "position", name=op.f("uq_credit_note_line_credit_note_id_position")),
        sa.UniqueConstraint("invoice_charge_id", name=op.f("uq_credit_note_line_invoice_charge_id")),
    )
    op.create_index(op.f("ix_credit_note_line_invoice_line_id"), "credit_note_line", ["invoice_line_id"])
    op.create_table(
        "credit_note_vat",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("credit_note_id", _ID, nullable=False),
        sa.Column("vat_category", sa.String(3), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_credit_note_vat_credit_note_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_vat")),
        sa.UniqueConstraint(
            *("credit_note_id", "vat_category", "vat_rate"),
            name=op.f("uq_credit_note_vat_credit_note_id_vat_category_vat_rate"),
        ),
    )


def _fill() -> None:
    """The usual terms and the new series of a site that is there; instalments; the newest day of each series."""
    connection = op.get_bind()
    language = connection.scalar(sa.text("SELECT language FROM site"))
    if language is not None:
        _fill_terms(connection, french=language == "fr")
        series = sa.table("number_series", *map(sa.column, ("code", "prefix", "next_number")))
        rows = [{"code": code, "prefix": prefix, "next_number": 1} for code, prefix in _SERIES.items()]
        connection.execute(sa.insert(series), rows)
    for code, table in _DATED.items():
        newest = f"SELECT max(issue_date) FROM {table}"  # noqa: S608 - our own names
        op.execute(f"UPDATE number_series SET last_date = ({newest}) WHERE code = '{code}'")  # noqa: S608
    later = "date(issue_date, '+30 days')" if connection.dialect.name == "sqlite" else "issue_date + 30"
    op.execute(f"UPDATE invoice SET due_date = {later}")  # noqa: S608
    op.execute(
        "INSERT INTO invoice_due (invoice_id, n, due_date, amount)"
        " SELECT id, 1, due_date, total_ttc FROM invoice WHERE total_ttc > 0 ORDER BY id"
    )


def _fill_terms(connection: sa.Connection, *, french: bool) -> None:
    term = sa.table("payment_term", *map(sa.column, ("id", "code", "name", "active")))
    columns = ("term_id", "position", "percent", "days", "end_of_month", "on_day")
    line = sa.table("payment_term_line", *map(sa.column, columns))
    for code, name, english, days, end_of_month, on_day in _TERMS:
        values = {"code": code, "name": name if french else english, "active": True}
        term_id = connection.execute(sa.insert(term).values(values).returning(term.c.id)).scalar_one()
        own = {"days": days, "end_of_month": end_of_month, "on_day": on_day}
        connection.execute(sa.insert(line).values(term_id=term_id, position=1, percent=_WHOLE, **own))
