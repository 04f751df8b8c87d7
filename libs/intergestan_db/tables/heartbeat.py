"""Heartbeats: the small signed mails that go round to a partner and back. The mail itself is an `outbound_mail`."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.enums import HeartbeatOutcome
from intergestan_db.tables.types import Table, Typed, column, one_of, unique


class Heartbeat(Table):
    """One that we sent, or our echo to a partner's. Deleted after a day, with its mail.

    `echoes` is the transfer id of the partner's heartbeat, None for one of ours; each is echoed once. `outcome` is
    None while ours is under way, and always for an echo.
    """

    __tablename__ = "heartbeat"
    __table_args__ = (
        unique("partner_id", "echoes"),
        one_of("outcome", HeartbeatOutcome),
    )

    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", primary_key=True)
    partner_id: Typed[int] = column(references="partner.id")
    echoes: Typed[str | None] = column(String(36))
    echoes_digest: Typed[str | None] = column(String(64))
    echoes_message_id: Typed[str | None] = column(String(320))
    outcome: Typed[str | None] = column(String(10))
