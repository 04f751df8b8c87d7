"""Document numbers without gaps: one UPDATE, last in its transaction, so that a rollback gives them back."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, update

from intergestan_db.tables import NumberSeries

PURCHASE_ORDERS = "purchase_order"
SALES_ORDERS = "sales_order"
DELIVERY_NOTES = "delivery_note"
INVOICES = "invoice"
PREFIXES = {PURCHASE_ORDERS: "CFR", SALES_ORDERS: "CCL", DELIVERY_NOTES: "BL", INVOICES: "FA"}


_TAKE = (
    update(NumberSeries)
    .where(NumberSeries.code == bindparam("series"))
    .values(next_number=NumberSeries.next_number + bindparam("count"))
    .returning(NumberSeries.prefix, NumberSeries.next_number)
)


def take(connection: Connection, series: str, count: int) -> list[str]:
    """Take `count` consecutive numbers, such as `["CCL7", "CCL8"]`.

    The series stays locked until the transaction ends: take numbers as late as possible.
    """
    if count == 0:
        return []
    prefix, following = connection.execute(_TAKE, {"series": series, "count": count}).one()
    return [f"{prefix}{number}" for number in range(following - count, following)]
