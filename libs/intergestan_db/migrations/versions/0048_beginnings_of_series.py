"""What statements counted once of a series they need not count again."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "series_beginning",
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("listed_by", sa.String(length=4), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.JSON(), nullable=False),
        sa.Column("void", sa.JSON(), nullable=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.Column("hashed", sa.JSON(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=104), nullable=False),
        sa.Column("withdrawn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_series_beginning_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "direction", "epoch", "listed_by", name=op.f("pk_series_beginning")),
    )
    op.create_table(
        "withdrawn_number",
        sa.Column("id", _ID, nullable=False),
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_withdrawn_number_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawn_number")),
    )
    op.create_index(op.f("ix_withdrawn_number_partner_id_epoch"), "withdrawn_number", ["partner_id", "epoch"])


def downgrade() -> None:
    """All is counted again by each statement."""
    op.drop_index(op.f("ix_withdrawn_number_partner_id_epoch"), "withdrawn_number")
    op.drop_table("withdrawn_number")
    op.drop_table("series_beginning")
