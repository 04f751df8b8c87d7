"""Price lists by party and establishment (A07), and what customers may owe to one establishment (A06).

Nobody has either yet, so that prices and ceilings stay what they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNIQUE = {
    "uq_price_line_of_product": ("product_id IS NOT NULL", ["product_id", "price_list_id", "min_quantity"]),
    "uq_price_line_of_family": ("family_id IS NOT NULL", ["family_id", "price_list_id", "min_quantity"]),
    "uq_price_line_of_all": ("product_id IS NULL AND family_id IS NULL", ["price_list_id", "min_quantity"]),
}


def upgrade() -> None:
    op.create_table(
        "price_list",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("establishment_id", _ID, nullable=True),
        sa.Column("party_id", _ID, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("side IN ('sale', 'purchase')", name=op.f("ck_price_list_side")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_price_list_days")),
        _refers("price_list", "establishment_id", "establishment"),
        _refers("price_list", "party_id", "party"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
        sa.UniqueConstraint("code", name=op.f("uq_price_list_code")),
    )
    op.create_index(op.f("ix_price_list_side_party_id"), "price_list", ["side", "party_id"])
    op.create_table(
        "price_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("price_list_id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=True),
        sa.Column("family_id", _ID, nullable=True),
        sa.Column("min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("product_id IS NULL OR family_id IS NULL", name=op.f("ck_price_line_of_one")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_price_line_price")),
        sa.CheckConstraint("min_quantity >= 0", name=op.f("ck_price_line_min_quantity")),
        sa.CheckConstraint("discount BETWEEN 0 AND 100000000", name=op.f("ck_price_line_discount")),
        _refers("price_line", "price_list_id", "price_list"),
        _refers("price_line", "product_id", "product"),
        _refers("price_line", "family_id", "product_family"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_line")),
    )
    op.create_index(op.f("ix_price_line_price_list_id"), "price_line", ["price_list_id"])
    for name, (condition, columns) in _UNIQUE.items():
        where = sa.text(condition)
        op.create_index(name, "price_line", columns, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "party_credit",
        sa.Column("party_id", _ID, autoincrement=False, nullable=False),
        sa.Column("establishment_id", _ID, autoincrement=False, nullable=False),
        sa.Column("credit_max", sa.BigInteger(), nullable=False),
        sa.Column("credit_insured", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("credit_max >= 0", name=op.f("ck_party_credit_credit_max")),
        sa.CheckConstraint("credit_insured >= 0", name=op.f("ck_party_credit_credit_insured")),
        sa.CheckConstraint("credit_insured <= credit_max", name=op.f("ck_party_credit_credit_covered")),
        _refers("party_credit", "party_id", "party"),
        _refers("party_credit", "establishment_id", "establishment"),
        sa.PrimaryKeyConstraint("party_id", "establishment_id", name=op.f("pk_party_credit")),
    )


def downgrade() -> None:
    for table in ("party_credit", "price_line", "price_list"):
        op.drop_table(table)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
