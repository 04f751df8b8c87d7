"""The reports of mail servers about our mails, as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.tables import DeliveryReport, InboundMail, OutboundMail, Partner
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedReport:
    """A report. :ivar mail: what people call the mail; None for a report that proves nothing."""

    received_at: datetime
    partner: str | None
    mail: str | None
    action: str | None
    status: str | None
    recipient: str | None
    said: str | None
    reporter: str | None
    effect: str
    sha256: str
    subject: str | None


def list_reports(
    connection: Connection,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedReport]:
    """A page of the reports received in a range, oldest first.

    :raises Problem: `after` is of no such page.
    """
    row, mail = DeliveryReport, InboundMail
    query = (
        select(
            *(row.received_at, Partner.name, row.outbound_mail_id, row.action, row.status, row.recipient, row.said),
            *(row.reporter, row.effect, mail.sha256, mail.subject),
        )
        .join(mail, mail.id == row.inbound_mail_id)
        .outerjoin(OutboundMail, OutboundMail.id == row.outbound_mail_id)
        .outerjoin(Partner, Partner.id == OutboundMail.partner_id)
    )
    if since is not None:
        query = query.where(row.received_at >= since)
    if before is not None:
        query = query.where(row.received_at < before)
    return read_page(connection, query, [row.id], lambda found: _listed(*found[:11]), size=size, after=after)


def _listed(received_at: datetime, partner: str | None, mail_id: int | None, *others: Any) -> ListedReport:
    return ListedReport(received_at, partner, f"out-{mail_id}" if mail_id else None, *others)
