"""Mails of ours in pages: each with its state, and the orders that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from intergestan_db.enums import OutboundState
from intergestan_db.mail_kinds import IS_TRAFFIC
from intergestan_db.tables import OutboundMail, Partner
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_exchange.outbox.mail_orders import orders_by_mail
from intergestan_exchange.outbox.outbound import REF


@dataclass(frozen=True, slots=True)
class ListedMailOut:
    """A line of the list. :ivar ref: what people call it, such as out-3."""

    ref: str
    transfer_id: str
    kind: str
    state: str
    partner: str
    recipient: str | None
    orders: tuple[str, ...]
    requested_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    reason: str | None


def list_mails_out(
    connection: Connection,
    *,
    state: OutboundState | None = None,
    partner_id: int | None = None,
    heartbeats: bool = False,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedMailOut]:
    """A page of our mails: two statements, however many there are.

    :param heartbeats: those that only show that mails pass, too.
    :raises Problem: `after` is of no such page.
    """
    mail = OutboundMail
    query = select(
        *(mail.id, mail.transfer_id, mail.kind, mail.state, Partner.name, mail.recipient),
        *(mail.requested_at, mail.sent_at, mail.answered_at, mail.reason),
    ).join(Partner, Partner.id == mail.partner_id)
    if state is not None:
        query = query.where(mail.state == state)
    if partner_id is not None:
        query = query.where(mail.partner_id == partner_id)
    if not heartbeats:
        query = query.where(IS_TRAFFIC)
    found = read_page(connection, query, [mail.id], lambda row: row, size=size, after=after, descending=True)
    orders = orders_by_mail(connection, [row[0] for row in found.rows])
    return Page(tuple(_listed(row, orders.get(row[0], [])) for row in found.rows), found.after)


def _listed(row: Row[*tuple[Any, ...]], orders: Sequence[str]) -> ListedMailOut:
    mail_id, transfer_id, kind, state, partner, recipient, requested_at, sent_at, answered_at, reason = row[:10]
    return ListedMailOut(
        *(f"{REF}{mail_id}", transfer_id, kind, state, partner, recipient, tuple(orders)),
        *(requested_at, sent_at, answered_at, reason),
    )
