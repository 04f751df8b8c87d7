"""A right of those who say who the site is; sessions know when a password was proved; what happened is found by who."""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books', 'anonymise', \
'send_orders', 'resend_mails', 'collect_orders', 'operate', 'set_accounts', 'sell', 'invoice', 'set_partners', \
'set_products', 'set_parties', 'set_rules'{more})"""
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=", 'set_site'")
_INDEXES = {"ix_event_at_id": ["at", "id"], "ix_event_who_at_id": ["who", "at", "id"]}


def upgrade() -> None:
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)
    op.add_column("session", sa.Column("strong_until", sa.BigInteger(), nullable=True))
    for name, columns in _INDEXES.items():
        op.create_index(op.f(name), "event", columns)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(op.f(name), table_name="event")
    op.drop_column("session", "strong_until")
    op.execute("""DELETE FROM user_right WHERE "right" = 'set_site'""")
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
