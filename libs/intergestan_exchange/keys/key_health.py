"""What about keys a person should know in time: ends that come near, and keys that nobody confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import Partner, PartnerKey, Site
from intergestan_exchange.keys.key_windows import is_in_use
from intergestan_exchange.keys.keys import key_facts, usable_key
from intergestan_exchange.keys.own_keys import Told, unconfirmed_by

WARNED_BEFORE = timedelta(days=21)
"""So long before a key ends people are told."""


@dataclass(frozen=True, slots=True)
class Ending:
    """When the last key that a site may sign with ends; None is never. `ours` is this very site."""

    code: str
    name: str
    ends: datetime | None
    ours: bool = False

    def is_near(self, now: datetime) -> bool:
        """Whether it is time to make a new key."""
        return self.ends is not None and self.ends - now <= WARNED_BEFORE


def endings(connection: Connection, now: datetime) -> list[Ending]:
    """Our own key's end, and that of each partner who has a key in use."""
    site = connection.execute(select(Site.__table__)).one()
    own = site.next_key_until if site.next_key is not None else site.key_until
    found = {site.code: Ending(site.code, site.name, own, ours=True)}
    keys = connection.execute(
        select(PartnerKey.__table__, Partner.site_code, Partner.name)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(Partner.active)
        .order_by(Partner.site_code, PartnerKey.id)
    )
    for row in keys:
        facts = key_facts(row)
        if is_in_use(facts, now):
            before = found.get(row.site_code)
            found[row.site_code] = Ending(row.site_code, row.name, _later(before, facts.valid_until))
    return list(found.values())


def our_key_is_unconfirmed_by(connection: Connection) -> tuple[datetime | None, list[Told]]:
    """From when our newest key signs, if that is still announced, and the partners who have not confirmed it."""
    site = connection.execute(select(Site.__table__)).one()
    return site.next_key_from, unconfirmed_by(connection, site.next_key or site.key_fingerprint)


@dataclass(frozen=True, slots=True)
class AnnouncedKey:
    """A key that a partner announced and nobody here confirmed."""

    kid: str
    valid_from: datetime | None
    known_at: datetime | None
    site_code: str
    name: str


def their_unconfirmed_keys(connection: Connection) -> list[AnnouncedKey]:
    """The keys that partners announced and nobody here confirmed."""
    rows = connection.execute(
        select(PartnerKey.kid, PartnerKey.valid_from, PartnerKey.known_at, Partner.site_code, Partner.name)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.pending, PartnerKey.revoked_at.is_(None))
        .order_by(Partner.site_code, PartnerKey.id)
    )
    return [AnnouncedKey(*row) for row in rows]


def keys_of_anybody(connection: Connection) -> Sequence[AnyRow]:
    """The keys of partners that an earlier release pinned and that prove nothing: their mails are held."""
    query = (
        select(PartnerKey.kid, PartnerKey.public_key, Partner.site_code, Partner.name)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.revoked_at.is_(None))
        .order_by(Partner.site_code, PartnerKey.id)
    )
    return [row for row in connection.execute(query) if usable_key(row) is None]


def _later(before: Ending | None, ends: datetime | None) -> datetime | None:
    if before is None or before.ends is None or ends is None:
        return ends if before is None else None
    return max(before.ends, ends)
