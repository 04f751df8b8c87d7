"""How often heartbeats are planned, here and at partners; how many mails a relay takes in a day"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

_SPANS = ("heartbeat_planned", "heartbeat_told")


def upgrade() -> None:
    for name in _SPANS:
        op.add_column("partner", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("relay", sa.Column("mails_per_day", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("relay", "mails_per_day")
    for name in reversed(_SPANS):
        op.drop_column("partner", name)
