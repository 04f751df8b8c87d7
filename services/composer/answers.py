"""A mail that answers the orders of another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from intergestan_db.tables import InboundTransfer, Ledger
from intergestan_erp.documents import documents
from intergestan_erp.site.day import site_day, zone_of
from intergestan_exchange.outbox.order_mail import file_name, site_address
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import ORDER_TYPES, DocumentType, Kind
from intergestan_msg.mail.letter import MESSAGE_ID, Attachment
from intergestan_msg.mail.outgoing import compose_answers
from intergestan_msg.manifest import AnswerNumber, InReplyTo
from intergestan_msg.spelling import Spelled, respelled
from intergestan_msg.ubl import write_order_response
from services.composer.prepared import Prepared, Request, listed

_ANSWERED = select(
    *(InboundTransfer.jti, InboundTransfer.transfer_digest, InboundTransfer.message_id, InboundTransfer.spelled)
).where(InboundTransfer.id == bindparam("transfer"))
_SPELLED = (
    select(InboundTransfer.spelled)
    .join(Ledger, Ledger.inbound_transfer_id == InboundTransfer.id)
    .where(
        Ledger.partner_id == bindparam("partner"),
        Ledger.type.in_(ORDER_TYPES),
        Ledger.number.in_(bindparam("numbers", expanding=True)),
        InboundTransfer.spelled.is_not(None),
    )
    .order_by(InboundTransfer.id)
)


def prepare_answers(connection: Connection, request: Request, now: datetime) -> Prepared:
    """Read the answers that the mail shall carry, by order number, and render them."""
    site, partner = request.site, request.partner
    buyer, seller = documents.partner_party(connection, partner), documents.site_party(site)
    numbered = documents.answers(
        connection, request.mail.id, buyer, seller, site.currency, site_day(zone_of(site.timezone), now)
    )
    transfer = connection.execute(_ANSWERED, {"transfer": request.mail.in_reply_to_id}).one()
    spelled = _spelled(connection, partner.id, numbered, transfer.spelled)
    numbered = [(n, respelled(answer, spelled)) for n, answer in numbered]
    answers = [answer for _, answer in numbered]
    attachments = tuple(Attachment(file_name(answer.order_id), write_order_response(answer)) for answer in answers)
    return Prepared(
        request=request,
        kind=Kind.ANSWERS,
        sender=site_address(site),
        recipient=EmailAddress(partner.answer_address, partner.name),
        write=lambda letter: compose_answers(letter, answers),
        attachments=attachments,
        listed=tuple(
            listed(DocumentType.RESPONSE, answer.order_id, n, attachment, None)
            for (n, answer), attachment in zip(numbered, attachments, strict=True)
        ),
        numbers=tuple(AnswerNumber(answer.order_id, n) for n, answer in numbered),
        in_reply_to=InReplyTo(transfer.jti, transfer.transfer_digest),
        answered_message_id=_quotable(transfer.message_id),
    )


def _spelled(
    connection: Connection, partner_id: int, numbered: Sequence[tuple[int, OrderAnswer]], latest: Spelled | None
) -> Spelled | None:
    """How the partner spells the keys of these answers.

    A change names the lines that it is about; those that only the order named are spelled as in the order's mail.
    """
    changed = [answer.order_id for _, answer in numbered if answer.change_id is not None]
    if not changed:
        return latest
    found: dict[str, str] = {}
    for spelled in connection.execute(_SPELLED, {"partner": partner_id, "numbers": changed}).scalars():
        found |= spelled or {}
    return found | dict(latest or {})


def _quotable(message_id: str | None) -> str | None:
    return message_id if message_id and MESSAGE_ID.match(message_id) else None
