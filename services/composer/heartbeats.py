"""A heartbeat, or the echo to one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db.tables import Heartbeat
from intergestan_exchange.heartbeats.heartbeat_plan import agreed, span_of
from intergestan_exchange.outbox.order_mail import site_address
from intergestan_exchange.partners.partner_clock import seconds_ahead
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import Kind
from intergestan_msg.mail.outgoing import compose_heartbeat
from intergestan_msg.manifest import InReplyTo
from services.composer.prepared import Prepared, Request


def prepare_heartbeat(connection: Connection, request: Request, now: datetime) -> Prepared:
    """The way of an order and back: out to the address for orders, where there is one, home to that for answers.

    It says by how much their clock differs from ours: they may have no heartbeats to measure it with. And how often
    ours are planned: theirs cost us as many echoes.
    """
    site, partner = request.site, request.partner
    row = connection.execute(select(Heartbeat.__table__).where(Heartbeat.outbound_mail_id == request.mail.id)).one()
    is_echo = row.echoes is not None
    noted = (partner.clock_ahead_least, partner.clock_ahead_most, partner.clock_noted_at)
    every = agreed(span_of(partner.heartbeat_planned), span_of(partner.heartbeat_told))
    clock = seconds_ahead(*noted, now, every)
    address = partner.answer_address if is_echo else partner.order_address or partner.answer_address
    return Prepared(
        request=request,
        kind=Kind.HEARTBEAT,
        sender=site_address(site),
        recipient=EmailAddress(address, partner.name),
        write=lambda letter: compose_heartbeat(letter, site.name, is_echo=is_echo),
        in_reply_to=InReplyTo(row.echoes, row.echoes_digest) if is_echo else None,
        answered_message_id=row.echoes_message_id,
        clock=clock or None,
        every=partner.heartbeat_planned,
    )
