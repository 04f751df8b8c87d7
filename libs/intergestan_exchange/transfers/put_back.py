"""Archived mails go through the import again: the ledger decides what counts, so this never doubles anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db import states
from intergestan_db.enums import HoldReason, InboundState
from intergestan_db.tables import InboundMail


def put_back(
    connection: Connection, ids: Iterable[int], *, by: str, at: datetime, event: str = "replay", any_age: bool = True
) -> tuple[int, ...]:
    """Give these mails back to the importer, those that it is not to take in anyway; ring for what is returned.

    :param event: `replay`, or `release` for mails that are held.
    :param any_age: they may be of any age, for their first arrival was judged already; else it is judged once more.
    """
    froms, _ = states.INBOUND_MAIL.moves[event]
    resting = select(InboundMail.id).where(InboundMail.id.in_(sorted(set(ids))), InboundMail.state.in_(froms))
    found = tuple(connection.execute(resting.order_by(InboundMail.id).with_for_update()).scalars())
    states.move(
        connection,
        states.INBOUND_MAIL,
        found,
        event,
        by=by,
        at=at,
        reason=None,
        detail=None,
        strikes=0,
        replayed=any_age,
        rung_at=at,
    )
    return found


def judge_age_again(connection: Connection, partner_id: int, *, by: str, at: datetime) -> tuple[int, ...]:
    """Put back the mails of a partner that wait because they seemed too old: their clock is behind; ring for these."""
    mail = InboundMail
    held = select(mail.id).where(
        mail.partner_id == partner_id, mail.state == InboundState.HELD, mail.reason == HoldReason.TOO_OLD
    )
    return put_back(connection, connection.scalars(held).all(), by=by, at=at, event="release", any_age=False)
