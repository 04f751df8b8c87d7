"""An index of the picking slips that wait, whatever their depot: their list began with all that were ever delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("state NOT IN ('expired', 'cancelled')")
    op.create_index("ix_picking_slip_waiting", "picking_slip", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_picking_slip_waiting", "picking_slip")
