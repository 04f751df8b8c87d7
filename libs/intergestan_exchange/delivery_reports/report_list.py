"""The reports of mail servers about our mails, as people see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.tables import DeliveryReport, InboundMail, OutboundMail, Partner


def list_reports(
    connection: Connection, *, since: datetime | None = None, before: datetime | None = None
) -> list[Mapping[str, Any]]:
    """The reports received in a range, oldest first.

    :returns: of each `received_at`, `partner`, `mail` (`out-3`; None for one that proves nothing), `action`, `status`,
        `recipient`, `said`, `reporter`, `effect`, `sha256`, `subject`.
    """
    row, mail = DeliveryReport, InboundMail
    query = (
        select(
            *(row.received_at, Partner.name.label("partner"), row.outbound_mail_id.label("mail")),
            *(row.action, row.status, row.recipient, row.said, row.reporter, row.effect, mail.sha256, mail.subject),
        )
        .join(mail, mail.id == row.inbound_mail_id)
        .outerjoin(OutboundMail, OutboundMail.id == row.outbound_mail_id)
        .outerjoin(Partner, Partner.id == OutboundMail.partner_id)
        .order_by(row.id)
    )
    if since is not None:
        query = query.where(row.received_at >= since)
    if before is not None:
        query = query.where(row.received_at < before)
    return [
        dict(found) | {"mail": f"out-{found['mail']}" if found["mail"] else None}
        for found in connection.execute(query).mappings()
    ]
