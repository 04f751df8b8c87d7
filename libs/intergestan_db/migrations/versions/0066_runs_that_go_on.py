"""What a run of deferred invoicing was asked to make, so that one that was interrupted goes on with just that."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

_OF = {"customer_id": "party", "category_id": "category"}
_COUNTS = ("planned", "planned_notes", "refused")


def upgrade() -> None:
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for name, of in _OF.items():
        op.execute(
            f"ALTER TABLE invoice_run ADD COLUMN {name} {key}"
            f" CONSTRAINT fk_invoice_run_{name} REFERENCES {of} (id)"
        )
    op.add_column("invoice_run", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("invoice_run", sa.Column("left_out", sa.JSON(), nullable=True))
    op.add_column("invoice_run", sa.Column("newest_note_id", sa.BigInteger(), nullable=True))
    for name in _COUNTS:
        op.add_column("invoice_run", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("worked_at", "ended_at"):
        op.add_column("invoice_run", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_invoice_invoice_run_id"), "invoice", ["invoice_run_id"])
    op.execute("UPDATE invoice_run SET planned = invoices, planned_notes = notes, worked_at = at, ended_at = at")


def downgrade() -> None:
    """An interrupted run is simply made anew."""
    op.drop_index(op.f("ix_invoice_invoice_run_id"), "invoice")
    for name in ("ended_at", "worked_at", *_COUNTS, "newest_note_id", "left_out", "day", *_OF):
        op.execute(f"ALTER TABLE invoice_run DROP COLUMN {name}")
