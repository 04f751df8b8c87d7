"""A mail of changes and cancellations of purchase orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import PurchaseOrder, PurchaseOrderChange
from intergestan_erp.documents.documents import change_id
from intergestan_exchange.outbox.changes import read_document
from intergestan_exchange.outbox.order_mail import file_name, senders
from intergestan_msg.as_peppol import cancellation_as_peppol, change_as_peppol
from intergestan_msg.business_hash import cancellation_hash, change_hash
from intergestan_msg.change import OrderChange
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.mail.letter import Attachment
from intergestan_msg.mail.outgoing import compose_changes
from intergestan_msg.manifest import Document
from intergestan_msg.pages.changes import Change
from intergestan_msg.spelling import respelled
from intergestan_msg.ubl import write_order_cancellation, write_order_change
from services.composer.prepared import Prepared, Request, listed


def prepare_changes(connection: Connection, request: Request) -> Prepared:
    """Read the changes that the mail shall carry, by order number, and render them."""
    partner = request.partner
    rows = _read_changes(connection, request.mail.id)
    changes = [respelled(_as_peppol(read_document(row)), row.spelled) for row in rows]
    attachments = tuple(_attachment(row, change) for row, change in zip(rows, changes, strict=True))
    sender, reply_to = senders(connection, request.site, request.relay, request.mail.requested_by_id)
    return Prepared(
        request=request,
        kind=Kind.ORDERS,
        sender=sender,
        reply_to=reply_to,
        recipient=EmailAddress(partner.order_address, partner.name),
        write=lambda letter: compose_changes(letter, changes),
        attachments=attachments,
        listed=tuple(_listed(*each) for each in zip(rows, changes, attachments, strict=True)),
    )


def _read_changes(connection: Connection, mail_id: int) -> Sequence[AnyRow]:
    return connection.execute(
        select(PurchaseOrderChange.__table__, PurchaseOrder.number, PurchaseOrder.spelled)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderChange.purchase_order_id)
        .where(PurchaseOrderChange.outbound_mail_id == mail_id)
        .order_by(PurchaseOrder.number)
    ).all()


def _as_peppol(change: Change) -> Change:
    """What stands in the database may be of an earlier release; what leaves is as Peppol lets it be."""
    return change_as_peppol(change) if isinstance(change, OrderChange) else cancellation_as_peppol(change)


def _attachment(row: AnyRow, change: Change) -> Attachment:
    content = write_order_change(change) if isinstance(change, OrderChange) else write_order_cancellation(change)
    return Attachment(file_name(change_id(row.number, row.revision)), content)


def _listed(row: AnyRow, change: Change, attachment: Attachment) -> Document:
    claim = change_hash(change) if isinstance(change, OrderChange) else cancellation_hash(change)
    number = change.order.id if isinstance(change, OrderChange) else change.order_id
    return listed(DocumentType(row.type), number, row.revision, attachment, claim)
