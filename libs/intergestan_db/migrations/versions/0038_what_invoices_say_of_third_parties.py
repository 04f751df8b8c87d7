"""What invoices will say of third parties (SIREN, mail address, their reference), and since when each is known."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, Any] = {
    "siren": sa.String(9),
    "invoice_email": sa.String(254),
    "buyer_reference": sa.String(60),
    "created_at": sa.BigInteger(),
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("party", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("party", name)
