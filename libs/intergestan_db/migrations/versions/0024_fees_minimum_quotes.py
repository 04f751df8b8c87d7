"""Fees, the minimum of an order, and quotes (T16, T17, T23, T24)"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fee",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(3), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("account_number", sa.String(50), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('port', 'other')", name=op.f("ck_fee_kind")),
        sa.CheckConstraint(
            "amount >= 0 AND percent >= 0 AND (amount = 0 OR percent = 0)", name=op.f("ck_fee_one_of_both")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee")),
        sa.UniqueConstraint("code", name=op.f("uq_fee_code")),
    )
    op.create_table(
        "party_fee",
        sa.Column("party_id", _key(), nullable=False),
        sa.Column("fee_id", _key(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_party_fee_amount")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_party_fee_party_id")),
        sa.ForeignKeyConstraint(["fee_id"], ["fee.id"], name=op.f("fk_party_fee_fee_id")),
        sa.PrimaryKeyConstraint("party_id", "fee_id", name=op.f("pk_party_fee")),
    )
    _quotes()
    minimum = sa.CheckConstraint("minimum_order >= 0", name=op.f("ck_party_minimum_order"))
    op.add_column("party", sa.Column("minimum_order", sa.BigInteger(), minimum, nullable=True))
    what = sa.CheckConstraint("minimum_order_action IN ('note', 'review')", name=op.f("ck_partner_minimum_order_action"))
    op.add_column(
        "partner", sa.Column("minimum_order_action", sa.String(8), what, nullable=False, server_default="note")
    )
    op.add_column("sales_order", sa.Column("below_minimum", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add_reference("sales_order", "quote_id", "quote")
    _add_reference("sales_order_charge", "fee_id", "fee")
    of_one = sa.text("quote_id IS NOT NULL")
    op.create_index(
        "uq_sales_order_quote_id", "sales_order", ["quote_id"], unique=True, sqlite_where=of_one, postgresql_where=of_one
    )
    op.execute("INSERT INTO number_series (code, prefix, next_number) SELECT 'quote', 'DV', 1 FROM site")


def downgrade() -> None:
    op.execute("DELETE FROM number_series WHERE code = 'quote'")
    op.drop_index("uq_sales_order_quote_id", "sales_order")
    for table, name in (("sales_order_charge", "fee_id"), ("sales_order", "quote_id"), ("sales_order", "below_minimum")):
        op.drop_column(table, name)
    op.drop_column("partner", "minimum_order_action")
    op.drop_column("party", "minimum_order")
    for name in ("quote_charge", "quote_line", "quote", "party_fee", "fee"):
        op.drop_table(name)


def _quotes() -> None:
    op.create_table(
        "quote",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("customer_id", _key(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("total_ht", "total_vat", "total_ttc")),
        sa.Column("wanted_date", sa.Date(), nullable=True),
        sa.Column("delivery_name", sa.String(200), nullable=True),
        sa.Column("delivery_line1", sa.String(200), nullable=True),
        sa.Column("delivery_line2", sa.String(200), nullable=True),
        sa.Column("delivery_postcode", sa.String(20), nullable=True),
        sa.Column("delivery_city", sa.String(100), nullable=True),
        sa.Column("delivery_country", sa.String(2), nullable=True),
        sa.CheckConstraint("state IN ('open', 'accepted', 'refused')", name=op.f("ck_quote_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["party.id"], name=op.f("fk_quote_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_quote_number")),
    )
    op.create_index(op.f("ix_quote_customer_id"), "quote", ["customer_id"])
    op.create_table(
        "quote_line",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("quote_id", _key(), nullable=False),
        sa.Column("product_id", _key(), nullable=True),
        sa.Column("line_id", sa.String(60), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("product_code", sa.String(60), nullable=True),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(3), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("price", "base_quantity", "allowance", "total")),
        sa.Column("vat_category", sa.String(3), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("wanted_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_quote_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_line")),
        sa.UniqueConstraint("quote_id", "line_id", name=op.f("uq_quote_line_quote_id_line_id")),
    )
    op.create_table(
        "quote_charge",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("quote_id", _key(), nullable=False),
        sa.Column("fee_id", _key(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_category", sa.String(3), nullable=True),
        sa.Column("vat_rate", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_charge_quote_id")),
        sa.ForeignKeyConstraint(["fee_id"], ["fee.id"], name=op.f("fk_quote_charge_fee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_charge")),
    )
    op.create_index(op.f("ix_quote_charge_quote_id"), "quote_charge", ["quote_id"])


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _add_reference(table: str, name: str, other: str) -> None:
    """A column that names a row of another table: SQLite takes its foreign key only within the column."""
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} CONSTRAINT fk_{table}_{name} REFERENCES {other} (id)")
