"""A mail of purchase orders as it would be, except for its signature and its sequence number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from intergestan_db.site_rows import read_partner, read_site
from intergestan_exchange.outbox.document_data import Lacking, lacking_in
from intergestan_exchange.outbox.order_mail import order_mail, read_sender_rules
from intergestan_exchange.outbox.request import check_order_address, partner_row
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.pages import as_text
from intergestan_msg.pages.orders import orders_page, orders_subject
from intergestan_msg.pages.words import Language


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of the mail."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees before *Valider*.

    :ivar to: where it would go; None where no address is known yet. :ivar proposed: the address that their card names.
    :ivar text: in the partner's language, its lines ended by line feeds.
    :ivar lacking: what the documents lack for the software of others.
    """

    sender: str
    reply_to: str
    to: str | None
    proposed: str | None
    subject: str
    text: str
    attachments: tuple[Attached, ...]
    lacking: Lacking


def preview(
    connection: Connection, supplier_id: int, order_ids: Sequence[int], user_id: int, address: str | None
) -> Preview:
    """The mail that these orders would leave in.

    :param address: where it is to go, if no address for orders is stored.
    :raises Problem: the supplier is no partner, or orders to them go to another address.
    :raises BadDocument, ValueError: an order cannot be written as a document.
    """
    known = partner_row(connection, supplier_id)
    if address is not None:
        check_order_address(connection, supplier_id, address)
    partner = read_partner(connection, known.id)
    site, relay = read_site(connection), read_sender_rules(connection)
    mail = order_mail(connection, site, relay, partner, order_ids, user_id)
    language = Language(partner.language)
    return Preview(
        sender=_written(mail.sender),
        reply_to=_written(mail.reply_to),
        to=partner.order_address or address,
        proposed=known.proposed_order_address,
        subject=orders_subject(mail.orders, language),
        text=as_text.render(orders_page(mail.orders, language)).replace("\r\n", "\n"),
        attachments=tuple(Attached(each.name, len(each.content)) for each in mail.attachments),
        lacking=lacking_in(mail.orders),
    )


def _written(who: EmailAddress) -> str:
    return f"{who.name} <{who.address}>"
