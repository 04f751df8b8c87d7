"""Drafts are deleted, with what mails that never left still say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from intergestan_db.enums import OutboundState
from intergestan_db.tables import OutboundMail, OutboundOrder
from intergestan_erp.ordering.drafts import delete_orders
from intergestan_erp.purchasing.purchase_orders import find_orders


def delete_drafts(
    connection: Connection, numbers: Sequence[str], *, by: str, at: datetime, versions: Mapping[str, int] | None = None
) -> list[str]:
    """Delete drafts, all of these or none, as `delete_orders` does it.

    A mail that was given up before it left carries them no more. It keeps its place in the history, as the orders do.

    :returns: the numbers as they stood here.
    :raises Problem: one does not exist, is no draft, was sent once, or was changed meanwhile.
    """
    ids = find_orders(connection, list(dict.fromkeys(numbers)))
    given_up = select(OutboundMail.id).where(OutboundMail.state == OutboundState.ABANDONED)
    connection.execute(
        delete(OutboundOrder).where(
            OutboundOrder.purchase_order_id.in_(ids.values()),
            ~OutboundOrder.live,
            OutboundOrder.outbound_mail_id.in_(given_up),
        )
    )
    return delete_orders(connection, numbers, by=by, at=at, versions=versions)
