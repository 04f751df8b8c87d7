"""In which transaction an event was written: PostgreSQL gives ids before the commit, so ids alone tell no order."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("xid", sa.BigInteger(), server_default="0", nullable=False))
    if op.get_bind().dialect.name == "postgresql":  # those that are there keep 0, and no row is written anew
        op.execute("ALTER TABLE event ALTER COLUMN xid SET DEFAULT pg_current_xact_id()::text::bigint")
    op.create_index(
        "ix_event_xid_id",
        "event",
        ["xid", "id"],
        sqlite_where=sa.text("xid > 0"),
        postgresql_where=sa.text("xid > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_xid_id", "event")
    op.drop_column("event", "xid")
