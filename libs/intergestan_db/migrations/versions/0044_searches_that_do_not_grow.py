"""Indexes for what is searched all day, so that it costs the same in a database of years."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_PLAIN = (
    ("hold", ("partner_id", "number")),
    ("outbound_mail", ("partner_id", "sent_at")),
    ("inbound_transfer", ("partner_id", "received_at")),
    ("outbound_order", ("purchase_order_id",)),
    ("purchase_order", ("supplier_order_number",)),
)
_SOME = (
    ("ix_inbound_mail_heartbeats", "inbound_mail", ("state", "archived_at"), "is_heartbeat"),
    ("ix_outbound_mail_statements", "outbound_mail", ("partner_id", "requested_at"), "kind = 'statement'"),
)
"""Of the few rows that are meant."""


def upgrade() -> None:
    for table, columns in _PLAIN:
        op.create_index(_name(table, columns), table, columns)
    for name, table, columns, condition in _SOME:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, _columns, _condition in _SOME:
        op.drop_index(name, table)
    for table, columns in _PLAIN:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
