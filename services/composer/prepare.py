"""Read what a request asks for and render it, outside any write transaction (`design.md` §7, §10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select

from intergestan_db import site_rows
from intergestan_db.at_rest import NOT_SENT_TO
from intergestan_db.enums import OutboundState
from intergestan_db.leases import NOW
from intergestan_db.tables import FormerBody, OutboundMail
from intergestan_exchange.outbox.order_mail import read_sender_rules
from intergestan_msg.kinds import Kind
from services.composer.answers import prepare_answers
from services.composer.changes import prepare_changes
from services.composer.heartbeats import prepare_heartbeat
from services.composer.key_notices import prepare_notice
from services.composer.orders import prepare_orders, read_links
from services.composer.prepared import Prepared, Request
from services.composer.statements import prepare_statement

_REQUESTED = (
    select(OutboundMail.__table__, FormerBody.mime.label("former"))
    .outerjoin(FormerBody, FormerBody.outbound_mail_id == OutboundMail.id)
    .where(
        OutboundMail.id == bindparam("mail"),
        OutboundMail.state == OutboundState.REQUESTED,
        or_(OutboundMail.next_attempt_at.is_(None), OutboundMail.next_attempt_at <= NOW),
        OutboundMail.partner_id.not_in(NOT_SENT_TO),
    )
)


def prepare(connection: Connection, mail_id: int, now: datetime, under_way: timedelta) -> Prepared | None:
    """What a requested mail shall be; None when somebody else composed or abandoned it, its partner rests, or whoever
    asked for it may still take it back.

    :param under_way: what was composed less long ago is left out of statements.
    :raises CannotCompose: with the sentence for the person who asked.
    :raises BadDocument, ValueError: something cannot be written as a document.
    """
    request = _read_request(connection, mail_id, now)
    if request is None:
        return None
    return COMPOSERS[Kind(request.mail.kind)](connection, request, now, under_way)


def _orders(connection: Connection, request: Request, _now: datetime, _under_way: timedelta) -> Prepared:
    """New orders, or changes of orders that left before: a mail has one of both."""
    links = read_links(connection, request.mail.id)
    return prepare_orders(connection, request, links) if links else prepare_changes(connection, request)


Compose = Callable[[Connection, Request, datetime, timedelta], Prepared]

COMPOSERS: Mapping[Kind, Compose] = {
    Kind.ORDERS: _orders,
    Kind.ANSWERS: lambda connection, request, now, _: prepare_answers(connection, request, now),
    Kind.KEY: lambda connection, request, _now, _: prepare_notice(connection, request),
    Kind.HEARTBEAT: lambda connection, request, now, _: prepare_heartbeat(connection, request, now),
    Kind.STATEMENT: prepare_statement,
}
"""Who renders a mail of each kind; the last value is the time within which a mail of ours may still be under way."""


def _read_request(connection: Connection, mail_id: int, now: datetime) -> Request | None:
    mail = connection.execute(_REQUESTED, {"mail": mail_id, "now": now}).first()
    if mail is None:
        return None
    partner = site_rows.read_partner(connection, mail.partner_id)
    return Request(mail, site_rows.read_site(connection), partner, read_sender_rules(connection))
