"""An index of what may lie below nothing, of which it is counted again and again whether its depot allows it."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_NAME = "ix_stock_negative_ok"


def upgrade() -> None:
    where = sa.text("negative_ok")
    op.create_index(_NAME, "stock", ["depot_id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(_NAME, "stock")
