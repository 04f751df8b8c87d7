"""A *Relever* of several mailboxes is found again as one, with the mails that were under way when it was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("poll_run", sa.Column("first_id", sa.BigInteger(), nullable=True))
    op.add_column("poll_run", sa.Column("under_way", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(op.f("ix_poll_run_first_id"), "poll_run", ["first_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_poll_run_first_id"), "poll_run")
    for column in ("under_way", "first_id"):
        op.drop_column("poll_run", column)
