"""The pinned keys, under one lock: who pins a key and who is about to hold a mail for want of it take turns."""

from __future__ import annotations

from sqlalchemy import Connection, select

from intergestan_site.tables import PartnerKey, Site


def lock_keys(connection: Connection) -> None:
    """Wait for our turn; it ends with the transaction."""
    connection.execute(select(Site.id).with_for_update())


def is_pinned(connection: Connection, kid: str) -> bool:
    """Whether a key counts. If not, a mail that is held in this transaction will be found by who pins the key."""
    lock_keys(connection)
    pinned = select(PartnerKey.id).where(PartnerKey.kid == kid, PartnerKey.revoked_at.is_(None))
    return connection.execute(pinned).first() is not None
