"""What came in on orders to other agencies, with its series of numbers BR (A46, D50)."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "goods_receipt",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("purchase_order_id", _ID, nullable=False),
        sa.Column("establishment_id", _ID, nullable=False),
        sa.Column("depot_id", _ID, nullable=False),
        *_references(
            "goods_receipt",
            purchase_order_id="purchase_order",
            establishment_id="establishment",
            depot_id="depot",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_receipt_number")),
    )
    op.create_index(op.f("ix_goods_receipt_purchase_order_id"), "goods_receipt", ["purchase_order_id"])
    op.create_table(
        "goods_receipt_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("goods_receipt_id", _ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order_line_id", _ID, nullable=False),
        sa.Column("delivery_note_line_id", _ID, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_goods_receipt_line_quantity")),
        *_references(
            "goods_receipt_line",
            goods_receipt_id="goods_receipt",
            purchase_order_line_id="purchase_order_line",
            delivery_note_line_id="delivery_note_line",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_receipt_line")),
        sa.UniqueConstraint(
            "goods_receipt_id", "position", name=op.f("uq_goods_receipt_line_goods_receipt_id_position")
        ),
        sa.UniqueConstraint("delivery_note_line_id", name=op.f("uq_goods_receipt_line_delivery_note_line_id")),
    )
    op.create_index(
        op.f("ix_goods_receipt_line_purchase_order_line_id"), "goods_receipt_line", ["purchase_order_line_id"]
    )
    op.execute(
        "INSERT INTO number_series (code, prefix, next_number) SELECT 'goods_receipt', 'BR', 1 FROM site"
    )


def downgrade() -> None:
    op.execute("DELETE FROM number_series WHERE code = 'goods_receipt'")
    op.drop_table("goods_receipt_line")
    op.drop_table("goods_receipt")


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]
