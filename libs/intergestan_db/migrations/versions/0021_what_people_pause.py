"""What a person pauses or takes out of use: partners and mailboxes"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_WHY = ("rests_since", "rests_reason", "rests_by")


def upgrade() -> None:
    op.add_column("partner", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    what = sa.CheckConstraint("rests IN ('sending', 'booking', 'both')", name=op.f("ck_partner_rests"))
    op.add_column("partner", sa.Column("rests", sa.String(length=10), what, nullable=True))
    for table in ("partner", "mailbox"):
        op.add_column(table, sa.Column("rests_since", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("rests_reason", sa.String(length=200), nullable=True))
        op.add_column(table, sa.Column("rests_by", sa.String(length=80), nullable=True))


def downgrade() -> None:
    for table in ("mailbox", "partner"):
        for name in reversed(_WHY):
            op.drop_column(table, name)
    for name in ("rests", "active"):
        op.drop_column("partner", name)
