"""Picking slips and returns, with their series of numbers BP and RT, and what cards say of slips (A20 to A22, A38, D44).

No card says anything, so that the dossier's rules count as before. Delivery notes that are there came from no slip.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.frozen import freeze_once, freeze_rows

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PLACE = {"name": 200, "line1": 200, "line2": 200, "postcode": 20, "city": 100, "country": 2}
_STATES = "'generated', 'entered', 'ready', 'expired', 'error', 'cancelled'"
_FAULTS = (
    "'order_state', 'credit', 'line_gone', 'delivered', 'not_reserved', 'not_in_stock', 'depot_closed', 'nothing'"
)
_CARDS = ("party", "address", "sales_order")


def upgrade() -> None:
    op.create_table(
        "picking_slip",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        *(sa.Column(f"delivery_{name}", sa.String(length), nullable=True) for name, length in _PLACE.items()),
        *(sa.Column(name, _ID, nullable=False) for name in ("depot_id", "establishment_id", "sales_order_id")),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.String(12), nullable=True),
        sa.Column("fault_values", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("delivery_note_id", _ID, nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_picking_slip_state")),
        sa.CheckConstraint(f"fault IN ({_FAULTS})", name=op.f("ck_picking_slip_fault")),
        sa.CheckConstraint("(state = 'error') = (fault IS NOT NULL)", name=op.f("ck_picking_slip_fault_of_error")),
        sa.CheckConstraint(
            "(state = 'expired') = (delivery_note_id IS NOT NULL)", name=op.f("ck_picking_slip_note_of_expired")
        ),
        *_references(
            "picking_slip",
            depot_id="depot",
            establishment_id="establishment",
            sales_order_id="sales_order",
            customer_id="party",
            delivery_note_id="delivery_note",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picking_slip")),
        sa.UniqueConstraint("number", name=op.f("uq_picking_slip_number")),
    )
    for name in ("sales_order_id", "delivery_note_id"):
        op.create_index(op.f(f"ix_picking_slip_{name}"), "picking_slip", [name])
    _index_where("ix_picking_slip_open", "picking_slip", "state NOT IN ('expired', 'cancelled')", "depot_id", "id")
    op.create_table(
        "picking_slip_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("slip_id", _ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sales_order_line_id", _ID, nullable=True),
        sa.Column("allocation_id", _ID, nullable=True),
        sa.Column("proposed", sa.BigInteger(), nullable=False),
        sa.Column("prepared", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("proposed > 0", name=op.f("ck_picking_slip_line_proposed")),
        sa.CheckConstraint("prepared >= 0 AND prepared <= proposed", name=op.f("ck_picking_slip_line_prepared")),
        *_references("picking_slip_line", slip_id="picking_slip"),
        *_references(
            "picking_slip_line", ondelete="SET NULL", sales_order_line_id="sales_order_line", allocation_id="allocation"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picking_slip_line")),
        sa.UniqueConstraint("slip_id", "position", name=op.f("uq_picking_slip_line_slip_id_position")),
        sa.UniqueConstraint("allocation_id", "slip_id", name=op.f("uq_picking_slip_line_allocation_id_slip_id")),
    )
    op.create_index(op.f("ix_picking_slip_line_sales_order_line_id"), "picking_slip_line", ["sales_order_line_id"])
    _add_key("reservation", "picking_slip_line_id", "picking_slip_line")
    _index_where("ix_reservation_on_slip", "reservation", "picking_slip_line_id IS NOT NULL", "picking_slip_line_id")
    _add_key("delivery_note_line", "picking_slip_line_id", "picking_slip_line")
    _index_where(
        "uq_delivery_note_line_picking_slip_line_id",
        "delivery_note_line",
        "picking_slip_line_id IS NOT NULL",
        "picking_slip_line_id",
        unique=True,
    )
    _make_returns()
    for table in _CARDS:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN incomplete VARCHAR(4)"
            f" CONSTRAINT ck_{table}_incomplete CHECK (incomplete IN ('pick', 'wait'))"
        )
    op.execute(
        "ALTER TABLE party ADD COLUMN picking_mode VARCHAR(4)"
        " CONSTRAINT ck_party_picking_mode CHECK (picking_mode IN ('slip', 'none'))"
    )
    op.add_column("party", sa.Column("group_slips", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add_key("sales_order", "address_id", "address", " ON DELETE SET NULL")
    for series, prefix in (("picking_slip", "BP"), ("goods_return", "RT")):
        op.execute(
            f"INSERT INTO number_series (code, prefix, next_number) SELECT '{series}', '{prefix}', 1 FROM site"  # noqa: S608 - our own names
        )


def downgrade() -> None:
    """Slips and returns are forgotten; what they moved stays moved."""
    op.execute("DELETE FROM number_series WHERE code IN ('picking_slip', 'goods_return')")
    for table, name in (("sales_order", "address_id"), ("party", "group_slips"), ("party", "picking_mode")):
        _drop_column(table, name)
    for table in _CARDS:
        _drop_column(table, "incomplete")
    for table in ("goods_return_line", "goods_return"):
        op.drop_table(table)
    op.drop_index("uq_delivery_note_line_picking_slip_line_id", "delivery_note_line")
    op.drop_index("ix_reservation_on_slip", "reservation")
    for table in ("delivery_note_line", "reservation"):
        _drop_column(table, "picking_slip_line_id")
    for table in ("picking_slip_line", "picking_slip"):
        op.drop_table(table)


def _make_returns() -> None:
    op.create_table(
        "goods_return",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("delivery_note_id", "depot_id", "establishment_id")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        *_references(
            "goods_return", delivery_note_id="delivery_note", depot_id="depot", establishment_id="establishment"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_return_number")),
    )
    op.create_index(op.f("ix_goods_return_delivery_note_id"), "goods_return", ["delivery_note_id"])
    op.create_table(
        "goods_return_line",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in ("goods_return_id", "delivery_note_line_id")),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        *(sa.Column(name, _ID, nullable=True) for name in ("invoice_line_id", "credit_note_line_id")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_goods_return_line_quantity")),
        sa.CheckConstraint(
            "credit_note_line_id IS NULL OR invoice_line_id IS NOT NULL", name=op.f("ck_goods_return_line_credited")
        ),
        *_references(
            "goods_return_line",
            goods_return_id="goods_return",
            delivery_note_line_id="delivery_note_line",
            invoice_line_id="invoice_line",
            credit_note_line_id="credit_note_line",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return_line")),
        sa.UniqueConstraint(
            "goods_return_id",
            "delivery_note_line_id",
            name=op.f("uq_goods_return_line_goods_return_id_delivery_note_line_id"),
        ),
    )
    op.create_index(op.f("ix_goods_return_line_delivery_note_line_id"), "goods_return_line", ["delivery_note_line_id"])
    _index_where(
        "ix_goods_return_line_uncredited",
        "goods_return_line",
        "invoice_line_id IS NOT NULL AND credit_note_line_id IS NULL",
        "goods_return_id",
    )
    freeze_rows("goods_return")
    freeze_rows("goods_return_line", ["goods_return_id", "delivery_note_line_id", "quantity", "invoice_line_id"])
    freeze_once("goods_return_line", "credit_note_line_id")


def _references(table: str, ondelete: str | None = None, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)
        for column, other in columns.items()
    ]


def _add_key(table: str, column: str, other: str, when_gone: str = "") -> None:
    """Add a column that refers to another table, on SQLite without copying the table."""
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT fk_{table}_{column} REFERENCES {other} (id){when_gone}")


def _drop_column(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _index_where(name: str, table: str, condition: str, *columns: str, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=where, postgresql_where=where)
