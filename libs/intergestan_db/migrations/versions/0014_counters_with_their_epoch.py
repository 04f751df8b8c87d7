"""Counters with their epoch: answers, changes and what partners say of our numbers; the mark that never goes back"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = (
    *(("purchase_order", name) for name in ("answer_epoch", "lines_epoch", "supplier_number_epoch")),
    ("purchase_order_line", "settled_epoch"),
    ("purchase_order_change", "answer_epoch"),
    *(("partner", name) for name in ("told_epoch", "told_seq", "told_got_epoch", "told_got_seq")),
    ("partner_statement", "epoch"),
)
_KEY = ("partner_id", "type", "number", "revision")
_NEW_KEY = ("partner_id", "type", "number", "epoch", "revision")


def upgrade() -> None:
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("told_at", "told_since"):
        op.add_column("partner", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "high_water",
        sa.Column("id", _ID, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_high_water")),
    )
    op.execute("INSERT INTO high_water (id, n) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        _copy_ledger("epoch", "(SELECT t.epoch FROM inbound_transfer t WHERE t.id = ledger.inbound_transfer_id)", _NEW_KEY)
    else:
        op.add_column("ledger", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
        op.execute(
            "UPDATE ledger SET epoch = t.epoch FROM inbound_transfer t WHERE t.id = ledger.inbound_transfer_id"
        )
        op.drop_constraint(_name(_KEY), "ledger", type_="unique")
        op.create_unique_constraint(_name(_NEW_KEY), "ledger", list(_NEW_KEY))
    _fill("purchase_order", "answer_epoch", "answer_n")
    _fill("purchase_order", "lines_epoch", "lines_n")
    _fill("purchase_order_line", "settled_epoch", "settled_n")
    _fill("purchase_order_change", "answer_epoch", "answer_n")
    op.execute("UPDATE purchase_order SET supplier_number_epoch = answer_epoch WHERE supplier_order_number IS NOT NULL")


def downgrade() -> None:
    """Of what was given twice in two epochs, the newer stays."""
    same = " AND ".join(f"newer.{name} = ledger.{name}" for name in _KEY)
    op.execute(f"DELETE FROM ledger WHERE EXISTS (SELECT 1 FROM ledger newer WHERE {same} AND newer.epoch > ledger.epoch)")
    if op.get_bind().dialect.name == "sqlite":
        _copy_ledger(None, None, _KEY)
    else:
        op.drop_constraint(_name(_NEW_KEY), "ledger", type_="unique")
        op.create_unique_constraint(_name(_KEY), "ledger", list(_KEY))
        op.drop_column("ledger", "epoch")
    op.drop_table("high_water")
    for name in ("told_since", "told_at"):
        op.drop_column("partner", name)
    for table, name in reversed(_COLUMNS):
        op.drop_column(table, name)


def _name(key: tuple[str, ...]) -> str:
    return "_".join(("uq_ledger", *key))


def _fill(table: str, column: str, n: str) -> None:
    """The epoch of the answer of that n to the order, as the ledger has it."""
    order = "id" if table == "purchase_order" else "purchase_order_id"
    op.execute(
        f"UPDATE {table} SET {column} = COALESCE((SELECT MAX(l.epoch) FROM purchase_order o"
        " JOIN partner p ON p.party_id = o.supplier_id"
        " JOIN ledger l ON l.partner_id = p.id AND l.type = 'response' AND l.number = o.number"
        f" WHERE o.id = {table}.{order} AND l.revision = {table}.{n}), 0) WHERE {n} > 0"
    )


def _copy_ledger(added: str | None, value: str | None, key: tuple[str, ...]) -> None:
    """SQLite cannot alter a UNIQUE constraint; nothing refers to the ledger, so it may be copied."""
    names = [
        *("id", "partner_id", "type", "number", "revision", "inbound_transfer_id", "business_hash", "outcome"),
        *("sales_order_id", "waived", "created_at", "updated_at"),
    ]
    op.create_table(
        "ledger_copy",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        *([sa.Column(added, sa.BigInteger(), nullable=False)] if added else []),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("inbound_transfer_id", _ID, nullable=False),
        sa.Column("business_hash", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("sales_order_id", _ID, nullable=True),
        sa.Column("waived", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('created', 'held', 'rejected', 'waiting', 'applied')", name=op.f("ck_ledger_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["inbound_transfer_id"], ["inbound_transfer.id"], name=op.f("fk_ledger_inbound_transfer_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_ledger_partner_id")),
        sa.ForeignKeyConstraint(["sales_order_id"], ["sales_order.id"], name=op.f("fk_ledger_sales_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint(*key, name=op.f(_name(key))),
    )
    columns = ", ".join(names)
    more, values = (f", {added}", f", {value}") if added else ("", "")
    op.execute(f"INSERT INTO ledger_copy ({columns}{more}) SELECT {columns}{values} FROM ledger")
    op.drop_table("ledger")
    op.rename_table("ledger_copy", "ledger")
    op.create_index("ix_ledger_inbound_transfer_id", "ledger", ["inbound_transfer_id"])
    op.create_index("ix_ledger_sales_order_id", "ledger", ["sales_order_id"])
    waiting = sa.text("outcome = 'waiting'")
    op.create_index("ix_ledger_waiting", "ledger", ["id"], sqlite_where=waiting, postgresql_where=waiting)
