"""Roles and rights of people (D31); what customers may owe, and who let a document pass all the same (T18 to T22).

Until now everybody could do all that the command line offers: whoever is active keeps that. The person who was entered
first may give roles to others, and let documents pass. No customer gets a ceiling: nothing begins to be refused.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.frozen import freeze_rows

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ROLES = "'reader', 'clerk', 'operator', 'administrator', 'accountant'"
_RIGHTS = "'manage_users', 'set_credit', 'override_credit'"
_CEILING = (
    ("credit_max", sa.BigInteger(), "credit_max >= 0"),
    ("credit_insured", sa.BigInteger(), "credit_insured >= 0"),
)
_OF_HOLD = (
    ("closed_reason", sa.Text()),
    ("total_ttc", sa.BigInteger()),
    ("seen_version", sa.BigInteger()),
    ("look_again_on", sa.Date()),
    ("rung_at", sa.BigInteger()),
)


def upgrade() -> None:
    for table, column, words, width in (("user_role", "role", _ROLES, 13), ("user_right", "right", _RIGHTS, 20)):
        named = f'"{column}"' if column == "right" else column
        op.create_table(
            table,
            sa.Column("user_id", _key(), autoincrement=False, nullable=False),
            sa.Column(column, sa.String(width), nullable=False),
            sa.CheckConstraint(f"{named} IN ({words})", name=op.f(f"ck_{table}_{column}")),
            sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{table}_user_id")),
            sa.PrimaryKeyConstraint("user_id", column, name=op.f(f"pk_{table}")),
        )
    for role in ("clerk", "operator"):
        op.execute(f"""INSERT INTO user_role (user_id, role) SELECT id, '{role}' FROM "user" WHERE active""")
    oldest = 'SELECT min(id) AS id FROM "user" WHERE active'
    op.execute(f"INSERT INTO user_role (user_id, role) SELECT id, 'administrator' FROM ({oldest}) o WHERE id > 0")
    op.execute(
        f"""INSERT INTO user_right (user_id, "right") SELECT id, 'override_credit' FROM ({oldest}) o WHERE id > 0"""
    )
    for name, kind, check in _CEILING:
        default = {"nullable": True} if name == "credit_max" else {"nullable": False, "server_default": "0"}
        op.add_column("party", sa.Column(name, kind, sa.CheckConstraint(check, name=op.f(f"ck_party_{name}")), **default))
    covered = sa.CheckConstraint("credit_insured <= credit_max", name=op.f("ck_party_credit_covered"))
    op.add_column("party", sa.Column("exposure_version", sa.BigInteger(), covered, nullable=False, server_default="0"))
    op.create_table(
        "credit_override",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("party_id", _key(), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("document", sa.String(60), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("exposure", "maximum", "delta", "total_ttc")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("stage IN ('quote', 'order', 'delivery', 'invoice')", name=op.f("ck_credit_override_stage")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_credit_override_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_override")),
    )
    op.create_index(op.f("ix_credit_override_party_id_at"), "credit_override", ["party_id", "at"])
    freeze_rows("credit_override")
    type_of_id = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE hold ADD COLUMN party_id {type_of_id} CONSTRAINT fk_hold_party_id REFERENCES party (id)")
    for column, type_ in _OF_HOLD:
        op.add_column("hold", sa.Column(column, type_, nullable=True))
    where = sa.text("closed_at IS NULL")
    op.create_index("ix_hold_of_party", "hold", ["reason", "party_id"], sqlite_where=where, postgresql_where=where)
    op.drop_index(op.f("ix_sales_order_customer_id"), "sales_order")
    op.create_index(op.f("ix_sales_order_customer_id_state"), "sales_order", ["customer_id", "state"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sales_order_customer_id_state"), "sales_order")
    op.create_index(op.f("ix_sales_order_customer_id"), "sales_order", ["customer_id"])
    op.drop_index("ix_hold_of_party", "hold")
    for column, _ in reversed(_OF_HOLD):
        op.drop_column("hold", column)
    op.drop_column("hold", "party_id")
    op.drop_table("credit_override")
    for name in ("exposure_version", "credit_insured", "credit_max"):
        op.drop_column("party", name)
    for table in ("user_right", "user_role"):
        op.drop_table(table)


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
