"""Heartbeats, what a partner's release takes in, traces"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS, _MORE_KINDS = "kind IN ('orders', 'answers', 'key')", "kind IN ('orders', 'answers', 'key', 'heartbeat')"
_FLAGS = (("mailbox", "keeps_heartbeats"), ("inbound_mail", "is_heartbeat"), ("purge_run", "heartbeats_only"))
_TRACED = ("outbound_mail", "inbound_mail")
_INSTANTS = ("takes_at", "heartbeat_at", "heartbeat_returned_at")


def upgrade() -> None:
    for table, name in _FLAGS:
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in _INSTANTS:
        op.add_column("partner", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("partner", sa.Column("takes", sa.String(length=200), nullable=False, server_default=""))
    for table in _TRACED:
        op.add_column(table, sa.Column("trace_parent", sa.String(length=55), nullable=True))
    policy = sa.CheckConstraint("heartbeat IN ('auto', 'on', 'off')", name=op.f("ck_partner_heartbeat"))
    column = sa.Column("heartbeat", sa.String(length=4), policy, nullable=False, server_default="auto")
    op.add_column("partner", column)
    replace_check("outbound_mail", "ck_outbound_mail_kind", _KINDS, _MORE_KINDS)
    op.create_table(
        "heartbeat",
        sa.Column("outbound_mail_id", _ID, nullable=False),
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("echoes", sa.String(length=36), nullable=True),
        sa.Column("echoes_digest", sa.String(length=64), nullable=True),
        sa.Column("echoes_message_id", sa.String(length=320), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.CheckConstraint("outcome IN ('on_time', 'late', 'lost')", name=op.f("ck_heartbeat_outcome")),
        sa.ForeignKeyConstraint(["outbound_mail_id"], ["outbound_mail.id"], name=op.f("fk_heartbeat_outbound_mail_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_heartbeat_partner_id")),
        sa.PrimaryKeyConstraint("outbound_mail_id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("partner_id", "echoes", name=op.f("uq_heartbeat_partner_id_echoes")),
    )


def downgrade() -> None:
    """Heartbeats go."""
    op.drop_table("heartbeat")
    ours = "(SELECT id FROM outbound_mail WHERE kind = 'heartbeat')"
    op.execute(f"UPDATE delivery_report SET outbound_mail_id = NULL WHERE outbound_mail_id IN {ours}")
    for table in ("outbound_body", "delivery_attempt"):
        op.execute(f"DELETE FROM {table} WHERE outbound_mail_id IN {ours}")
    op.execute("DELETE FROM outbound_mail WHERE kind = 'heartbeat'")
    replace_check("outbound_mail", "ck_outbound_mail_kind", _MORE_KINDS, _KINDS)
    for name in ("heartbeat", "takes", *_INSTANTS):
        op.drop_column("partner", name)
    for table, name in _FLAGS:
        op.drop_column(table, name)
    for table in _TRACED:
        op.drop_column(table, "trace_parent")
