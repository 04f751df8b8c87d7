"""Mails that nobody vouches for stand apart, and what one partner may make a site do is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BUDGETS = "'statements', 'repeats', 'heartbeats', 'announcements', 'missing_numbers'"
_UNPROVEN = "ix_inbound_mail_unproven"


def upgrade() -> None:
    for name in ("is_signed", "unproven"):
        op.add_column("inbound_mail", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("inbound_mail", sa.Column("budget", sa.String(20), nullable=True))
    op.add_column("told_hold", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE inbound_mail SET unproven = true WHERE partner_id IS NULL AND "
        "(state = 'alien' OR (state = 'held' AND reason <> 'archive'))"
    )
    where = sa.text("unproven AND size > 0")
    op.create_index(_UNPROVEN, "inbound_mail", ["archived_at", "size"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "partner_budget",
        sa.Column("partner_id", _ID, autoincrement=False, nullable=False),
        sa.Column("budget", sa.String(20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("released_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"budget IN ({_BUDGETS})", name=op.f("ck_partner_budget_budget")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_budget_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "budget", name=op.f("pk_partner_budget")),
    )


def downgrade() -> None:
    op.drop_table("partner_budget")
    op.drop_index(_UNPROVEN, "inbound_mail")
    op.drop_column("told_hold", "told_at")
    for name in ("budget", "unproven", "is_signed"):
        op.drop_column("inbound_mail", name)
