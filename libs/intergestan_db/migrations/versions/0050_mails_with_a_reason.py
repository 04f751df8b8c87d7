"""A statement looks for mails of a partner that contradict others among those that anything is wrong with."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_NAME = "ix_inbound_mail_reasons"


def upgrade() -> None:
    where = sa.text("reason IS NOT NULL")
    op.create_index(
        _NAME, "inbound_mail", ["partner_id", "reason"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index(_NAME, "inbound_mail")
