"""What befalls a change of ours on its way: given up before it left, or handed to the mail server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from intergestan_db import states
from intergestan_db.enums import ChangeState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import PurchaseOrderChange


def abandon_changes(connection: Connection, mail_ids: Sequence[int], *, by: str, at: datetime) -> None:
    """Give up the changes in these mails; their places in the sequence are free again.

    :raises Problem: a later change builds on one of them.
    """
    table = PurchaseOrderChange
    rows = connection.execute(
        select(table.id, table.purchase_order_id, table.revision).where(table.outbound_mail_id.in_(mail_ids))
    ).all()
    for row in rows:
        later = select(func.count()).where(
            table.purchase_order_id == row.purchase_order_id,
            table.revision > row.revision,
            table.state != ChangeState.ABANDONED,
        )
        if connection.execute(later).scalar_one():
            raise Problem(
                "A later change builds on this one: give that one up first. Nothing was changed.",
                ProblemCode.STILL_NEEDED,
            )
    states.move(
        connection, states.PURCHASE_ORDER_CHANGE, [row.id for row in rows], "abandon", by=by, at=at, updated_at=at
    )


def mark_changes_waiting(connection: Connection, mail_id: int, *, by: str, at: datetime) -> None:
    """The server took the mail: its changes wait for the answer."""
    table = PurchaseOrderChange
    own = table.outbound_mail_id == mail_id, table.state == ChangeState.TRANSMITTING
    ids = connection.execute(select(table.id).where(*own)).scalars().all()
    states.move(connection, states.PURCHASE_ORDER_CHANGE, ids, "transmit", by=by, at=at, updated_at=at)
