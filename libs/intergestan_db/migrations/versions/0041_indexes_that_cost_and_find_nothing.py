"""Indexes that every order and mail paid for and no search needs: of no category, and of what a longer one begins with."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_ORDERS = ("purchase_order", "sales_order")
_MAILS = "ix_inbound_mail_partner_id"


def upgrade() -> None:
    where = sa.text("category_id IS NOT NULL")
    for table in _ORDERS:
        _drop_of_categories(table)
        op.create_index(_name(table), table, ["category_id"], sqlite_where=where, postgresql_where=where)
    op.drop_index(op.f(_MAILS), "inbound_mail")


def downgrade() -> None:
    op.create_index(op.f(_MAILS), "inbound_mail", ["partner_id"])
    for table in _ORDERS:
        _drop_of_categories(table)
        op.create_index(_name(table), table, ["category_id"])


def _drop_of_categories(table: str) -> None:
    op.drop_index(_name(table), table)


def _name(table: str) -> str:
    return op.f(f"ix_{table}_category_id")
