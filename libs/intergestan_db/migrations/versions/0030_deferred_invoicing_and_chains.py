"""Runs of deferred invoicing, and documents that are chained to each other (A20, A25 to A31, D39, D54).

Customers get an invoice for each delivery note, as before. Documents that are there keep no chain and no identity:
chains begin with the first that is made from now on.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.frozen import thawed

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SEALED = ("invoice", "credit_note")
_KINDS = "'customer', 'agency', 'internal'"


def upgrade() -> None:
    op.create_table(
        "invoice_run",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("establishment_id", _ID, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("invoices", "notes")),
        sa.ForeignKeyConstraint(
            ["establishment_id"], ["establishment.id"], name=op.f("fk_invoice_run_establishment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run")),
    )
    op.execute(
        "ALTER TABLE party ADD COLUMN invoice_grouping VARCHAR(8) NOT NULL DEFAULT 'note'"
        " CONSTRAINT ck_party_invoice_grouping CHECK (invoice_grouping IN ('note', 'customer'))"
    )
    op.create_index(op.f("ix_delivery_note_issue_date"), "delivery_note", ["issue_date"])
    with thawed(*_SEALED):
        for table in _SEALED:
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN kind VARCHAR(8) NOT NULL DEFAULT 'customer'"
                f" CONSTRAINT ck_{table}_kind CHECK (kind IN ({_KINDS}))"
            )
            op.add_column(table, sa.Column("chain", sa.String(64), nullable=True))
            op.add_column(table, sa.Column("identity", sa.JSON(), nullable=True))
            op.create_index(op.f(f"ix_{table}_accounting_folder_id_id"), table, ["accounting_folder_id", "id"])
        key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
        op.execute(
            f"ALTER TABLE invoice ADD COLUMN invoice_run_id {key}"
            " CONSTRAINT fk_invoice_invoice_run_id REFERENCES invoice_run (id)"
        )
    op.execute(
        "INSERT INTO number_series (code, prefix, next_number)"
        " SELECT 'internal', 'FI', 1 FROM number_series WHERE code = 'invoice'"
    )
    for code, prefix in (("invoice", "FA"), ("internal", "FI"), ("credit_note", "AV")):
        op.execute(
            "INSERT INTO number_series (code, prefix, next_number)"  # noqa: S608 - our own names
            f" SELECT '{code}:' || number, '{prefix}' || number || '-', 1 FROM accounting_folder WHERE number <> 1"
        )


def downgrade() -> None:
    """Chains and who was billed are forgotten; the documents stay."""
    op.execute("DELETE FROM number_series WHERE code = 'internal' OR code LIKE '%:%'")
    with thawed(*_SEALED):
        op.drop_column("invoice", "invoice_run_id")
        for table in _SEALED:
            op.drop_index(op.f(f"ix_{table}_accounting_folder_id_id"), table)
            for column in ("identity", "chain", "kind"):
                op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.drop_index(op.f("ix_delivery_note_issue_date"), "delivery_note")
    op.drop_column("party", "invoice_grouping")
    op.drop_table("invoice_run")
