"""From which depots the goods of sales orders come, and what is set aside for them (A05, A11).

Nothing is allocated: a site that counts no stock has none of these rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "allocation",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("sales_order_line_id", _ID, nullable=False),
        sa.Column("depot_id", _ID, nullable=False),
        sa.Column("route", sa.String(8), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("remainder", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("route IN ('direct', 'indirect')", name=op.f("ck_allocation_route")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocation_quantity")),
        sa.CheckConstraint("remainder >= 0 AND remainder <= quantity", name=op.f("ck_allocation_remainder")),
        *_references("allocation", sales_order_line_id="sales_order_line", depot_id="depot"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint(
            "sales_order_line_id", "depot_id", "route", name=op.f("uq_allocation_sales_order_line_id_depot_id_route")
        ),
    )
    _index_where("ix_allocation_with_remainder", "allocation", "remainder > 0", "sales_order_line_id")
    op.create_table(
        "reservation",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("allocation_id", _ID, nullable=False),
        sa.Column("depot_id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order_line_id", _ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('stock', 'inbound')", name=op.f("ck_reservation_kind")),
        sa.CheckConstraint("state IN ('active', 'consumed', 'released')", name=op.f("ck_reservation_state")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_quantity")),
        sa.CheckConstraint(
            "(kind = 'inbound') = (purchase_order_line_id IS NOT NULL)", name=op.f("ck_reservation_inbound")
        ),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name=op.f("ck_reservation_ended")),
        *_references(
            "reservation",
            allocation_id="allocation",
            depot_id="depot",
            product_id="product",
            purchase_order_line_id="purchase_order_line",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index(op.f("ix_reservation_allocation_id"), "reservation", ["allocation_id"])
    _index_where("ix_reservation_active", "reservation", "state = 'active'", "depot_id", "product_id")
    inbound = "state = 'active' AND purchase_order_line_id IS NOT NULL"
    _index_where("ix_reservation_inbound", "reservation", inbound, "purchase_order_line_id")
    for name in ("allocated_at", "rung_at"):
        op.add_column("sales_order", sa.Column(name, sa.BigInteger(), nullable=True))
    _index_where("ix_sales_order_unallocated", "sales_order", "allocated_at IS NULL AND state = 'accepted'", "id")


def downgrade() -> None:
    op.drop_index("ix_sales_order_unallocated", "sales_order")
    for name in ("rung_at", "allocated_at"):
        op.drop_column("sales_order", name)
    op.drop_table("reservation")
    op.drop_table("allocation")


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]


def _index_where(name: str, table: str, condition: str, *columns: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
