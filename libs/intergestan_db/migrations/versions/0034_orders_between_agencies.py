"""The orders between two establishments, and the allocations of customers' orders that they are for (A12, A43)."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "agency_order",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("requesting_id", _ID, nullable=False),
        sa.Column("supplying_id", _ID, nullable=False),
        sa.Column("purchase_order_id", _ID, nullable=False),
        sa.Column("sales_order_id", _ID, nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("requesting_id <> supplying_id", name=op.f("ck_agency_order_sides")),
        *_references(
            "agency_order",
            requesting_id="establishment",
            supplying_id="establishment",
            purchase_order_id="purchase_order",
            sales_order_id="sales_order",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_order")),
        sa.UniqueConstraint("purchase_order_id", name=op.f("uq_agency_order_purchase_order_id")),
        sa.UniqueConstraint("sales_order_id", name=op.f("uq_agency_order_sales_order_id")),
    )
    op.create_table(
        "agency_order_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("agency_order_id", _ID, nullable=False),
        sa.Column("allocation_id", _ID, nullable=True),
        sa.Column("purchase_order_line_id", _ID, nullable=False),
        sa.Column("sales_order_line_id", _ID, nullable=False),
        *_references(
            "agency_order_line",
            agency_order_id="agency_order",
            allocation_id="allocation",
            purchase_order_line_id="purchase_order_line",
            sales_order_line_id="sales_order_line",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_order_line")),
        sa.UniqueConstraint("allocation_id", name=op.f("uq_agency_order_line_allocation_id")),
        sa.UniqueConstraint("purchase_order_line_id", name=op.f("uq_agency_order_line_purchase_order_line_id")),
        sa.UniqueConstraint("sales_order_line_id", name=op.f("uq_agency_order_line_sales_order_line_id")),
    )
    op.create_index(op.f("ix_agency_order_line_agency_order_id"), "agency_order_line", ["agency_order_id"])


def downgrade() -> None:
    op.drop_table("agency_order_line")
    op.drop_table("agency_order")


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]
