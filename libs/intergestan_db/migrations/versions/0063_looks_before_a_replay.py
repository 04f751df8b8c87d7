"""What taking archived mails in again would change, looked at before it is done."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "replay_run",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(80), nullable=False),
        sa.Column("shas", sa.JSON(), nullable=False),
        sa.Column("mailbox_id", _ID, nullable=True),
        sa.Column("partner_id", _ID, nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("after_at", sa.BigInteger(), nullable=True),
        sa.Column("after_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=True),
        sa.Column("given_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_replay_run_mailbox_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_replay_run_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_run")),
    )
    op.create_index(op.f("ix_replay_run_ended_at"), "replay_run", ["ended_at"])
    op.create_table(
        "replay_mail",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("replay_run_id", _ID, nullable=False),
        sa.Column("inbound_mail_id", _ID, nullable=False),
        sa.Column("was_state", sa.String(10), nullable=False),
        sa.Column("was_reason", sa.String(30), nullable=True),
        sa.Column("then_state", sa.String(10), nullable=False),
        sa.Column("then_reason", sa.String(30), nullable=True),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["replay_run_id"], ["replay_run.id"], name=op.f("fk_replay_mail_replay_run_id")),
        sa.ForeignKeyConstraint(
            ["inbound_mail_id"],
            ["inbound_mail.id"],
            name=op.f("fk_replay_mail_inbound_mail_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_mail")),
        sa.UniqueConstraint("replay_run_id", "inbound_mail_id", name=op.f("uq_replay_mail_replay_run_id_inbound_mail_id")),
    )
    op.create_index(op.f("ix_replay_mail_inbound_mail_id"), "replay_mail", ["inbound_mail_id"])


def downgrade() -> None:
    op.drop_table("replay_mail")
    op.drop_table("replay_run")
