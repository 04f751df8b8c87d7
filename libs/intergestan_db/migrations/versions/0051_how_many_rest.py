"""How many orders and mails of long ago rest in each state is counted once an hour, not with each `status`."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_SUBJECTS = ("purchase_order", "sales_order", "outbound_mail", "inbound_mail")


def upgrade() -> None:
    made = op.create_table(
        "resting_count",
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_resting_count")),
    )
    nothing = {"up_to": 0, "counted_at": 0, "counts": {}}
    op.bulk_insert(made, [{"subject": subject} | nothing for subject in _SUBJECTS])


def downgrade() -> None:
    op.drop_table("resting_count")
