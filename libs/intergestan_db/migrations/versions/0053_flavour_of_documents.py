"""For whose software a partner's orders are written."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = sa.CheckConstraint("flavour IN ('peppol', 'oca')", name=op.f("ck_partner_flavour"))
    column = sa.Column("flavour", sa.String(length=8), known, nullable=False, server_default="peppol")
    op.add_column("partner", column)


def downgrade() -> None:
    op.drop_column("partner", "flavour")
