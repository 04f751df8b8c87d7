"""How far the clocks of partners are ahead of ours"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = ("clock_ahead_least", "clock_ahead_most", "clock_noted_at")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("partner", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("partner", name)
