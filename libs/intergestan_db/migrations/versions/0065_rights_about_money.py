"""Rights of those who enter what customers pay, and of those who take invoices back."""

from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books', 'anonymise', \
'send_orders', 'resend_mails', 'collect_orders', 'operate', 'set_accounts', 'sell', 'invoice'{more}, 'set_partners', \
'set_products', 'set_parties', 'set_rules', 'set_site')"""
_MORE = "'take_payments', 'credit_note'"
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=f", {_MORE}")


def upgrade() -> None:
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)


def downgrade() -> None:
    op.execute(f"""DELETE FROM user_right WHERE "right" IN ({_MORE})""")  # noqa: S608 - our own names
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
