"""What a partner states of lines and we did not book: what their next change may start from"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger", sa.Column("stated", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("ledger", "stated")
