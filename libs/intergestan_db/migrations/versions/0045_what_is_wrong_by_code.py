"""What is wrong with a mail of ours or a relay, as a code and values beside the English text.

A `diagnosis` counts where its English sentence is the text beside it: who writes another text need not know it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("relay", sa.Column("last_diagnosis", sa.Text(), nullable=True))
    op.add_column("outbound_mail", sa.Column("diagnosis", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbound_mail", "diagnosis")
    op.drop_column("relay", "last_diagnosis")
