"""How many delivery notes wait for their invoice."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Select, exists, func, select

from intergestan_db.enums import InvoiceGrouping
from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, GoodsReturnLine, InvoiceLine, OperationCode, Party

_IS_INVOICED: Final = exists(InvoiceLine.delivery_note_line_id).where(
    InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id
)
_RETURNED: Final = (
    select(func.coalesce(func.sum(GoodsReturnLine.quantity), 0))
    .where(GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id)
    .correlate(DeliveryNoteLine.__table__)
    .scalar_subquery()
)
"""What came back of it: the invoice takes the rest (D44)."""
_COUNT: Final[Select[*tuple[Any, ...]]] = (
    select(Party.invoice_grouping, func.count(func.distinct(DeliveryNote.id)))
    .select_from(DeliveryNoteLine.__table__)
    .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
    .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
    .join(Party, Party.id == DeliveryNote.customer_id)
    .where(OperationCode.billable, ~_IS_INVOICED, DeliveryNoteLine.quantity > _RETURNED)
    .group_by(Party.invoice_grouping)
)


def count_uninvoiced(connection: Connection, since: date | None = None) -> dict[InvoiceGrouping, int]:
    """How many delivery notes have a line that is to be invoiced and is not, by how their customers are invoiced.

    :param since: only those of this day or later; those of all days take a pass over all lines.
    """
    query = _COUNT if since is None else _COUNT.where(DeliveryNote.issue_date >= since)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {grouping: found.get(grouping, 0) for grouping in InvoiceGrouping}
