"""Pollers by name, pins, limits of a mailbox, and what was fetched from it by the hour"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "poller",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("takes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_poller")),
    )
    op.create_table(
        "mailbox_traffic",
        sa.Column("mailbox_id", _ID, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_mailbox_traffic_mailbox_id")),
        sa.PrimaryKeyConstraint("mailbox_id", "hour", name=op.f("pk_mailbox_traffic")),
    )
    op.add_column("mailbox", sa.Column("pinned_to", sa.String(length=120), nullable=True))
    op.add_column("mailbox", sa.Column("connections", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("mailbox", sa.Column("bytes_per_day", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("mailbox", "bytes_per_day")
    op.drop_column("mailbox", "connections")
    op.drop_column("mailbox", "pinned_to")
    op.drop_table("mailbox_traffic")
    op.drop_table("poller")
