"""The mails in which an order travelled, in both directions, with what is needed to find them again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.tables import InboundMail, InboundTransfer, Mailbox, OutboundBody, OutboundMail

_HEAD = 8192  # octets of a composed mail within which its Message-ID stands
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail of the story. :ivar direction: `out` or `in`. :ivar archived: the sha256 of each time it came.

    :ivar ref: what people call it, out-3 or in-12; of what came several times the first.
    """

    direction: str
    ref: str | None
    kind: str
    transfer_id: str
    message_id: str | None
    state: str | None
    subject: str | None
    sender: str | None
    recipient: str | None
    composed_at: datetime | None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    mailboxes: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TracedMail:
    """A letter with the rows that it has here: ids of `outbound_mail` or `inbound_mail`, and of the transfer."""

    letter: Letter
    row_ids: tuple[int, ...]
    transfer_row: int | None = None


def outbound(connection: Connection, ids: Any) -> list[TracedMail]:
    """Mails of ours, by id."""
    mail = OutboundMail
    query = (
        select(mail.__table__, OutboundBody.mime)
        .outerjoin(OutboundBody, OutboundBody.outbound_mail_id == mail.id)
        .where(mail.id.in_(ids))
        .order_by(mail.id)
    )
    return [TracedMail(_letter_out(row), (row.id,)) for row in connection.execute(query)]


def _letter_out(row: Any) -> Letter:
    found = _MESSAGE_ID.search(row.mime, 0, _HEAD) if row.mime is not None else None
    return Letter(
        direction="out",
        ref=f"out-{row.id}",
        kind=row.kind,
        transfer_id=row.transfer_id,
        message_id=found[1].decode("ascii", "replace") if found else None,
        state=row.state,
        subject=row.subject,
        sender=row.envelope_from,
        recipient=row.recipient,
        composed_at=row.composed_at,
        sent_at=row.sent_at,
        received_at=row.answered_at,
    )


def inbound(connection: Connection, transfers: Any) -> list[TracedMail]:
    """Mails of theirs, by the id of their transfer, each with all its copies."""
    transfer, mail = InboundTransfer, InboundMail
    found = []
    for row in connection.execute(
        select(transfer.__table__).where(transfer.id.in_(transfers)).order_by(transfer.id)
    ).all():
        copies = connection.execute(
            select(mail.id, mail.sha256, mail.state, mail.subject, mail.sender, Mailbox.name.label("mailbox"))
            .outerjoin(Mailbox, Mailbox.id == mail.mailbox_id)
            .where(mail.transfer_id == row.jti, mail.partner_id == row.partner_id)
            .order_by(mail.id)
        ).all()
        found.append(TracedMail(_letter_in(row, copies), tuple(copy.id for copy in copies), row.id))
    return found


def _letter_in(transfer: Any, copies: Sequence[Any]) -> Letter:
    first = copies[0] if copies else None
    return Letter(
        direction="in",
        ref=f"in-{first.id}" if first else None,
        kind=transfer.kind,
        transfer_id=transfer.jti,
        message_id=transfer.message_id,
        state=first.state if first else None,
        subject=first.subject if first else None,
        sender=first.sender if first else None,
        recipient=None,
        composed_at=transfer.composed_at,
        received_at=transfer.received_at,
        mailboxes=tuple(sorted({copy.mailbox for copy in copies if copy.mailbox is not None})),
        archived=tuple(copy.sha256 for copy in copies),
    )


def in_order(letters: Sequence[Letter]) -> tuple[Letter, ...]:
    """By when they were composed; those that are not yet, last."""
    return tuple(sorted(letters, key=lambda each: each.composed_at or _NEVER))
