"""A mail of purchase orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import OutboundOrder, PurchaseOrder
from intergestan_exchange.outbox.order_mail import order_mail, senders
from intergestan_msg.business_hash import business_hash
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.mail.letter import Attachment
from intergestan_msg.mail.outgoing import compose_orders
from services.composer.prepared import CannotCompose, Prepared, Request, listed

_LINKS = (
    select(OutboundOrder.purchase_order_id, OutboundOrder.revision, PurchaseOrder.number)
    .join(PurchaseOrder, PurchaseOrder.id == OutboundOrder.purchase_order_id)
    .where(OutboundOrder.outbound_mail_id == bindparam("mail"))
    .order_by(PurchaseOrder.number)
)


def read_links(connection: Connection, mail_id: int) -> Sequence[AnyRow]:
    """The orders that a mail shall carry, by number; none in a mail of changes."""
    return connection.execute(_LINKS, {"mail": mail_id}).all()


def prepare_orders(connection: Connection, request: Request, links: Sequence[AnyRow]) -> Prepared:
    """Read the linked orders and render them; of a mail that leaves under another number, the documents of before.

    :raises CannotCompose: the supplier's address was taken away meanwhile.
    """
    partner = request.partner
    if partner.order_address is None:
        raise CannotCompose(f"{partner.name} has no address for orders any more.")
    if request.mail.former is not None:
        return _as_before(connection, request)
    ids = [link.purchase_order_id for link in links]
    content = order_mail(connection, request.site, request.relay, partner, ids, request.mail.requested_by_id)
    return Prepared(
        request=request,
        kind=Kind.ORDERS,
        sender=content.sender,
        reply_to=content.reply_to,
        recipient=_recipient(request),
        write=lambda letter: compose_orders(letter, content.orders),
        attachments=content.attachments,
        listed=tuple(
            listed(DocumentType.ORDER, order.id, link.revision, attachment, business_hash(order))
            for link, order, attachment in zip(links, content.orders, content.attachments, strict=True)
        ),
    )


def _as_before(connection: Connection, request: Request) -> Prepared:
    """The very documents with which the mail left before a restore of ours: the seller has them already, or shall."""
    from intergestan_msg.mail.incoming import read_own
    from intergestan_msg.ubl import read_order

    documents = read_own(request.mail.former)
    orders = [read_order(content) for _, content in documents]
    sender, reply_to = senders(connection, request.site, request.relay, request.mail.requested_by_id)
    return Prepared(
        request=request,
        kind=Kind.ORDERS,
        sender=sender,
        reply_to=reply_to,
        recipient=_recipient(request),
        write=lambda letter: compose_orders(letter, orders),
        attachments=tuple(Attachment(each.name, content, each.media_type) for each, content in documents),
        listed=tuple(each for each, _ in documents),
    )


def _recipient(request: Request) -> EmailAddress:
    """Where it was to go when it was asked for; the present address counts for what is asked for later (G18)."""
    return EmailAddress(request.mail.recipient or request.partner.order_address, request.partner.name)
