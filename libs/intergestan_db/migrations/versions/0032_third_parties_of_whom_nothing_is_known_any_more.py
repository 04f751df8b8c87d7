"""Third parties of whom nothing personal is known any more, and who may see to that (D34)."""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit', 'keep_books', 'close_books'{more})"""
_BEFORE, _NOW = _RIGHTS.format(more=""), _RIGHTS.format(more=", 'anonymise'")


def upgrade() -> None:
    op.add_column("party", sa.Column("anonymised_at", sa.BigInteger(), nullable=True))
    replace_check("user_right", "ck_user_right_right", _BEFORE, _NOW)


def downgrade() -> None:
    op.execute("""DELETE FROM user_right WHERE "right" = 'anonymise'""")
    replace_check("user_right", "ck_user_right_right", _NOW, _BEFORE)
    op.drop_column("party", "anonymised_at")
