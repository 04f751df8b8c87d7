"""POP3 mailboxes by UIDL, and OAuth2 grants"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "oauth_grant",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("login", sa.String(length=254), nullable=False),
        sa.Column("token_endpoint", sa.Text(), nullable=False),
        sa.Column("device_endpoint", sa.Text(), nullable=True),
        sa.Column("authorization_endpoint", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=254), nullable=False),
        sa.Column("client_secret", sa.String(length=120), nullable=True),
        sa.Column("ca_file", sa.Text(), nullable=True),
        sa.Column("sealed_refresh", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_access", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
        sa.UniqueConstraint("provider", "login", name=op.f("uq_oauth_grant_provider_login")),
    )
    # Not by alembic's batches: SQLite would copy a table that other tables refer to, and refuse.
    type_of_id = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table in ("mailbox", "relay"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN oauth_grant_id {type_of_id} "
            f"CONSTRAINT fk_{table}_oauth_grant_id REFERENCES oauth_grant (id)"
        )
    op.create_table(
        "mailbox_uidl",
        sa.Column("mailbox_id", _ID, nullable=False),
        sa.Column("uidl", sa.String(length=70), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("inbound_mail_id", _ID, nullable=True),
        sa.Column("poll_run_id", _ID, nullable=True),
        sa.Column("note", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(["inbound_mail_id"], ["inbound_mail.id"], name=op.f("fk_mailbox_uidl_inbound_mail_id")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_mailbox_uidl_mailbox_id")),
        sa.ForeignKeyConstraint(["poll_run_id"], ["poll_run.id"], name=op.f("fk_mailbox_uidl_poll_run_id")),
        sa.PrimaryKeyConstraint("mailbox_id", "uidl", "ordinal", "size", name=op.f("pk_mailbox_uidl")),
    )
    op.create_index(op.f("ix_mailbox_uidl_inbound_mail_id"), "mailbox_uidl", ["inbound_mail_id"])
    op.create_index(op.f("ix_mailbox_uidl_poll_run_id"), "mailbox_uidl", ["poll_run_id"])


def downgrade() -> None:
    op.drop_table("mailbox_uidl")
    for table in ("mailbox", "relay"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("oauth_grant_id")
    op.drop_table("oauth_grant")
