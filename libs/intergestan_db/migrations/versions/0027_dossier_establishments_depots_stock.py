"""The dossier with its accounting folders, establishments and depots; what lies in these (A01 to A19, A47 to A51).

A site that is there gets one of each: dossier 1, accounting folder 1 with what the site says of itself, establishment 1,
the depot PRINCIPAL. All that it has, belongs to these. Stock is not managed, so that nothing changes for it (D38).
"""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import forbid_null
from intergestan_db.migrations.frozen import freeze_columns, freeze_rows, thaw, thawed

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OP_COLUMNS = ("customer_op_billable_id", "customer_op_plain_id", "supplier_op_billable_id", "supplier_op_plain_id")
_OPERATIONS = (
    ("C+", "Client, facturable", "Customer, invoiced", "customer", True),
    ("C0", "Client, non facturable", "Customer, not invoiced", "customer", False),
    ("F+", "Fournisseur, facturable", "Supplier, invoiced", "supplier", True),
    ("F0", "Fournisseur, non facturable", "Supplier, not invoiced", "supplier", False),
)
"""Code, French and English name, side, whether it is invoiced; in the order of `_OP_COLUMNS`."""
_OF_INVOICE = {"establishment_id": "establishment", "accounting_folder_id": "accounting_folder"}
_WHERE = {"establishment_id": "establishment", "depot_id": "depot", "operation_code_id": "operation_code"}
_NEEDED: Mapping[str, Mapping[str, str]] = {
    "purchase_order": _WHERE,
    "sales_order": _WHERE,
    "delivery_note": {**_WHERE, "invoicing_establishment_id": "establishment"},
    "invoice": _OF_INVOICE,
    "credit_note": _OF_INVOICE,
    "payment": {"establishment_id": "establishment"},
}
"""The columns that every row of a table has from now on, and what they refer to."""
_OPTIONAL: Mapping[str, Mapping[str, str]] = {
    "user": {"establishment_id": "establishment", "depot_id": "depot"},
    **dict.fromkeys(("party", "sales_order", "purchase_order"), {"category_id": "category"}),
}
_WHOLE = ("invoice", "credit_note")
"""The tables of these whose rows are frozen."""
_PAID = ("number", "party_id", "received_on", "due_date", "amount", "method", "reference", "created_at", "created_by")
_ADDRESS = ("line1", "line2", "postcode", "city", "country")
_WIDTHS = {"name": 200, "line1": 200, "line2": 200, "postcode": 20, "city": 100, "country": 2}


def upgrade() -> None:
    _create_tables()
    _create_stock()
    if _is_sqlite():
        op.execute(
            "ALTER TABLE product ADD COLUMN supply VARCHAR(8) NOT NULL DEFAULT 'goods'"
            " CONSTRAINT ck_product_supply CHECK (supply IN ('goods', 'services'))"
        )
    else:
        op.add_column("product", sa.Column("supply", sa.String(8), server_default="goods", nullable=False))
        op.create_check_constraint(op.f("ck_product_supply"), "product", "supply IN ('goods', 'services')")
    _seed()
    for table, columns in _OPTIONAL.items():
        for column, other in columns.items():
            op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column} {_referring(table, column, other)}')
    for table in ("party", "sales_order", "purchase_order"):
        op.create_index(op.f(f"ix_{table}_category_id"), table, ["category_id"])
    with thawed(*_WHOLE):
        for table, columns in _NEEDED.items():
            for column, other in columns.items():
                kind = _referring(table, column, other)
                op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            given = ", ".join(f"{column} = {_usual(table, column)}" for column in columns)
            op.execute(f"UPDATE {table} SET {given}")  # noqa: S608 - our own names
            for column, other in columns.items():
                forbid_null(table, column, _referring(table, column, other))
    thaw("payment")
    freeze_columns("payment", (*_PAID, "establishment_id"))
    freeze_rows("stock_move")


def downgrade() -> None:
    """Where everything belongs is forgotten, and what lies in depots."""
    thaw("payment")
    with thawed(*_WHOLE):
        for table, columns in _NEEDED.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    freeze_columns("payment", _PAID)
    for table in ("party", "sales_order", "purchase_order"):
        op.drop_index(op.f(f"ix_{table}_category_id"), table)
    for table, columns in _OPTIONAL.items():
        for column in columns:
            op.execute(f'ALTER TABLE "{table}" DROP COLUMN {column}')
    if not _is_sqlite():
        op.drop_constraint(op.f("ck_product_supply"), "product", type_="check")
    op.execute("ALTER TABLE product DROP COLUMN supply")
    thaw("stock_move")
    op.execute("UPDATE dossier SET invoicing_establishment_id = NULL, default_establishment_id = NULL")
    if not _is_sqlite():
        for column in ("invoicing_establishment_id", "default_establishment_id"):
            op.drop_constraint(op.f(f"fk_dossier_{column}"), "dossier", type_="foreignkey")
    for table in ("stock_move", "stock", "depot_rank", "depot", "establishment", "dossier"):
        op.drop_table(table)
    for table in ("accounting_folder", "operation_code", "category"):
        op.drop_table(table)


def _usual(table: str, column: str) -> str:
    """Where the rows of before belong: the first of each, and an operation code that is invoiced."""
    if column == "operation_code_id":
        side = "supplier" if table == "purchase_order" else "customer"
        return f"(SELECT {side}_op_billable_id FROM dossier)"
    if column == "depot_id":
        return "(SELECT id FROM depot)"
    return f"(SELECT {'accounting_folder_id' if column == 'accounting_folder_id' else 'default_establishment_id'} FROM dossier)"


def _referring(table: str, column: str, other: str) -> str:
    kind = "INTEGER" if _is_sqlite() else "BIGINT"
    return f"{kind} CONSTRAINT fk_{table}_{column} REFERENCES {other} (id)"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _create_tables() -> None:
    op.create_table(
        "accounting_folder",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("siren", sa.String(9), nullable=True),
        sa.Column("vat_id", sa.String(20), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in (
                *("legal_form", "share_capital", "rcs", "iban", "bic", "late_penalty", "early_payment"),
                "vat_exemption",
            )
        ),
        sa.Column("vat_on_debits", sa.Boolean(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        *_address(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounting_folder")),
        sa.UniqueConstraint("number", name=op.f("uq_accounting_folder_number")),
        sa.UniqueConstraint("siren", name=op.f("uq_accounting_folder_siren")),
    )
    op.create_table(
        "operation_code",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.CheckConstraint("side IN ('customer', 'supplier')", name=op.f("ck_operation_code_side")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_code")),
        sa.UniqueConstraint("code", name=op.f("uq_operation_code_code")),
    )
    op.create_table(
        "category",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.CheckConstraint("kind IN ('party', 'document')", name=op.f("ck_category_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("code", name=op.f("uq_category_code")),
    )
    circle = ("invoicing_establishment_id", "default_establishment_id")
    op.create_table(
        "dossier",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("accounting_folder_id", _ID, nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("manage_stock", "manage_reservations")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("reserve_at_entry", "analytic_axis")),
        sa.Column("establishments_are_companies", sa.Boolean(), nullable=False),
        *(sa.Column(name, _ID, nullable=False) for name in _OP_COLUMNS),
        sa.Column("party_category_id", _ID, nullable=True),
        sa.Column("document_category_id", _ID, nullable=True),
        sa.Column("picking_mode", sa.String(4), nullable=False),
        sa.Column("incomplete", sa.String(4), nullable=False),
        sa.Column("arbitrate", sa.String(6), nullable=False),
        *(sa.Column(name, _ID, nullable=True) for name in circle),
        sa.CheckConstraint("picking_mode IN ('slip', 'none')", name=op.f("ck_dossier_picking_mode")),
        sa.CheckConstraint("incomplete IN ('pick', 'wait')", name=op.f("ck_dossier_incomplete")),
        sa.CheckConstraint("arbitrate IN ('always', 'short', 'never')", name=op.f("ck_dossier_arbitrate")),
        _refers("dossier", "accounting_folder_id", "accounting_folder"),
        *(_refers("dossier", name, "operation_code") for name in _OP_COLUMNS),
        *(_refers("dossier", name, "category") for name in ("party_category_id", "document_category_id")),
        *(_refers("dossier", name, "establishment") for name in circle if _is_sqlite()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("number", name=op.f("uq_dossier_number")),
    )
    op.create_table(
        "establishment",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("dossier_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("siret", sa.String(14), nullable=True),
        sa.Column("accounting_folder_id", _ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_address(),
        _refers("establishment", "dossier_id", "dossier"),
        _refers("establishment", "accounting_folder_id", "accounting_folder"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_establishment")),
        sa.UniqueConstraint("dossier_id", "number", name=op.f("uq_establishment_dossier_id_number")),
    )
    if not _is_sqlite():
        for name in circle:
            op.create_foreign_key(op.f(f"fk_dossier_{name}"), "dossier", "establishment", [name], ["id"])
    op.create_table(
        "depot",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("establishment_id", _ID, nullable=False),
        *(sa.Column(f"delivery_{name}", sa.String(width), nullable=True) for name, width in _WIDTHS.items()),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("manage_reservations", "allow_negative")),
        *(sa.Column(name, _ID, nullable=True) for name in ("customer_party_id", "supplier_party_id")),
        sa.Column("active", sa.Boolean(), nullable=False),
        _refers("depot", "establishment_id", "establishment"),
        *(_refers("depot", name, "party") for name in ("customer_party_id", "supplier_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_depot")),
        sa.UniqueConstraint("code", name=op.f("uq_depot_code")),
    )
    for column in ("establishment_id", "customer_party_id", "supplier_party_id"):
        op.create_index(op.f(f"ix_depot_{column}"), "depot", [column])
    op.create_table(
        "depot_rank",
        sa.Column("establishment_id", _ID, autoincrement=False, nullable=False),
        sa.Column("depot_id", _ID, autoincrement=False, nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rank > 0", name=op.f("ck_depot_rank_rank")),
        _refers("depot_rank", "establishment_id", "establishment"),
        _refers("depot_rank", "depot_id", "depot"),
        sa.PrimaryKeyConstraint("establishment_id", "depot_id", name=op.f("pk_depot_rank")),
    )


def _create_stock() -> None:
    op.create_table(
        "stock",
        sa.Column("depot_id", _ID, autoincrement=False, nullable=False),
        sa.Column("product_id", _ID, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("on_hand", "reserved", "average_cost")),
        sa.Column("negative_ok", sa.Boolean(), nullable=False),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved")),
        sa.CheckConstraint("negative_ok OR on_hand >= 0", name=op.f("ck_stock_on_hand")),
        sa.CheckConstraint("negative_ok OR reserved <= on_hand", name=op.f("ck_stock_covered")),
        _refers("stock", "depot_id", "depot"),
        _refers("stock", "product_id", "product"),
        sa.PrimaryKeyConstraint("depot_id", "product_id", name=op.f("pk_stock")),
    )
    op.create_index(op.f("ix_stock_product_id_depot_id"), "stock", ["product_id", "depot_id"])
    op.create_table(
        "stock_move",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("depot_id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("document", sa.String(60), nullable=True),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.CheckConstraint(
            "reason IN ('opening', 'receipt', 'delivery', 'transfer_in', 'transfer_out', 'count', 'return')",
            name=op.f("ck_stock_move_reason"),
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_stock_move_quantity")),
        _refers("stock_move", "depot_id", "depot"),
        _refers("stock_move", "product_id", "product"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
    )
    op.create_index(op.f("ix_stock_move_depot_id_product_id_id"), "stock_move", ["depot_id", "product_id", "id"])


def _address() -> Iterator[sa.Column[str]]:
    return (sa.Column(name, sa.String(_WIDTHS[name]), nullable=True) for name in _ADDRESS)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _seed() -> None:
    """The first of each, for a site that is there."""
    connection = op.get_bind()
    query = sa.text(f"SELECT name, siret, vat_id, {', '.join(_ADDRESS)}, language FROM site")  # noqa: S608 - our own names
    site = connection.execute(query).one_or_none()
    if site is None:
        return
    french = site.language == "fr"
    address = {name: getattr(site, name) for name in _ADDRESS}
    siren = site.siret[:9] if site.siret else None
    folder = _add("accounting_folder", number=1, name=site.name, siren=siren, vat_id=site.vat_id, vat_on_debits=False, **address)
    operations = [
        _add("operation_code", code=code, name=name if french else english, side=side, billable=billable)
        for code, name, english, side, billable in _OPERATIONS
    ]
    off = dict.fromkeys(("manage_stock", "manage_reservations", "reserve_at_entry", "analytic_axis"), False)
    dossier = _add(
        "dossier",
        number=1,
        name=site.name,
        accounting_folder_id=folder,
        establishments_are_companies=False,
        picking_mode="slip",
        incomplete="pick",
        arbitrate="short",
        **off,
        **dict(zip(_OP_COLUMNS, operations, strict=True)),
    )
    establishment = _add("establishment", dossier_id=dossier, number=1, name=site.name, siret=site.siret, active=True, **address)
    _add(
        "depot",
        code="PRINCIPAL",
        name="Dépôt principal" if french else "Main depot",
        establishment_id=establishment,
        delivery_name=site.name,
        manage_reservations=False,
        allow_negative=False,
        active=True,
        **{f"delivery_{name}": value for name, value in address.items()},
    )
    connection.execute(sa.text("UPDATE dossier SET default_establishment_id = :id"), {"id": establishment})


def _add(table: str, **values: object) -> int:
    core = sa.table(table, sa.column("id"), *map(sa.column, values))
    return int(op.get_bind().execute(sa.insert(core).values(values).returning(core.c.id)).scalar_one())
