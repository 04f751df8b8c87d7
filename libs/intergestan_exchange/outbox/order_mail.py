"""What a mail of purchase orders will say: its addresses and its documents, before it has a number and a signature.

The composer freezes it; `send --dry-run` only shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.site_rows import OwnSite
from intergestan_db.tables import Relay, User
from intergestan_erp.documents import documents
from intergestan_msg.as_oca import order_as_oca
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.flavour import Flavour
from intergestan_msg.mail.letter import Attachment
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order

_USER = select(User.name, User.email).where(User.id == bindparam("user"))
_SENDER_RULES = select(Relay.from_mode, Relay.bounce_mode, Relay.bounce_address).order_by(Relay.id).limit(1)


@dataclass(frozen=True, slots=True)
class SenderRules:
    """What the relay asks of the addresses we send from; not how one logs in to it."""

    from_mode: str
    bounce_mode: str
    bounce_address: str | None


@dataclass(frozen=True, slots=True)
class OrderMail:
    """The orders by number, each with its attachment, and who writes."""

    sender: EmailAddress
    reply_to: EmailAddress
    orders: tuple[Order, ...]
    attachments: tuple[Attachment, ...]


def order_mail(
    connection: Connection,
    site: OwnSite,
    relay: SenderRules | None,
    partner: AnyRow,
    order_ids: Sequence[int],
    user_id: int,
) -> OrderMail:
    """Read the orders and render them.

    :raises BadDocument, ValueError: an order cannot be written as a document.
    """
    seller = documents.partner_party(connection, partner)
    orders = documents.purchase_orders(connection, order_ids, documents.site_party(site), seller, as_sent=True)
    flavour = Flavour(partner.flavour)
    if flavour is Flavour.OCA:
        orders = [order_as_oca(order, partner.vat_id) for order in orders]
    sender, person = senders(connection, site, relay, user_id)
    return OrderMail(
        sender=sender,
        reply_to=person,
        orders=tuple(orders),
        attachments=tuple(Attachment(file_name(order.id), write_order(order, flavour)) for order in orders),
    )


def senders(
    connection: Connection, site: OwnSite, relay: SenderRules | None, user_id: int
) -> tuple[EmailAddress, EmailAddress]:
    """The From and the Reply-To of what a user sends.

    The From is the user (G15), or the site where the relay wants that, with the user in Reply-To.
    """
    user = connection.execute(_USER, {"user": user_id}).one()
    person = EmailAddress(user.email, user.name)
    from_site = relay is not None and relay.from_mode == "site"
    return site_address(site) if from_site else person, person


def read_sender_rules(connection: Connection) -> SenderRules | None:
    """What the relay asks of the addresses we send from; None before `relay set`."""
    row = connection.execute(_SENDER_RULES).first()
    return None if row is None else SenderRules(*row)


def site_address(site: OwnSite) -> EmailAddress:
    """The From of what the site itself writes."""
    return EmailAddress(site.orders_address, site.name)


def file_name(number: str) -> str:
    """The attachment's name for a document about this order."""
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', number)}.xml"
