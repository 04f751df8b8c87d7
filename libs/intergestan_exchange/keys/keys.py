"""The partners' keys, under one lock: who changes a key and who is about to hold a mail for want of it take turns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldReason, InboundState
from intergestan_db.tables import InboundMail, OutboundKeyNotice, PartnerKey, Site
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.keys.key_windows import KeyFacts
from intergestan_msg.seal import PublicKey

EXPIRED = "expired"
"""The variant of a mail whose signer was entered once its bytes had been dropped."""


def lock_keys(connection: Connection) -> None:
    """Wait for our turn; it ends with the transaction."""
    connection.execute(select(Site.id).with_for_update())


def is_own(connection: Connection, kid: str) -> bool:
    """Whether a mail that names this key is our own, come back to us."""
    ours = select(Site.id).where(or_(Site.key_fingerprint == kid, Site.next_key == kid))
    notice = OutboundKeyNotice
    once = select(notice.outbound_mail_id).where(or_(notice.kid == kid, notice.signed_by == kid))
    return connection.execute(ours.union_all(once).limit(1)).first() is not None


_PUBLIC_KEYS = select(PartnerKey.kid, PartnerKey.public_key)


def public_keys(connection: Connection) -> dict[str, bytes]:
    """Every key that we can check a signature with, by key id; whether it counts is judged afterwards."""
    return {row.kid: row.public_key for row in connection.execute(_PUBLIC_KEYS)}


def usable_key(row: AnyRow) -> PublicKey | None:
    """The key of a row; None for one that an earlier release took and `PublicKey` refuses by now."""
    try:
        return PublicKey(row.public_key)
    except ValueError:
        return None


def is_still_missing(connection: Connection, kid: str, reason: str) -> bool:
    """Whether a mail shall be held for want of this key. If so, who brings or confirms the key will find it.

    :param reason: `unknown_signer` or `unconfirmed_key`, as it was a moment ago.
    """
    lock_keys(connection)
    columns = (PartnerKey.pending, PartnerKey.revoked_at, PartnerKey.public_key)
    key = connection.execute(select(*columns).where(PartnerKey.kid == kid)).first()
    if key is None or usable_key(key) is None:
        return reason == HoldReason.UNKNOWN_SIGNER
    return reason == HoldReason.UNCONFIRMED_KEY and key.pending and key.revoked_at is None


def release_held(connection: Connection, partner_id: int, kid: str, *, by: str, at: datetime) -> tuple[int, ...]:
    """Give the importer what waits for this key, and mails that announced keys; ring for what is returned."""
    mail = InboundMail
    waits = and_(mail.kid == kid, mail.reason.in_([HoldReason.UNKNOWN_SIGNER, HoldReason.UNCONFIRMED_KEY]))
    announces = and_(mail.partner_id == partner_id, mail.reason == HoldReason.KEY_ANNOUNCED)
    held = select(mail.id).where(mail.state == InboundState.HELD, or_(waits, announces))
    ids = tuple(connection.execute(held.order_by(mail.id).with_for_update()).scalars())
    cleared: dict[str, Any] = {"reason": None, "detail": None, "strikes": 0, "rung_at": None}
    states.move(connection, states.INBOUND_MAIL, ids, "release", by=by, at=at, **cleared)
    _want_expired(connection, partner_id, kid, by, at)
    return ids


def _want_expired(connection: Connection, partner_id: int, kid: str, by: str, at: datetime) -> None:
    """Mails that waited for this key until their bytes were dropped are to be fetched again from the mailbox."""
    mail = InboundMail
    marked = (mail.kid == kid, mail.state == InboundState.ALIEN, mail.reason == HoldReason.UNKNOWN_SIGNER)
    expired = connection.scalars(select(mail.id).where(*marked, mail.size == 0).order_by(mail.id).with_for_update())
    detail = write_findings([Finding(HoldReason.UNKNOWN_SIGNER, {"kid": kid}, variant=EXPIRED)])
    states.move(
        connection,
        states.INBOUND_MAIL,
        expired.all(),
        "want",
        by=by,
        at=at,
        detail=detail,
        partner_id=partner_id,
        unproven=False,
    )


def key_facts(row: AnyRow) -> KeyFacts:
    """The facts in a row that has the columns of `partner_key`."""
    return KeyFacts(
        kid=row.kid,
        pending=row.pending,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        replaced_from=row.replaced_from,
        revoked_at=row.revoked_at,
        revoked_since=row.revoked_since,
    )
