"""Each sales order says whether anything of it is left to invoice (D23), and an index holds what it comes to.

What a customer owes is then read from the heads of orders, and from the lines of those alone that are partly invoiced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_BEFORE, _NOW = ["customer_id", "state"], ["customer_id", "state", "invoiced", "total_ttc"]
_NAME = "ix_sales_order_{}"
_OF_LINES = """
    FROM invoice_line i JOIN delivery_note_line d ON d.id = i.delivery_note_line_id
    JOIN sales_order_line l ON l.id = d.sales_order_line_id"""
_OF_CHARGES = "FROM invoice_charge i JOIN sales_order_charge c ON c.id = i.sales_order_charge_id"
_BEGUN = f"SELECT l.sales_order_id {_OF_LINES} UNION SELECT c.sales_order_id {_OF_CHARGES}"
_BASES = f"""
    SELECT sales_order_id, vat_category AS category, vat_rate AS rate, total AS base FROM sales_order_line
    UNION ALL SELECT sales_order_id, coalesce(vat_category, ''), coalesce(vat_rate, 0), amount FROM sales_order_charge
    UNION ALL SELECT l.sales_order_id, l.vat_category, l.vat_rate, -i.total {_OF_LINES}
    UNION ALL SELECT c.sales_order_id, coalesce(c.vat_category, ''), coalesce(c.vat_rate, 0), -i.amount {_OF_CHARGES}"""
_LEFT = f"SELECT sales_order_id FROM ({_BASES}) b GROUP BY sales_order_id, category, rate HAVING sum(base) <> 0"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sales_order ADD COLUMN invoiced VARCHAR(5) NOT NULL DEFAULT 'none'"
        " CONSTRAINT ck_sales_order_invoiced CHECK (invoiced IN ('none', 'part', 'all', 'never'))"
    )
    op.execute(
        f"UPDATE sales_order SET invoiced = CASE WHEN id IN ({_LEFT}) THEN 'part' ELSE 'all' END WHERE id IN ({_BEGUN})"
    )
    op.execute(
        "UPDATE sales_order SET invoiced = 'never'"
        " WHERE operation_code_id IN (SELECT id FROM operation_code WHERE billable = false)"
    )
    _index(_BEFORE, _NOW)


def downgrade() -> None:
    _index(_NOW, _BEFORE)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE sales_order DROP COLUMN invoiced")
    else:
        op.drop_column("sales_order", "invoiced")


def _index(old: list[str], new: list[str]) -> None:
    op.drop_index(op.f(_NAME.format("_".join(old))), "sales_order")
    op.create_index(op.f(_NAME.format("_".join(new))), "sales_order", new)
