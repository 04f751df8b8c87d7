"""What the document of a sales order says beside the columns: its type, the buyer's references, what was not taken"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sales_order", sa.Column("carried", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("sales_order", "carried")
