"""Statements, and the pause of booking after a restore"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = "kind IN ('orders', 'answers', 'key', 'heartbeat')"
_MORE_KINDS = "kind IN ('orders', 'answers', 'key', 'heartbeat', 'statement')"


def upgrade() -> None:
    replace_check("outbound_mail", "ck_outbound_mail_kind", _KINDS, _MORE_KINDS)
    op.add_column("partner", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    for name in ("epoch", "seq", "paused_at"):
        op.add_column("inbound_mail", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_inbound_mail_partner_id_epoch_seq"), "inbound_mail", ["partner_id", "epoch", "seq"])
    op.create_table(
        "outbound_statement",
        sa.Column("outbound_mail_id", _ID, nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbound_mail_id"], ["outbound_mail.id"], name=op.f("fk_outbound_statement_outbound_mail_id")
        ),
        sa.PrimaryKeyConstraint("outbound_mail_id", name=op.f("pk_outbound_statement")),
    )
    op.create_table(
        "partner_statement",
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("transfer_id", sa.String(length=36), nullable=False),
        sa.Column("composed_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("known", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_statement_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partner_statement")),
    )
    op.create_table(
        "missing_number",
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_missing_number_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "epoch", "seq", name=op.f("pk_missing_number")),
    )


def downgrade() -> None:
    """Statements of ours go; mails that were paused are taken in."""
    for table in ("missing_number", "partner_statement", "outbound_statement"):
        op.drop_table(table)
    op.drop_index(op.f("ix_inbound_mail_partner_id_epoch_seq"), table_name="inbound_mail")
    for name in ("paused_at", "seq", "epoch"):
        op.drop_column("inbound_mail", name)
    op.drop_column("partner", "paused_at")
    ours = "SELECT id FROM outbound_mail WHERE kind = 'statement'"
    for table in ("outbound_body", "delivery_attempt"):
        op.execute(f"DELETE FROM {table} WHERE outbound_mail_id IN ({ours})")
    op.execute(f"UPDATE delivery_report SET outbound_mail_id = NULL WHERE outbound_mail_id IN ({ours})")
    op.execute("DELETE FROM outbound_mail WHERE kind = 'statement'")
    replace_check("outbound_mail", "ck_outbound_mail_kind", _MORE_KINDS, _KINDS)
