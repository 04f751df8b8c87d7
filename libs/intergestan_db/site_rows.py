"""The rows that every process looks at: the site's own, a partner's, the relay's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, inspect, select

from intergestan_db.database import AnyRow, Database
from intergestan_db.tables import Partner, Relay, Site
from intergestan_db.views import INSIDE, viewed

_SITE = select(Site.__table__)
_PARTNER = select(Partner.__table__).where(Partner.id == bindparam("partner"))
_RELAY = select(Relay.__table__).order_by(Relay.id).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSite:
    """Who we are, and with which keys we sign; `Site` says what each is."""

    code: str
    name: str
    siret: str | None
    vat_id: str | None
    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str
    currency: str
    language: str
    timezone: str
    orders_address: str
    answers_address: str
    key_fingerprint: str
    key_from: datetime | None
    key_until: datetime | None
    next_key: str | None
    next_public_key: bytes | None
    next_key_from: datetime | None
    next_key_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class RelayHabits:  # no slots: what inherits it may inherit from one that has them, too
    """What a relay takes and how it rests; `Relay` says what each is."""

    from_mode: str
    bounce_mode: str
    bounce_address: str | None
    mails_per_minute: int | None
    mails_per_day: int | None
    next_slot_at: datetime | None
    paused_until: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRelay(RelayHabits):
    """The server that takes our mail, how one logs in there, and how it rests; `Relay` says what each is."""

    id: int = field(metadata=INSIDE)
    name: str
    host: str
    port: int
    security: str
    ca_file: str | None
    login: str | None
    secret: str | None
    sealed: bytes | None = field(repr=False, metadata=INSIDE)
    oauth_grant_id: int | None = field(metadata=INSIDE)


def has_site(database: Database) -> bool:
    """Whether a site was made in this database; looking into one that is a file does not make it."""
    if database.file is not None and not database.file.exists():
        return False
    with database.read() as connection:
        made = inspect(connection).has_table(Site.__tablename__)
        return made and connection.execute(select(Site.code)).first() is not None


def read_site(connection: Connection) -> OwnSite:
    """Who we are."""
    return viewed(OwnSite, connection.execute(_SITE).mappings().one())


def read_partner(connection: Connection, partner_id: int) -> AnyRow:
    """A partner's row."""
    return connection.execute(_PARTNER, {"partner": partner_id}).one()


def read_relay(connection: Connection) -> OwnRelay | None:
    """The site's relay; None before `relay set`."""
    row = connection.execute(_RELAY).mappings().first()
    return None if row is None else viewed(OwnRelay, row)
