"""Forms of the console are carried out once, and what they did is told; rights of those who send and collect."""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books', 'anonymise'{more})"""
_MORE = "'send_orders', 'resend_mails', 'collect_orders', 'operate', 'set_accounts'"
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=f", {_MORE}")


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("user_id", _ID, nullable=False, autoincrement=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_idempotency_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency")),
    )
    op.add_column("session", sa.Column("told", sa.JSON(none_as_null=True), nullable=True))
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)


def downgrade() -> None:
    op.execute(f"""DELETE FROM user_right WHERE "right" IN ({_MORE})""")  # noqa: S608 - our own names
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
    op.drop_column("session", "told")
    op.drop_table("idempotency")
