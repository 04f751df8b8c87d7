"""Rights of those who enter third parties, and of those who choose settings, fees and payment terms; the list of third
parties that were made anonymous.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books', 'anonymise', \
'send_orders', 'resend_mails', 'collect_orders', 'operate', 'set_accounts', 'sell', 'invoice', 'set_partners', \
'set_products'{more})"""
_MORE = "'set_parties', 'set_rules'"
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=f", {_MORE}")


def upgrade() -> None:
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)
    where = sa.text("anonymised_at IS NOT NULL")
    op.create_index("ix_party_anonymous", "party", ["code"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_party_anonymous", "party")
    op.execute(f"""DELETE FROM user_right WHERE "right" IN ({_MORE})""")  # noqa: S608 - our own names
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
