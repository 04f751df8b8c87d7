"""A wanted date of each line; the type and the references of orders, which go to the supplier with them

What the imports of orders noted of these so far counts for those orders too.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BATCH = 5000
_NAMES = {"customer_reference": "customer_reference", "accounting_cost": "accounting_cost", "quotation": "quotation_id"}
"""What a note of an import calls a reference, and what an order does."""


def upgrade() -> None:
    op.add_column("purchase_order_line", sa.Column("wanted_date", sa.Date(), nullable=True))
    op.add_column("sales_order_line", sa.Column("wanted_date", sa.Date(), nullable=True))
    op.add_column("purchase_order", sa.Column("carried", sa.JSON(), nullable=True))
    connection = op.get_bind()
    order = sa.table("purchase_order", sa.column("id"), sa.column("carried", sa.JSON()))
    write = sa.update(order).where(order.c.id == sa.bindparam("order_id")).values(carried=sa.bindparam("said", type_=sa.JSON()))
    for rows in _noted(connection):
        connection.execute(write, rows)


def downgrade() -> None:
    op.drop_column("purchase_order", "carried")
    op.drop_column("sales_order_line", "wanted_date")
    op.drop_column("purchase_order_line", "wanted_date")


def _noted(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """What orders carry, by the notes of their imports; some at a time, none of them empty."""
    event = sa.table("event", *map(sa.column, ("id", "subject", "subject_id", "name")), sa.column("detail", sa.JSON()))
    query = (
        sa.select(event.c.id, event.c.subject_id, event.c.detail)
        .where(event.c.subject == "purchase_order", event.c.name == "import", event.c.id > sa.bindparam("after"))
        .order_by(event.c.id)
        .limit(_BATCH)
    )
    after = 0
    while rows := connection.execute(query, {"after": after}).all():
        after = rows[-1].id
        found = [{"order_id": row.subject_id, "said": said} for row in rows if (said := _carried(row.detail))]
        if found:
            yield found


def _carried(detail: Any) -> dict[str, str]:
    """The fields of an order that a note of an import has."""
    noted = json.loads(detail) if isinstance(detail, str) else detail or {}
    references = noted.get("references", {})
    said = {field: references[name] for name, field in _NAMES.items() if references.get(name)}
    return {**({"type_code": noted["type"]} if noted.get("type") in {"226", "402"} else {}), **said}
