"""What a supplier's name of a product means, for lines that have neither code nor GTIN."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "product_name",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("party_id", _ID, nullable=False),
        sa.Column("name_key", sa.String(400), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_product_name_party_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_name_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_name")),
        sa.UniqueConstraint("party_id", "name_key", name=op.f("uq_product_name_party_id_name_key")),
    )


def downgrade() -> None:
    op.drop_table("product_name")
