"""What a clock that is set back, or a restore, may not undo: since when our key signs, and what a mail carried

The instant from which partners accept our key stays known when its change is finished: a mail that is dated before it
would be held by every partner. The bytes of a mail that leaves under another number after a restore stay: it leaves
with the same documents, whatever became of the orders since.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.frozen import freeze_columns

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_TOLD = "SELECT max(n.signs_from) FROM outbound_key_notice n WHERE n.kid = site.key_fingerprint"


def upgrade() -> None:
    op.add_column("site", sa.Column("key_from", sa.BigInteger(), nullable=True))
    op.execute(f"UPDATE site SET key_from = ({_TOLD})")  # noqa: S608 - our own names
    op.create_table(
        "former_body",
        sa.Column("outbound_mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mime", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbound_mail_id"], ["outbound_mail.id"], name=op.f("fk_former_body_outbound_mail_id")
        ),
        sa.PrimaryKeyConstraint("outbound_mail_id", name=op.f("pk_former_body")),
    )
    freeze_columns("former_body", ("outbound_mail_id", "mime"))


def downgrade() -> None:
    op.drop_table("former_body")
    op.drop_column("site", "key_from")
