"""What people prove beside their password: a sealed secret, the last step that counted, codes that were written down."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("totp_sealed", sa.Text(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("recovery", sa.JSON(), nullable=True),
    ):
        op.add_column("user", column)


def downgrade() -> None:
    for column in ("recovery", "totp_step", "totp_sealed"):
        op.drop_column("user", column)
