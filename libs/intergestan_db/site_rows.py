"""The rows that every process looks at: the site's own, a partner's, the relay's."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, inspect, select

from intergestan_db.database import AnyRow, Database
from intergestan_db.tables import Partner, Relay, Site

_SITE = select(Site.__table__)
_PARTNER = select(Partner.__table__).where(Partner.id == bindparam("partner"))
_RELAY = select(Relay.__table__).order_by(Relay.id).limit(1)


def has_site(database: Database) -> bool:
    """Whether a site was made in this database; looking into one that is a file does not make it."""
    if database.file is not None and not database.file.exists():
        return False
    with database.read() as connection:
        made = inspect(connection).has_table(Site.__tablename__)
        return made and connection.execute(select(Site.code)).first() is not None


def read_site(connection: Connection) -> AnyRow:
    """The site's own row."""
    return connection.execute(_SITE).one()


def read_partner(connection: Connection, partner_id: int) -> AnyRow:
    """A partner's row."""
    return connection.execute(_PARTNER, {"partner": partner_id}).one()


def read_relay(connection: Connection) -> AnyRow | None:
    """The site's relay; None before `relay set`."""
    return connection.execute(_RELAY).first()
