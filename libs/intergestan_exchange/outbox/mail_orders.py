"""Which orders our mails are about: those that they carry, change, cancel or answer."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import BindParameter, Connection, bindparam, select, union_all

from intergestan_db.tables import Answer, OutboundOrder, PurchaseOrder, PurchaseOrderChange

_MAILS: BindParameter[int] = bindparam("mails", expanding=True)
_CARRIED = (
    select(OutboundOrder.outbound_mail_id.label("id"), PurchaseOrder.number.label("number"))
    .join(PurchaseOrder, PurchaseOrder.id == OutboundOrder.purchase_order_id)
    .where(OutboundOrder.outbound_mail_id.in_(_MAILS))
)
_CHANGED = (
    select(PurchaseOrderChange.outbound_mail_id.label("id"), PurchaseOrder.number.label("number"))
    .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderChange.purchase_order_id)
    .where(PurchaseOrderChange.outbound_mail_id.in_(_MAILS))
)
_ANSWERED = select(Answer.outbound_mail_id.label("id"), Answer.order_number.label("number")).where(
    Answer.outbound_mail_id.in_(_MAILS)
)
_ORDERS = union_all(_CARRIED, _CHANGED, _ANSWERED).order_by("id", "number")


def orders_by_mail(connection: Connection, mail_ids: Collection[int]) -> dict[int, list[str]]:
    """The numbers of the orders of each of these outbound mails, as their buyers know them."""
    numbers: dict[int, list[str]] = {}
    for row in connection.execute(_ORDERS, {"mails": list(mail_ids)}):
        numbers.setdefault(row.id, []).append(row.number)
    return numbers


def orders_of(connection: Connection, mail_ids: Collection[int]) -> list[str]:
    """The numbers of the orders that any of these outbound mails is about."""
    return sorted({number for numbers in orders_by_mail(connection, mail_ids).values() for number in numbers})
