"""Mails that go beyond the budget of a partner are found among those alone."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_NAME = "ix_inbound_mail_budget"


def upgrade() -> None:
    where = sa.text("budget IS NOT NULL")
    op.create_index(_NAME, "inbound_mail", ["partner_id", "budget"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(_NAME, "inbound_mail")
