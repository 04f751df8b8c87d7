"""How the order files of a supplier or of a watched folder are written."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file_layout",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("party_id", _ID, nullable=True),
        sa.Column("folder", sa.String(500), nullable=True),
        sa.Column("encoding", sa.String(20), nullable=True),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_file_layout_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_layout")),
        sa.UniqueConstraint("folder", name=op.f("uq_file_layout_folder")),
        sa.UniqueConstraint("party_id", name=op.f("uq_file_layout_party_id")),
    )


def downgrade() -> None:
    op.drop_table("file_layout")
