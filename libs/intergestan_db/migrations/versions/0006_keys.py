"""Several keys per partner, pending and revoked ones; a next key of our own; mails about keys"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS, _MORE_KINDS = "kind IN ('orders', 'answers')", "kind IN ('orders', 'answers', 'key')"
_OF_SITE = ("key_until", "next_key_from", "next_key_until")
_OF_KEY = ("known_at", "replaced_from", "revoked_since")


def upgrade() -> None:
    for name in _OF_SITE:
        op.add_column("site", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("site", sa.Column("next_key", sa.String(length=43), nullable=True))
    op.add_column("site", sa.Column("next_public_key", sa.LargeBinary(length=32), nullable=True))
    for name in _OF_KEY:
        op.add_column("partner_key", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("partner_key", sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE partner_key SET known_at = (SELECT created_at FROM partner WHERE partner.id = partner_key.partner_id)"
    )
    replace_check("outbound_mail", "ck_outbound_mail_kind", _KINDS, _MORE_KINDS)
    op.create_table(
        "outbound_key_notice",
        sa.Column("outbound_mail_id", _ID, nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("signed_by", sa.String(length=43), nullable=True),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("signs_from", sa.BigInteger(), nullable=True),
        sa.Column("signs_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "action IN ('announce', 'confirm', 'withdraw')", name=op.f("ck_outbound_key_notice_action")
        ),
        sa.ForeignKeyConstraint(
            ["outbound_mail_id"], ["outbound_mail.id"], name=op.f("fk_outbound_key_notice_outbound_mail_id")
        ),
        sa.PrimaryKeyConstraint("outbound_mail_id", name=op.f("pk_outbound_key_notice")),
    )
    op.create_index(op.f("ix_outbound_key_notice_kid"), "outbound_key_notice", ["kid"])


def downgrade() -> None:
    """Mails about keys go; a pending key must not become one that counts."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY IF EXISTS announced_keys ON partner_key")  # of deploy/postgresql/roles.sql
    op.drop_index(op.f("ix_outbound_key_notice_kid"), table_name="outbound_key_notice")
    op.drop_table("outbound_key_notice")
    for table in ("outbound_body", "delivery_attempt"):
        op.execute(f"DELETE FROM {table} WHERE outbound_mail_id IN (SELECT id FROM outbound_mail WHERE kind = 'key')")
    op.execute("DELETE FROM outbound_mail WHERE kind = 'key'")
    replace_check("outbound_mail", "ck_outbound_mail_kind", _MORE_KINDS, _KINDS)
    op.execute("DELETE FROM partner_key WHERE pending")
    for name in ("pending", *_OF_KEY):
        op.drop_column("partner_key", name)
    for name in ("next_key", "next_public_key", *_OF_SITE):
        op.drop_column("site", name)
