"""Purge of mailboxes"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_VERDICTS = (
    *("remove", "removing", "removed", "young", "alien", "new", "too_big", "archived", "held", "refused"),
    *("unanswered", "missing", "altered", "differs", "gone", "stayed"),
)


def upgrade() -> None:
    op.create_table(
        "purge_run",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", _ID, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("archived_before", sa.BigInteger(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_purge_run_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_run")),
    )
    op.create_index(op.f("ix_purge_run_mailbox_id"), "purge_run", ["mailbox_id"])
    op.create_table(
        "purge_mail",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("purge_run_id", _ID, nullable=False),
        sa.Column("handle", sa.String(length=100), nullable=False),
        sa.Column("inbound_mail_id", _ID, nullable=True),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.CheckConstraint(f"verdict IN {_VERDICTS!r}", name=op.f("ck_purge_mail_verdict")),
        sa.ForeignKeyConstraint(["inbound_mail_id"], ["inbound_mail.id"], name=op.f("fk_purge_mail_inbound_mail_id")),
        sa.ForeignKeyConstraint(["purge_run_id"], ["purge_run.id"], name=op.f("fk_purge_mail_purge_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_mail")),
    )
    op.create_index(op.f("ix_purge_mail_purge_run_id"), "purge_mail", ["purge_run_id"])


def downgrade() -> None:
    op.drop_table("purge_mail")
    op.drop_table("purge_run")
