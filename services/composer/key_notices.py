"""A mail about a key of ours, and which key signs it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db.site_rows import OwnSite
from intergestan_db.tables import OutboundKeyNotice
from intergestan_exchange.keys.own_keys import OwnKey
from intergestan_exchange.outbox.order_mail import site_address
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.key_notice import KeyNotice
from intergestan_msg.kinds import KeyAction, Kind
from intergestan_msg.mail.outgoing import compose_key
from intergestan_msg.seal import PublicKey
from services.composer.prepared import Prepared, Request


def prepare_notice(connection: Connection, request: Request) -> Prepared:
    """Read what the mail shall say. It goes where answers go, to the address that the partner's card gave."""
    site, partner = request.site, request.partner
    notice, signed_by = _read_notice(connection, request.mail.id, site)
    return Prepared(
        request=request,
        kind=Kind.KEY,
        sender=site_address(site),
        recipient=EmailAddress(partner.answer_address, partner.name),
        write=lambda letter: compose_key(letter, notice, site.name, site.code),
        notice=notice,
        signed_by=signed_by,
    )


def _read_notice(connection: Connection, mail_id: int, site: OwnSite) -> tuple[KeyNotice, OwnKey | None]:
    """What is said about a new key is signed with the one before it, however late: the partner has that."""
    row = connection.execute(
        select(OutboundKeyNotice.__table__).where(OutboundKeyNotice.outbound_mail_id == mail_id)
    ).one()
    notice = KeyNotice(
        action=KeyAction(row.action),
        kid=row.kid,
        jwk=None if row.public_key is None else PublicKey(row.public_key).jwk(),
        signs_from=_seconds(row.signs_from),
        signs_until=_seconds(row.signs_until),
    )
    if row.signed_by is None:
        return notice, None
    return notice, OwnKey(row.signed_by, site.key_until if row.signed_by == site.key_fingerprint else None)


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())
