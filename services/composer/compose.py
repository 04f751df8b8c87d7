"""From a request to the frozen bytes of a mail (`design.md` §7, §10).

`prepare` reads the base and renders the documents outside any write transaction. `freeze` then, in one
transaction, checks that nothing changed, takes the sequence number, signs, assembles and keeps the bytes. They
are never rendered again: what is sent a second time is what was sent the first time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from intergestan_msg import seal
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.business_hash import business_hash
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.letter import MESSAGE_ID, Attachment, Letter
from intergestan_msg.mail_out import compose_answers, compose_orders
from intergestan_msg.manifest import (
    AnswerNumber,
    Document,
    DocumentType,
    InReplyTo,
    Kind,
    Manifest,
    encode,
)
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order_response
from intergestan_msg.words import Language
from intergestan_site import documents, states
from intergestan_site.database import AnyRow
from intergestan_site.order_mail import file_name, order_mail, site_address
from intergestan_site.tables import (
    InboundTransfer,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
)
from intergestan_site.words import MailKind, OutboundState

BY = "composer"


class CannotCompose(Exception):
    """The mail cannot be made as requested; a person must change something, and is told what."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a mail needs except its sequence number and its signature."""

    mail: AnyRow
    site: AnyRow
    partner: AnyRow
    kind: Kind
    sender: EmailAddress
    reply_to: EmailAddress | None
    recipient: EmailAddress
    envelope_from: str
    contents: tuple[Order, ...] | tuple[OrderAnswer, ...]
    attachments: tuple[Attachment, ...]
    listed: tuple[Document, ...]
    numbers: tuple[AnswerNumber, ...] = ()
    in_reply_to: InReplyTo | None = None
    answered_message_id: str | None = None


def prepare(connection: Connection, mail_id: int, now: datetime) -> Prepared | None:
    """Read and render what a request asks for; None when somebody else composed or abandoned it.

    :raises CannotCompose: with the sentence for the person who asked.
    """
    mail = connection.execute(
        select(OutboundMail.__table__).where(OutboundMail.id == mail_id, OutboundMail.state == OutboundState.REQUESTED)
    ).first()
    if mail is None:
        return None
    site = documents.read_site(connection)
    partner = documents.read_partner(connection, mail.partner_id)
    relay = documents.read_relay(connection)
    if mail.kind == MailKind.ORDERS:
        return _prepare_orders(connection, mail, site, partner, relay)
    return _prepare_answers(connection, mail, site, partner, relay, now)


def _prepare_orders(
    connection: Connection, mail: AnyRow, site: AnyRow, partner: AnyRow, relay: AnyRow | None
) -> Prepared:
    if partner.order_address is None:
        raise CannotCompose(f"{partner.name} has no address for orders any more.")
    links = connection.execute(
        select(OutboundOrder.purchase_order_id, OutboundOrder.revision, PurchaseOrder.number)
        .join(PurchaseOrder, PurchaseOrder.id == OutboundOrder.purchase_order_id)
        .where(OutboundOrder.outbound_mail_id == mail.id)
        .order_by(PurchaseOrder.number)
    ).all()
    revisions = {link.number: link.revision for link in links}
    content = order_mail(connection, partner, [link.purchase_order_id for link in links], mail.requested_by_id)
    listed = tuple(
        _listed(DocumentType.ORDER, order.id, revisions[order.id], attachment, business_hash(order))
        for order, attachment in zip(content.orders, content.attachments, strict=True)
    )
    return Prepared(
        mail=mail,
        site=site,
        partner=partner,
        kind=Kind.ORDERS,
        sender=content.sender,
        reply_to=content.reply_to,
        recipient=EmailAddress(partner.order_address, partner.name),
        envelope_from=_bounce_address(relay, content.sender, mail.transfer_id),
        contents=content.orders,
        attachments=content.attachments,
        listed=listed,
    )


def _prepare_answers(
    connection: Connection, mail: AnyRow, site: AnyRow, partner: AnyRow, relay: AnyRow | None, now: datetime
) -> Prepared:
    buyer, seller = documents.partner_party(connection, partner), documents.site_party(site)
    numbered = documents.answers(connection, mail.id, buyer, seller, site.currency, now.date())
    answers = tuple(answer for _, answer in numbered)
    attachments = tuple(Attachment(file_name(answer.order_id), write_order_response(answer)) for answer in answers)
    listed = tuple(
        _listed(DocumentType.RESPONSE, answer.order_id, n, attachment, None)
        for (n, answer), attachment in zip(numbered, attachments, strict=True)
    )
    transfer = connection.execute(
        select(InboundTransfer.jti, InboundTransfer.transfer_digest, InboundTransfer.message_id).where(
            InboundTransfer.id == mail.in_reply_to_id
        )
    ).one()
    sender = site_address(site)
    return Prepared(
        mail=mail,
        site=site,
        partner=partner,
        kind=Kind.ANSWERS,
        sender=sender,
        reply_to=None,
        recipient=EmailAddress(partner.answer_address, partner.name),
        envelope_from=_bounce_address(relay, sender, mail.transfer_id),
        contents=answers,
        attachments=attachments,
        listed=listed,
        numbers=tuple(AnswerNumber(answer.order_id, n) for n, answer in numbered),
        in_reply_to=InReplyTo(transfer.jti, transfer.transfer_digest),
        answered_message_id=_quotable(transfer.message_id),
    )


def freeze(connection: Connection, prepared: Prepared, key: seal.SigningKey, now: datetime, max_bytes: int) -> None:
    """Take the sequence number, sign, assemble, and keep the bytes; the mail is `composed` and due at once.

    :raises CannotCompose: an order changed since it was selected, or the mail is too big.
    :raises StaleState: somebody else composed the mail meanwhile.
    """
    mail = prepared.mail
    if prepared.kind is Kind.ORDERS:
        _check_versions(connection, mail.id)
    epoch, seq = connection.execute(
        update(Partner)
        .where(Partner.id == mail.partner_id)
        .values(out_seq=Partner.out_seq + 1)
        .returning(Partner.out_epoch, Partner.out_seq)
    ).one()
    compact = seal.sign(encode(_manifest(prepared, epoch, seq, now)), key)
    mime = _assemble(prepared, compact, now)
    if len(mime) > max_bytes:
        fits = max(1, len(prepared.contents) * max_bytes // len(mime))
        raise CannotCompose(
            f"The mail has {len(mime)} bytes, more than the {max_bytes} allowed: about {fits} orders fit."
        )
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [mail.id],
        "compose",
        by=BY,
        at=now,
        composed_at=now,
        next_attempt_at=now,
        rung_at=now,
        epoch=epoch,
        seq=seq,
        transfer_digest=seal.transfer_digest(compact),
        envelope_from=prepared.envelope_from,
        recipient=prepared.recipient.address,
        subject=", ".join(document.id for document in prepared.listed[:20]),
        size=len(mime),
        reason=None,
        detail=None,
    )
    connection.execute(insert(OutboundBody).values(outbound_mail_id=mail.id, mime=mime))


def _check_versions(connection: Connection, mail_id: int) -> None:
    changed = connection.execute(
        select(PurchaseOrder.number)
        .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
        .where(OutboundOrder.outbound_mail_id == mail_id, OutboundOrder.version != PurchaseOrder.version)
    ).scalars()
    if numbers := sorted(changed):
        raise CannotCompose(f"These orders were changed after they were selected: {', '.join(numbers)}.")


def _manifest(prepared: Prepared, epoch: int, seq: int, now: datetime) -> Manifest:
    return Manifest(
        iss=prepared.site.code,
        aud=prepared.partner.site_code,
        jti=prepared.mail.transfer_id,
        epoch=epoch,
        seq=seq,
        iat=int(now.timestamp()),
        kind=prepared.kind,
        documents=prepared.listed,
        in_reply_to=prepared.in_reply_to,
        answers=prepared.numbers,
    )


def _assemble(prepared: Prepared, compact: str, now: datetime) -> bytes:
    letter = Letter(
        sender=prepared.sender,
        to=prepared.recipient,
        reply_to=prepared.reply_to,
        transfer_id=prepared.mail.transfer_id,
        domain=prepared.site.orders_address.partition("@")[2],
        date=now,
        manifest=compact,
        documents=prepared.attachments,
        language=Language(prepared.partner.language),
        in_reply_to=prepared.answered_message_id,
    )
    if prepared.kind is Kind.ORDERS:
        return compose_orders(letter, _orders(prepared.contents))
    return compose_answers(letter, _answers(prepared.contents))


def _orders(contents: Sequence[Order | OrderAnswer]) -> list[Order]:
    return [each for each in contents if isinstance(each, Order)]


def _answers(contents: Sequence[Order | OrderAnswer]) -> list[OrderAnswer]:
    return [each for each in contents if isinstance(each, OrderAnswer)]


def _listed(kind: DocumentType, document_id: str, revision: int, attachment: Attachment, claim: str | None) -> Document:
    digest = hashlib.sha256(attachment.content).hexdigest()
    return Document(kind, document_id, revision, digest, attachment.name, attachment.media_type, claim)


def _quotable(message_id: str | None) -> str | None:
    return message_id if message_id and MESSAGE_ID.match(message_id) else None


def _bounce_address(relay: AnyRow | None, sender: EmailAddress, transfer_id: str) -> str:
    """The envelope sender. With `plus`, each mail has its own, so that a bounce says which mail it is about."""
    address = relay.bounce_address if relay is not None and relay.bounce_address else sender.address
    if relay is None or relay.bounce_mode != "plus":
        return str(address)
    local, _, domain = address.partition("@")
    return f"{local}+{transfer_id[-12:]}@{domain}"  # a local part has 64 characters at most
