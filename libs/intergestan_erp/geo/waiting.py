"""Addresses that wait to be looked up, and what is written of them: short statements, each a compare-and-set.

An address is written only while it waits and has the key that was asked for: what was typed meanwhile, or set by hand,
wins over an answer that is too old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, literal_column, select, text, update

from intergestan_db.enums import GeoState
from intergestan_db.tables import Address, GeocodeCache
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.geo.answers import CLAIMED, Position, is_fresh
from intergestan_erp.geo.place import OF_PLACE

IS_WAITING = Address.geo_state == literal_column(f"'{GeoState.WAITING}'")
"""Said so that the index of those that wait serves: it is no use for a value that comes beside the statement."""
_NOW = bindparam("now", type_=UtcDateTime())
_LAST = bindparam("last", type_=UtcDateTime())
_WAITS = (IS_WAITING, Address.id == bindparam("address"))

_CLAIM = (
    update(Address)
    .where(*_WAITS, Address.geo_key.is_not(None), Address.next_attempt_at <= _NOW)
    .values(attempts=Address.attempts + 1, next_attempt_at=bindparam("until"))
    .returning(Address.geo_key, Address.attempts, *(getattr(Address, name) for name in OF_PLACE))
)
_POSTPONE = (
    update(Address)
    .where(*_WAITS, Address.geo_key == bindparam("key"))
    .values(next_attempt_at=bindparam("until"), attempts=bindparam("tries"), rung_at=None)
)
_CONCLUDE = (
    update(Address)
    .where(*_WAITS, Address.geo_key == bindparam("key"))
    .values(
        geo_state=bindparam("state"),
        latitude=bindparam("north"),
        longitude=bindparam("east"),
        geo_source=bindparam("source"),
        geo_at=_NOW,
        next_attempt_at=None,
        rung_at=None,
        attempts=0,
    )
)
_CACHED = select(GeocodeCache.__table__).where(GeocodeCache.key == bindparam("of"))
_CACHE = text(
    "INSERT INTO geocode_cache (key, latitude, longitude, source, at) VALUES (:key, :north, :east, :source, :now) "
    "ON CONFLICT (key) DO UPDATE SET latitude = :north, longitude = :east, source = :source, at = :now"
).bindparams(bindparam("now", type_=UtcDateTime()), *(bindparam(name, type_=Scaled(7)) for name in ("north", "east")))
_COUNT = select(func.count()).select_from(Address).where(IS_WAITING)
_DUE = (
    select(Address.id).where(IS_WAITING, Address.next_attempt_at <= _NOW).order_by(Address.id).limit(bindparam("most"))
)
_WAKE = update(Address).where(IS_WAITING).values(next_attempt_at=_NOW, attempts=0, rung_at=None)
_IS_FAR = exists().where(IS_WAITING, Address.next_attempt_at > _LAST)
_BRING_NEAR = (
    update(Address).where(IS_WAITING, Address.next_attempt_at > _LAST).values(next_attempt_at=_NOW, rung_at=None)
)
_OF_PARTIES = (
    select(Address.id)
    .where(Address.party_id.in_(bindparam("parties", expanding=True)), IS_WAITING)
    .order_by(Address.id)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An address that this geocoder looks up now. :ivar attempts: this one counted."""

    id: int
    key: str
    attempts: int
    address: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider said of a place before. :ivar position: None: it does not know it."""

    position: Position | None
    source: str


def claim(connection: Connection, address_id: int, now: datetime) -> Claimed | None:
    """Take an address that is due; None when it does not wait any more, or somebody else has it."""
    row = connection.execute(_CLAIM, {"address": address_id, "now": now, "until": now + CLAIMED}).one_or_none()
    if row is None:
        return None
    return Claimed(address_id, row.geo_key, row.attempts, {name: getattr(row, name) for name in OF_PLACE})


def postpone(connection: Connection, claimed: Claimed, until: datetime, *, was_asked: bool) -> None:
    """Give an address back, due again later. :param was_asked: whether this was a try."""
    tries = claimed.attempts if was_asked else claimed.attempts - 1
    connection.execute(_POSTPONE, {"address": claimed.id, "key": claimed.key, "until": until, "tries": tries})


def conclude(
    connection: Connection, claimed: Claimed, state: GeoState, position: Position | None, source: str, now: datetime
) -> bool:
    """Write what became of an address; False: it was changed meanwhile, and nothing was written."""
    values = {"address": claimed.id, "key": claimed.key, "state": str(state), "source": source, "now": now}
    return connection.execute(_CONCLUDE, values | _degrees(position)).rowcount == 1


def cached(connection: Connection, key: str, provider: str, now: datetime) -> Known | None:
    """What is known of a place. That one provider does not know it says nothing of the others."""
    row = connection.execute(_CACHED, {"of": key}).one_or_none()
    if row is None:
        return None
    if row.latitude is not None:
        return Known(Position(row.latitude, row.longitude), row.source)
    return Known(None, row.source) if row.source == provider and is_fresh(row.at, now) else None


def cache(connection: Connection, key: str, position: Position | None, provider: str, now: datetime) -> None:
    """Keep what a provider said of a place."""
    connection.execute(_CACHE, {"key": key, "source": provider, "now": now, **_degrees(position)})


def count_waiting(connection: Connection) -> int:
    """How many addresses wait."""
    return connection.execute(_COUNT).scalar_one()


def due_now(connection: Connection, now: datetime, most: int) -> list[int]:
    """Some of those that are due, for whoever rings."""
    return list(connection.execute(_DUE, {"now": now, "most": most}).scalars())


def waiting_of(connection: Connection, party_ids: list[int]) -> tuple[int, ...]:
    """The addresses of these parties that wait, for whoever rings."""
    return tuple(connection.execute(_OF_PARTIES, {"parties": party_ids}).scalars())


def wake(connection: Connection, now: datetime) -> None:
    """Let all that waits be due now: a person changed whom is asked, how often, or with which key."""
    connection.execute(_WAKE, {"now": now})


def is_any_far(connection: Connection, last: datetime) -> bool:
    """Whether an address waits for later than `last`, which nothing of ours does: a clock was set back since."""
    return bool(connection.execute(select(_IS_FAR), {"last": last}).scalar_one())


def bring_near(connection: Connection, last: datetime, now: datetime) -> int:
    """Let those be due now; how many there were."""
    return connection.execute(_BRING_NEAR, {"last": last, "now": now}).rowcount


def _degrees(position: Position | None) -> dict[str, Any]:
    if position is None:
        return {"north": None, "east": None}
    return {"north": position.latitude, "east": position.longitude}
