"""Rights of those who sell and invoice, and of those who say whom the site trusts and what it sells."""

from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books', 'anonymise', \
'send_orders', 'resend_mails', 'collect_orders', 'operate', 'set_accounts'{more})"""
_MORE = "'sell', 'invoice', 'set_partners', 'set_products'"
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=f", {_MORE}")


def upgrade() -> None:
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)


def downgrade() -> None:
    op.execute(f"""DELETE FROM user_right WHERE "right" IN ({_MORE})""")  # noqa: S608 - our own names
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
