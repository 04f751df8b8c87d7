"""Customers that people chose, replies after review, notices to the person in charge"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customer_match",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("their_id", sa.String(length=60), nullable=False),
        sa.Column("party_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_customer_match_partner_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_customer_match_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_match")),
        sa.UniqueConstraint("partner_id", "their_id", name=op.f("uq_customer_match_partner_id_their_id")),
    )
    op.create_table(
        "review_reply",
        sa.Column("sales_order_id", _ID, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["sales_order_id"], ["sales_order.id"], name=op.f("fk_review_reply_sales_order_id")),
        sa.PrimaryKeyConstraint("sales_order_id", name=op.f("pk_review_reply")),
    )
    op.create_table(
        "notice",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("envelope_from", sa.String(length=254), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("mime", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.String(length=120), nullable=True),
        sa.Column("lease_fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("rung_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_created_at"), "notice", ["created_at"], unique=False)
    op.create_index(op.f("ix_notice_next_attempt_at"), "notice", ["next_attempt_at"], unique=False)
    op.create_table(
        "told_hold",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("row_id", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "row_id", name=op.f("pk_told_hold")),
    )


def downgrade() -> None:
    for table in ("told_hold", "notice", "review_reply", "customer_match"):
        op.drop_table(table)
